"""Indexing: bring a knowledge base in step with catalogs, embedding only what changed."""

import logging
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.lexical import TERMS_VERSION
from toolshed.backbones.static import StaticEncoder
from toolshed.catalog.definitions import Catalog
from toolshed.errors import InvalidToolError
from toolshed.knowledge_base.tools import StoredTool, ToolRecord, ToolStore
from toolshed.options import Progress
from toolshed.pre_retrieval.embedding import EmbeddedTools, embed_tools
from toolshed.types import SyncReport, ToolDefinition

logger = logging.getLogger(__name__)

# Tools that are encoded together, always the same ones: the last bit of a vector depends on its company.
_ENCODED_TOGETHER = 32
# What is encoded is written when it is this many tools, or this old: what a killed run has to do again.
_WRITTEN_TOGETHER, _WRITTEN_AFTER_SECONDS = 256, 2.0


def unwatched(_done: int, _total: int, /) -> None:
    """Nobody watches."""


def sync_catalogs(
    store: ToolStore,
    catalogs: Sequence[Catalog],
    *,
    static: Callable[[], StaticEncoder],
    dense: Callable[[], DenseEncoder | None],
    remove_missing: bool,
    skip_invalid: bool = False,
    progress: Progress = unwatched,
) -> SyncReport:
    """Add new tools, re-embed changed ones, and leave the others alone.

    Tools are written in batches, each durable and whole, so a killed run goes on where it stopped. A
    run that fails (an encoder, the store) is undone: the knowledge base is then as it was before.

    Args:
        static: Gives the static encoder; called, like ``dense``, only when there is something to embed.
        progress: Told after each batch.

    Raises:
        InvalidToolError: If an entry is bad and ``skip_invalid`` is not set; nothing is written.
        EncoderError: If an encoder fails; nothing stays written.
    """
    invalid = check_catalogs(catalogs, skip_invalid=skip_invalid)
    wanted = _by_id(catalogs)
    stored = {tool.tool_id: tool for tool in store.stored_tools()}
    added = [tool for tool_id, tool in wanted.items() if tool_id not in stored]
    known = [tool for tool_id, tool in wanted.items() if tool_id in stored]
    changed = [tool for tool in known if not _is_current(stored[tool.tool_id], tool)]
    n_embedded = 0
    if added or changed:
        n_embedded = _write(store, added, changed, static(), dense(), progress)
    removed = _gone(stored.values(), catalogs, wanted.keys()) if remove_missing else []
    if removed:
        store.delete(removed)
    logger.info("synced: %d added, %d changed, %d removed", len(added), len(changed), len(removed))
    unchanged = len(wanted) - len(added) - len(changed)
    return SyncReport(_ids(added), _ids(changed), removed, unchanged, n_embedded, invalid)


def _is_current(stored: StoredTool, tool: ToolDefinition) -> bool:
    return (stored.content_hash, stored.terms_version) == (tool.content_hash, TERMS_VERSION)


def _ids(tools: Sequence[ToolDefinition]) -> list[str]:
    return [tool.tool_id for tool in tools]


def _gone(stored: Iterable[StoredTool], catalogs: Sequence[Catalog], wanted: Container[str]) -> list[str]:
    """Stored tools that their source no longer lists."""
    sources = {catalog.source for catalog in catalogs}
    return [tool.tool_id for tool in stored if tool.source in sources and tool.tool_id not in wanted]


def check_catalogs(catalogs: Sequence[Catalog], *, skip_invalid: bool) -> list[str]:
    """The reasons for the entries that cannot be indexed.

    Raises:
        InvalidToolError: If there are any and they are not to be skipped.
    """
    invalid = [f"{catalog.source}, {entry}" for catalog in catalogs for entry in catalog.invalid]
    if invalid and not skip_invalid:
        raise InvalidToolError(_refusal(invalid))
    return invalid


def _refusal(invalid: Sequence[str]) -> str:
    shown = "\n  ".join(invalid[:10])
    more = f"\n  and {len(invalid) - 10} more" if len(invalid) > 10 else ""
    return (
        f"nothing was indexed, because {len(invalid)} of the entries cannot be:\n  {shown}{more}\n"
        "Correct what is listed, or index the rest with --skip-invalid (skip_invalid=True)"
    )


def _by_id(catalogs: Sequence[Catalog]) -> dict[str, ToolDefinition]:
    wanted: dict[str, ToolDefinition] = {}
    names = [catalog.source for catalog in catalogs if catalog.tools]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidToolError(
            f"two sources are called {repeated[0]!r}, so their tools could not be told apart; "
            "name one of them: NAME=SOURCE"
        )
    for catalog in catalogs:
        wanted.update((tool.tool_id, tool) for tool in catalog.tools)
    return wanted


def _write(
    store: ToolStore,
    added: Sequence[ToolDefinition],
    changed: Sequence[ToolDefinition],
    static: StaticEncoder,
    dense: DenseEncoder | None,
    progress: Progress,
) -> int:
    """Embed and store; returns how many texts were encoded."""
    before = store.fetch([tool.tool_id for tool in changed])
    total, done, n_embedded = len(added) + len(changed), 0, 0
    try:
        progress(0, total)
        for batch in _batches([*added, *changed], static, dense):
            store.upsert(batch.records)
            done += len(batch.records)
            n_embedded += batch.n_texts
            progress(done, total)
    # Everything, KeyboardInterrupt included: what was begun is undone before the error goes on.
    except BaseException:
        if done:
            logger.warning("indexing failed after %d tools; undoing", done)
            store.delete([tool.tool_id for tool in added])
            store.upsert(before)
        raise
    return n_embedded


def _batches(
    tools: Sequence[ToolDefinition], static: StaticEncoder, dense: DenseEncoder | None
) -> Iterator[EmbeddedTools]:
    """What is written together."""
    records: list[ToolRecord] = []
    n_texts, begun = 0, time.monotonic()
    for start in range(0, len(tools), _ENCODED_TOGETHER):
        embedded = embed_tools(tools[start : start + _ENCODED_TOGETHER], static=static, dense=dense)
        records += embedded.records
        n_texts += embedded.n_texts
        if len(records) >= _WRITTEN_TOGETHER or time.monotonic() - begun >= _WRITTEN_AFTER_SECONDS:
            yield EmbeddedTools(records, n_texts)
            records, n_texts, begun = [], 0, time.monotonic()
    if records:
        yield EmbeddedTools(records, n_texts)
