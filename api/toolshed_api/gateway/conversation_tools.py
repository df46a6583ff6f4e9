"""The tools of a conversation, worked out anew for each request from the conversation alone.

Every turn of the user is searched for in its place, and what it finds goes behind what earlier turns found.
So the same conversation has the same tools in the same order with the same bytes, whoever serves it, and a
new need adds to the end: the upstream's prompt cache holds. What a search of the model's own found is
carried in the ids of the calls that follow (:mod:`.marks`); where only text followed, it is remembered here.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from toolshed.intra_retrieval.follow_ups import in_context
from toolshed.metering.usage import estimated_tokens
from toolshed.types import ToolDefinition
from toolshed_api.gateway.dialects.dialect import Dialect, Json, Step, ToolCall
from toolshed_api.gateway.marks import names_in
from toolshed_api.gateway.tool_sources import ToolMemory, ToolSource

SEARCH = "search_tools"
# Providers take 128 tools, the request's own among them.
_MAX_LOADED = 64
# Turns beyond these add nothing; a search each would make long conversations slow to take up.
_MAX_TURNS = 200
_DESCRIPTION = (
    "Loads more tools. When no tool at hand does what is needed, describe what is to be done in a sentence; "
    "the tools for it can be called afterwards."
)
_PARAMETERS = {
    "type": "object",
    "properties": {"query": {"type": "string", "description": "What is to be done, in a sentence."}},
    "required": ["query"],
}


@dataclass
class ConversationTools:
    """The tools of one request.

    Attributes:
        dialect: Its protocol.
        own: The tools of the request that are sent as they are.
        source: Where tools come from.
        memory: What conversations share.
        whose: Whose conversation it is.
        search_ms: What searching took.
        found: What the model's own searches loaded in this request.
    """

    dialect: Dialect
    own: Sequence[Json]
    source: ToolSource
    memory: ToolMemory
    whose: str
    search_ms: float = field(default=0.0, init=False)
    found: list[str] = field(default_factory=list, init=False)

    def prepare(self, body: Json) -> Json:
        """The body with the tools that its conversation needs. Searches, so it blocks."""
        taken = {one.name for tool in self.own if (one := self.dialect.definition(tool)) is not None}
        self.search_name = SEARCH if SEARCH not in taken else f"toolshed_{SEARCH}"
        self._taken, self._loaded = {*taken, self.search_name}, list[str]()
        offer = ToolDefinition(self.search_name, _DESCRIPTION, _PARAMETERS, exported_name=self.search_name)
        self._search_tool = self.dialect.export([offer])
        steps = self.dialect.steps(body)
        for names in self._needs(steps):
            self._load(names)
        self._export()
        self.n_tokens_all = self.source.n_tokens
        return self.with_tools(self.dialect.without_marks(body))

    def with_tools(self, body: Json) -> Json:
        """The body with the tools that are loaded by now."""
        return {**body, "tools": [*self.own, *self._added]}

    @property
    def n_loaded(self) -> int:
        """How many tools were loaded."""
        return len(self._loaded)

    @property
    def n_tokens(self) -> int:
        """Tokens of what was added to the request, at four characters a token."""
        return estimated_tokens(json.dumps(self._added, ensure_ascii=False))

    def is_search(self, call: ToolCall) -> bool:
        """Whether a call is a search for tools, which is answered here."""
        return call.name == self.search_name

    def answer(self, calls: Sequence[ToolCall]) -> dict[str, str]:
        """Search for what the model wants, load it, and say what was found, by the ids of the calls."""
        told = {call.call_id: self._answered(call) for call in calls}
        self._export()
        return told

    def remember(self, text: str) -> None:
        """Keep what was found before a reply that is text alone, which has no id to carry it."""
        if self.found:
            key = _digest(self._digest, Step(is_user=False, text=text.strip()))
            self.memory.loaded.put(key, tuple(self.found))

    def _answered(self, call: ToolCall) -> str:
        try:
            given = json.loads(call.arguments or "{}")
        except (ValueError, RecursionError):
            given = None
        query = given.get("query") if isinstance(given, dict) else None
        if not isinstance(query, str) or not query.strip():
            return "Give a query: a sentence that says what is to be done."
        names = self._search(query, is_paid=True)
        before = set(self._loaded)
        self._load(names)
        self.found += [name for name in self._loaded if name not in before]
        at_hand = [name for name in names if name in self._loaded]
        if not at_hand:
            return "No tool fits. Say so, or describe the need in other words."
        return f"These tools can be called now: {', '.join(at_hand)}"

    def _needs(self, steps: Sequence[Step]) -> Iterator[Sequence[str]]:
        """What each step of a conversation loaded, in order."""
        named = {name for step in steps for call in step.calls for name in _names_of(call)}
        known = set(self.source.known(sorted(named)))
        turns, digest = list[str](), _digest(self.whose.encode(), None)
        for step in steps:
            digest = _digest(digest, step)
            if not step.is_user:
                remembered = () if step.calls else self.memory.loaded.get(digest) or ()
                yield [name for call in step.calls for name in _names_of(call) if name in known]
                yield remembered
            elif step.text and len(turns) < _MAX_TURNS:
                yield self._search(in_context(step.text, turns), is_paid=False)
                turns.append(step.text)
        self._digest = digest

    def _search(self, query: str, *, is_paid: bool) -> list[str]:
        started = time.perf_counter()
        try:
            return self.source.search(query, is_paid=is_paid)
        finally:
            self.search_ms += 1e3 * (time.perf_counter() - started)

    def _load(self, names: Sequence[str]) -> None:
        for name in names:
            if len(self._loaded) < _MAX_LOADED and name not in self._taken:
                self._taken.add(name)
                self._loaded.append(name)

    def _export(self) -> None:
        self._added = [*self._search_tool, *self.source.export(self._loaded)]


def _names_of(call: ToolCall) -> list[str]:
    return [*names_in(call.call_id), call.name]


def _digest(before: bytes, step: Step | None) -> bytes:
    """What tells a conversation up to a step from every other."""
    said = b"" if step is None else f"{int(step.is_user)}{step.text}".encode("utf-8", "replace")
    return hashlib.sha256(before + said).digest()
