"""Where the tools of a conversation come from: the knowledge base, or those that the request defers."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from toolshed.metering.usage import estimated_tokens
from toolshed.types import ToolDefinition
from toolshed_api.caller_shed import CallerShed
from toolshed_api.gateway.asked import GatewayOptions
from toolshed_api.gateway.deferred_indexes import DeferredIndexes
from toolshed_api.gateway.dialects.dialect import Dialect, Json, undeferred
from toolshed_api.gateway.errors import UnfitRequestError
from toolshed_api.gateway.remembered import Remembered

# Of a turn that is longer, the beginning and the end are searched for.
_MAX_QUERY_CHARACTERS = 4_000
# Of a conversation that calls more tools by name, the others are not looked up.
_MAX_NAMES = 1_000
# Indexing as many takes seconds.
MAX_DEFERRED = 5_120
_MAX_SEARCHES = 10_000
_SIZE_SECONDS = 600.0


class ToolSource(Protocol):
    """Tools that can be loaded into a conversation.

    Attributes:
        n_tokens: What sending all of them would take, at four characters a token.
    """

    @property
    def n_tokens(self) -> int:
        """See above."""

    def search(self, query: str, *, is_paid: bool = False) -> list[str]:
        """The names of the tools for a need, best first; the same for the same need.

        Args:
            query: The need.
            is_paid: Whether a model was paid for it already: it is not refused then, however long it waits.

        Raises:
            OverloadedError: If it would wait for too long.
        """

    def known(self, names: Sequence[str]) -> list[str]:
        """Those of the names that are of tools."""

    def export(self, names: Sequence[str]) -> list[Json]:
        """The tools of these names as the dialect takes them, in this order; others are left out."""


@dataclass(frozen=True, slots=True)
class _Size:
    value: float
    since: float


class ToolMemory:
    """What the conversations of a service share: searches, and indexes of deferred tools.

    A search of an earlier turn is remembered, so that a catalog that changes meanwhile does not change what
    a conversation was given; where it is forgotten, it is made again.
    """

    def __init__(self) -> None:
        self.searches: Remembered[tuple[str, ...]] = Remembered(_MAX_SEARCHES)
        self.loaded: Remembered[tuple[str, ...]] = Remembered(_MAX_SEARCHES)
        self.sizes: Remembered[_Size] = Remembered(1_000)
        # Counting reads every definition: it is done once, however many wait for it.
        self.counting = threading.Lock()
        self.indexes = DeferredIndexes()


@dataclass(frozen=True)
class KnowledgeBaseTools:
    """The tools of the caller's knowledge base."""

    shed: CallerShed
    dialect: Dialect
    options: GatewayOptions
    memory: ToolMemory
    # As this request found them, by exported name.
    _at_hand: dict[str, ToolDefinition] = field(default_factory=dict, init=False)

    @property
    def n_tokens(self) -> int:
        """See :class:`ToolSource`."""
        caller = self.shed.caller
        # Counting takes as long as half a search.
        visible = self._kept(
            ("visible", caller.tenant, caller.visible), lambda: float(len(self.shed.list_tools()))
        )
        mean = self._kept(("mean", caller.tenant), self._tokens_per_tool)
        return round(visible * mean)

    def _tokens_per_tool(self) -> float:
        return self.shed.shed.catalog_tokens() / max(1, len(self.shed.shed.list_tools()))

    def _kept(self, key: Hashable, count: Callable[[], float]) -> float:
        known = self.memory.sizes.get(key)
        if known is not None and time.monotonic() - known.since <= _SIZE_SECONDS:
            return known.value
        with self.memory.counting:
            known = self.memory.sizes.get(key)
            if known is None or time.monotonic() - known.since > _SIZE_SECONDS:
                known = _Size(count(), time.monotonic())
                self.memory.sizes.put(key, known)
        return known.value

    def search(self, query: str, *, is_paid: bool = False) -> list[str]:
        """See :class:`ToolSource`."""
        options = self.options
        asked = query_of(query)
        sources = None if options.sources is None else tuple(options.sources)
        key = _digest(asked, repr((self.shed.caller.tenant, options.k, sources, options.min_confidence)))
        whose = (self.shed.caller.visible, key)
        found = self.memory.searches.get(whose)
        if found is None:
            result = replace(self.shed, is_patient=is_paid).search(
                asked, options.k, sources=options.sources, min_confidence=options.min_confidence
            )
            tools = [one for one in result.definitions if one.kind == "tool"]
            self._at_hand.update((one.exported_name, one) for one in tools)
            found = tuple(one.exported_name for one in tools)
            self.memory.searches.put(whose, found)
        return list(found)

    def known(self, names: Sequence[str]) -> list[str]:
        """See :class:`ToolSource`."""
        found = self.shed.tools_named(names[:_MAX_NAMES]) if names else []
        return [tool.exported_name for tool in found]

    def export(self, names: Sequence[str]) -> list[Json]:
        """See :class:`ToolSource`."""
        missing = [name for name in names if name not in self._at_hand]
        if missing:
            self._at_hand.update((one.exported_name, one) for one in self.shed.tools_named(missing))
        return self.dialect.export([self._at_hand[name] for name in names if name in self._at_hand])


