"""Indexing: bring a knowledge base in step with catalogs, embedding only what changed."""

import logging
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.lexical import TERMS_VERSION
from toolshed.backbones.static import StaticEncoder
from toolshed.catalog.definitions import Catalog
from toolshed.errors import ConfigurationError, InvalidToolError, SourceError
from toolshed.indexing.naming import write_names, yield_names
from toolshed.indexing.origins import check_origins, distinct, moved, seconds
from toolshed.knowledge_base.tools import StoredTool, ToolRecord, ToolStore
from toolshed.options import Progress
from toolshed.pre_retrieval.embedding import EmbeddedTools, embed_tools
from toolshed.pre_retrieval.enhancement import Matched, matched
from toolshed.types import Enhancement, SyncReport, ToolDefinition

logger = logging.getLogger(__name__)

# Tools that are encoded together, always the same ones: the last bit of a vector depends on its company.
_ENCODED_TOGETHER = 32
# What is encoded is written when it is this many tools, or this old: what a killed run has to do again.
_WRITTEN_TOGETHER, _WRITTEN_AFTER_SECONDS = 256, 2.0


# Gives the reasons, by tool id, for the definitions that are held back; of what is stored (None where it is
# new) beside what its source says. Told, too, which tools are as their sources say.
Review = Callable[[Sequence[tuple[ToolDefinition | None, ToolDefinition]], Sequence[str]], Mapping[str, str]]
# Encodes tools together.
Embed = Callable[..., EmbeddedTools]


def unwatched(_done: int, _total: int, /) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class SyncRules:
    """What a sync may do, and when it stops.

    Attributes:
        remove_missing: Whether tools go that their source no longer lists.
        replace: Whether a source may take over a name from another location.
        strict: Whether a bad entry or a source that could not be read stops everything.
        skip_invalid: Whether bad entries are expected, so that nothing but them is no failure.
        review: Decides which definitions are held back; all are taken without.
    """

    remove_missing: bool
    replace: bool = False
    strict: bool = False
    skip_invalid: bool = False
    review: Review | None = None


def sync_catalogs(
    store: ToolStore,
    catalogs: Sequence[Catalog],
    *,
    static: Callable[[], StaticEncoder],
    dense: Callable[[], DenseEncoder | None],
    multilingual: Callable[[], DenseEncoder | None] = lambda: None,
    rules: SyncRules,
    enhancements: Sequence[Enhancement] = (),
    progress: Progress = unwatched,
) -> SyncReport:
    """Add new tools, re-embed changed ones, and leave the others alone.

    Tools are written in batches, each durable and whole, so a killed run goes on where it stopped. A
    run that fails (an encoder, the store) is undone: the knowledge base is then as it was before.

    Args:
        static: Gives the static encoder; called, like the others, only when there is something to embed.
        enhancements: What was written of tools besides. What is stored of others stays, as long as their
            definitions do.
        progress: Told after each batch.

    Raises:
        InvalidToolError: If there is nothing but bad entries, or one and the rules are strict; nothing is
            written.
        SourceConflictError: If a source has the name of another; nothing is written.
        EncoderError: If an encoder fails; nothing stays written.
    """
    check_catalogs(catalogs, strict=rules.strict, skip_invalid=rules.skip_invalid)
    read, given_twice = distinct([catalog for catalog in catalogs if not catalog.failure])
    stored = {tool.tool_id: tool for tool in store.stored_tools()}
    if not rules.replace:
        check_origins(read, stored.values(), remove_missing=rules.remove_missing)
    plan = _reviewed(_plan(stored, read, enhancements, rules), store, stored, rules.review)
    n_embedded = 0
    if plan.added or plan.changed:
        write_names(store, stored.values())
        with store.names.naming([*plan.added, *plan.changed], store.exported_names) as tools:
            new, renewed = tools[: len(plan.added)], tools[len(plan.added) :]
            embed = partial(embed_tools, static=static(), dense=dense(), multilingual=multilingual())
            n_embedded = _write(store, new, renewed, embed, plan.given, progress)
            yield_names(store, _ids(new))
    gone = plan.missing.gone
    stay = {*_ids(plan.changed), *gone, *plan.held}
    if rules.review is not None:
        # Where they are is reviewed of what is listed only.
        listed = {tool.tool_id for catalog in read for tool in catalog.tools}
        stay |= {tool_id for tool_id, tool in stored.items() if tool.location and tool_id not in listed}
    _relocate(store, moved(read, stored.values(), stay))
    if gone:
        store.delete(gone)
    logger.info("synced: %d added, %d changed, %d removed", len(plan.added), len(plan.changed), len(gone))
    warnings = [*given_twice, *plan.missing.kept, *seconds(read, stored.values())]
    return plan.report(catalogs, n_embedded, warnings)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a sync has to do, and what was written of its tools besides."""

    added: Sequence[ToolDefinition]
    changed: Sequence[ToolDefinition]
    missing: "_Missing"
    current: Sequence[str]
    given: Matched
    relocated: Sequence[ToolDefinition] = ()
    held: Mapping[str, str] = field(default_factory=dict)

    def report(self, catalogs: Sequence[Catalog], n_embedded: int, warnings: Sequence[str]) -> SyncReport:
        """What there is to say once it is done."""
        return SyncReport(
            _ids(self.added),
            _ids(self.changed),
            self.missing.gone,
            len(self.current),
            n_embedded,
            invalid=_invalid(catalogs),
            failed=_failed(catalogs),
            warnings=[*warnings, *self._told_of_held(), *_warnings(catalogs), *self.given.warnings],
            quarantined=list(self.held),
        )

    def _told_of_held(self) -> list[str]:
        if not self.held:
            return []
        shown = ", ".join([*self.held.values()][:10]) + (", ..." if len(self.held) > 10 else "")
        return [
            f"{len(self.held):,} definitions are held back, and what was there before serves on: {shown}; "
            "decide with toolshed quarantine list | approve | reject"
        ]


def _plan(
    stored: Mapping[str, StoredTool],
    read: Sequence[Catalog],
    enhancements: Sequence[Enhancement],
    rules: SyncRules,
) -> _Plan:
    wanted = _by_id(read)
    missing = _missing(stored.values(), read, wanted.keys(), rules) if rules.remove_missing else _Missing()
    given = matched(enhancements, list(wanted.values()))
    added = [tool for tool_id, tool in wanted.items() if tool_id not in stored]
    changed = [
        tool
        for tool_id, tool in wanted.items()
        if tool_id in stored and not _is_current(stored[tool_id], tool, given.by_tool.get(tool_id))
    ]
    others = {*_ids(added), *_ids(changed)}
    relocated = [tool for tool_id, tool in wanted.items() if _is_relocated(stored.get(tool_id), tool)]
    current = [one for one in wanted if one not in others]
    return _Plan(added, changed, missing, current, given, relocated)


def _is_relocated(stored: StoredTool | None, tool: ToolDefinition) -> bool:
    """Whether nothing changed of a tool but where it is."""
    if stored is None or stored.content_hash != tool.content_hash:
        return False
    return bool(tool.location) and stored.location not in ("", tool.location)


def _reviewed(
    plan: _Plan, store: ToolStore, stored: Mapping[str, StoredTool], review: Review | None
) -> _Plan:
    """The plan without the definitions that are held back."""
    if review is None:
        return plan
    renewed = [tool for tool in plan.changed if stored[tool.tool_id].content_hash != tool.content_hash]
    renewed += plan.relocated
    records = {record.tool_id: record.definition for record in store.fetch(_ids(renewed))}
    pairs: list[tuple[ToolDefinition | None, ToolDefinition]] = [(None, tool) for tool in plan.added]
    pairs += [(records.get(tool.tool_id), tool) for tool in renewed]
    relocated = set(_ids(plan.relocated))
    held = review(pairs, [tool_id for tool_id in plan.current if tool_id not in relocated])
    return replace(
        plan,
        added=[tool for tool in plan.added if tool.tool_id not in held],
        changed=[tool for tool in plan.changed if tool.tool_id not in held],
        held=held,
    )


def _is_current(stored: StoredTool, tool: ToolDefinition, given: Enhancement | None) -> bool:
    if given is not None and given.text_hash != stored.enhancement_hash:
        return False
    return (stored.content_hash, stored.terms_version) == (tool.content_hash, TERMS_VERSION)


def _ids(tools: Sequence[ToolDefinition]) -> list[str]:
    return [tool.tool_id for tool in tools]


@dataclass(frozen=True, slots=True)
class _Missing:
    """Stored tools that their source no longer lists, and why others were kept."""

    gone: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def _missing(
    stored: Iterable[StoredTool], catalogs: Sequence[Catalog], wanted: Container[str], rules: SyncRules
) -> _Missing:
    by_source: dict[str, list[str]] = {catalog.source: [] for catalog in catalogs}
    for tool in stored:
        if tool.source in by_source and tool.tool_id not in wanted:
            by_source[tool.source].append(tool.tool_id)
    # A tool whose entry is bad today is not one that is gone, unless bad entries are expected.
    unsure = {catalog.source for catalog in catalogs if catalog.invalid and not rules.skip_invalid}
    # A server that lists nothing has a bad moment more often than it has lost all of its tools.
    empty = {catalog.source for catalog in catalogs if not (catalog.tools or catalog.invalid)}
    gone = [tool_id for source, ids in by_source.items() if source not in unsure | empty for tool_id in ids]
    kept = [
        f"{len(ids):,} tools of {source!r} that were not listed stay, since entries of it could not be read: "
        f"{', '.join(ids[:5])}{', ...' if len(ids) > 5 else ''}; to remove them, say --skip-invalid "
        "(skip_invalid=True)"
        for source, ids in by_source.items()
        if source in unsure and ids
    ]
    kept += [
        f"{source!r} lists no tools, so the {len(ids):,} that it had stay; if they are gone for good: "
        f"toolshed sources remove {source}"
        for source, ids in by_source.items()
        if source in empty and ids
    ]
    return _Missing(gone, kept)


def check_catalogs(catalogs: Sequence[Catalog], *, strict: bool, skip_invalid: bool) -> None:
    """Refuse what cannot be indexed, before a knowledge base is made for it.

    Raises:
        ConfigurationError: If the options contradict each other.
        InvalidToolError: If there is nothing but bad entries, or a bad entry and ``strict``.
        SourceError: If a source could not be read and ``strict``.
        SourceConflictError: If two sources have one name.
    """
    if strict and skip_invalid:
        raise ConfigurationError("strict and skip_invalid contradict each other; choose one of the two")
    invalid, failed = _invalid(catalogs), _failed(catalogs)
    n_tools = sum(len(catalog.tools) for catalog in catalogs)
    if invalid and (strict or not (n_tools or skip_invalid)):
        raise InvalidToolError(_refusal(invalid))
    if failed and strict:
        raise SourceError("\n".join(["nothing was indexed, because sources cannot be read:", *failed]))
    distinct(catalogs)


def _invalid(catalogs: Sequence[Catalog]) -> list[str]:
    return [f"{catalog.source}, {entry}" for catalog in catalogs for entry in catalog.invalid]


def _failed(catalogs: Sequence[Catalog]) -> list[str]:
    return [catalog.failure for catalog in catalogs if catalog.failure]


def _warnings(catalogs: Sequence[Catalog]) -> list[str]:
    return [f"{catalog.source}: {warning}" for catalog in catalogs for warning in catalog.warnings]


def _refusal(invalid: Sequence[str]) -> str:
    shown = "\n  ".join(invalid[:10])
    more = f"\n  and {len(invalid) - 10} more" if len(invalid) > 10 else ""
    return (
        f"nothing was indexed, because {len(invalid)} of the entries cannot be:\n  {shown}{more}\n"
        "Correct what is listed, or leave it out"
    )


def _by_id(catalogs: Sequence[Catalog]) -> dict[str, ToolDefinition]:
    return {tool.tool_id: tool.located(catalog.location) for catalog in catalogs for tool in catalog.tools}


def _relocate(store: ToolStore, locations: Mapping[str, str]) -> None:
    """Record where tools are now; their vectors stay."""
    tool_ids = sorted(locations)
    for start in range(0, len(tool_ids), _WRITTEN_TOGETHER):
        records = store.fetch(tool_ids[start : start + _WRITTEN_TOGETHER])
        store.upsert(
            [
                replace(record, definition=replace(record.definition, location=locations[record.tool_id]))
                for record in records
            ]
        )


def _write(
    store: ToolStore,
    added: Sequence[ToolDefinition],
    changed: Sequence[ToolDefinition],
    embed: Embed,
    given: Matched,
    progress: Progress,
) -> int:
    """Embed and store; returns how many texts were encoded."""
    before = store.fetch([tool.tool_id for tool in changed])
    given.keep({tool.tool_id: tool for tool in changed}, before)
    total, done, n_embedded, begun = len(added) + len(changed), 0, 0, False
    try:
        progress(0, total)
        for batch in _batches([*added, *changed], partial(embed, enhancements=given.by_tool)):
            # A write that fails may have written some of its tools.
            begun = True
            store.upsert(batch.records)
            done += len(batch.records)
            n_embedded += batch.n_texts
            progress(done, total)
    # Everything, KeyboardInterrupt included: what was begun is undone before the error goes on.
    except BaseException:
        if begun:
            logger.warning("indexing failed after %d tools; undoing", done)
            store.delete([tool.tool_id for tool in added])
            store.upsert(before)
        raise
    return n_embedded


def _batches(tools: Sequence[ToolDefinition], embed: Embed) -> Iterator[EmbeddedTools]:
    """What is written together."""
    records: list[ToolRecord] = []
    n_texts, begun = 0, time.monotonic()
    for start in range(0, len(tools), _ENCODED_TOGETHER):
        embedded = embed(tools[start : start + _ENCODED_TOGETHER])
        records += embedded.records
        n_texts += embedded.n_texts
        if len(records) >= _WRITTEN_TOGETHER or time.monotonic() - begun >= _WRITTEN_AFTER_SECONDS:
            yield EmbeddedTools(records, n_texts)
            records, n_texts, begun = [], 0, time.monotonic()
    if records:
        yield EmbeddedTools(records, n_texts)