class DeferredTools:
    """The tools of a request that it wants loaded when they are needed."""

    def __init__(self, tools: Sequence[Json], dialect: Dialect, k: int, memory: ToolMemory) -> None:
        if len(tools) > MAX_DEFERRED:
            raise UnfitRequestError(
                f"{len(tools):,} tools are deferred; at most {MAX_DEFERRED:,} are. Index them in the "
                "knowledge base, and ask for its tools"
            )
        self._by_name: dict[str, Json] = {}
        definitions: list[ToolDefinition] = []
        for tool in tools:
            definition = dialect.definition(tool)
            if definition is not None and definition.name not in self._by_name:
                self._by_name[definition.name] = undeferred(tool)
                definitions.append(definition)
        written = json.dumps(list(self._by_name.values()), ensure_ascii=False)
        self.n_tokens = estimated_tokens(written)
        self._k, self._key, self._memory = k, _digest(written), memory
        self._definitions = definitions

    # What is searched lies in memory and is of this request alone.
    def search(self, query: str, *, is_paid: bool = False) -> list[str]:  # noqa: ARG002  # waits for no turn
        """See :class:`ToolSource`."""
        asked = query_of(query)
        key = (self._key, _digest(asked), self._k)
        found = self._memory.searches.get(key)
        if found is None:
            index = self._memory.indexes.of(self._definitions, self._key)
            found = tuple(one.name for one in index.search(asked, self._k).definitions)
            self._memory.searches.put(key, found)
        return list(found)

    def known(self, names: Sequence[str]) -> list[str]:
        """See :class:`ToolSource`."""
        return [name for name in names if name in self._by_name]

    def export(self, names: Sequence[str]) -> list[Json]:
        """See :class:`ToolSource`."""
        return [self._by_name[name] for name in names if name in self._by_name]


@dataclass(frozen=True)
class SeveralSources:
    """The tools of several sources; of one name in two of them, the first one's."""

    sources: Sequence[ToolSource]

    @property
    def n_tokens(self) -> int:
        """See :class:`ToolSource`."""
        return sum(source.n_tokens for source in self.sources)

    def search(self, query: str, *, is_paid: bool = False) -> list[str]:
        """See :class:`ToolSource`."""
        return list(
            dict.fromkeys(name for source in self.sources for name in source.search(query, is_paid=is_paid))
        )

    def known(self, names: Sequence[str]) -> list[str]:
        """See :class:`ToolSource`."""
        return list(dict.fromkeys(name for source in self.sources for name in source.known(names)))

    def export(self, names: Sequence[str]) -> list[Json]:
        """See :class:`ToolSource`."""
        exported: dict[str, Json] = {}
        for source in self.sources:
            missing = [name for name in names if name not in exported]
            exported.update((name, one) for name in missing for one in source.export([name]))
        return [exported[name] for name in names if name in exported]


def query_of(text: str) -> str:
    """What is searched for, of a text of any length."""
    if len(text) <= _MAX_QUERY_CHARACTERS:
        return text
    half = _MAX_QUERY_CHARACTERS // 2
    return f"{text[:half]} {text[-half:]}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\x00".join(texts).encode("utf-8", "replace")).hexdigest()
