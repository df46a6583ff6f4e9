"""Dependency closure: a tool that needs what another gives brings that one along.

What a tool needs is given by its source (``depends_on``), or inferred: a required argument that names
something by an identifier, such as ``movie_id``, is given by a tool of the same source whose results hold it,
or that looks such things up.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import Lock
from typing import Any

from toolshed.backbones.lexical import split_identifier
from toolshed.post_retrieval.budget import within_budget
from toolshed.rankings import FoundTool, Selection
from toolshed.stages import Stage
from toolshed.types import JsonObject, ToolDefinition
from toolshed.visibility import Visibility

_IDENTIFIERS = frozenset({"id", "key", "uuid", "guid", "slug", "handle"})
_LOOKS_UP = frozenset({"search", "find", "list", "lookup", "query", "browse", "resolve"})
_WORD = re.compile(r"[^\W_]+")
_MAX_NODES, _MAX_ARGUMENTS = 500, 64
# Tools that are brought along by one search; sources whose tools are remembered, and tools of all these.
_MOST_BROUGHT, _REMEMBERED, _REMEMBERED_TOOLS = 5, 64, 100_000

# Gives the tools of a source that may be found.
ToolsOfSource = Callable[[str, Visibility], Sequence[ToolDefinition]]
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """What a tool takes and gives.

    Attributes:
        tool: The tool.
        given: Names of tools that its source says it depends on.
        needs: Required arguments that name something by an identifier, as words: ``("movie", "id")``.
        outputs: The names of its results, as words.
        name: The words of its name.
        looks_up: Whether its name says that it finds or lists things.
    """

    tool: ToolDefinition
    given: frozenset[str]
    needs: frozenset[Words]
    outputs: frozenset[Words]
    name: frozenset[str]
    looks_up: bool

    @classmethod
    def of(cls, tool: ToolDefinition) -> "Interface":
        """Read a definition."""
        required = tool.parameters.get("required")
        names = [one for one in required if isinstance(one, str)] if isinstance(required, list) else []
        needs = (_words(name) for name in names[:_MAX_ARGUMENTS])
        name = frozenset(_words(tool.name))
        return cls(
            tool,
            frozenset(_given(tool)),
            frozenset(words for words in needs if len(words) > 1 and words[-1] in _IDENTIFIERS),
            frozenset(_outputs(tool.output_schema or {})),
            name,
            bool(name & _LOOKS_UP),
        )

    def gives(self, need: Words) -> int:
        """How surely it gives what names something by an identifier; 0 where it does not."""
        if need in self.needs:
            return 0
        *thing, kind = need
        is_about = all(word in self.name for word in thing)
        if need in self.outputs:
            return 3 if is_about else 1
        if not is_about:
            return 0
        if (kind,) in self.outputs:
            return 2
        return 1 if self.looks_up and not self.outputs else 0


class Offers:
    """What the tools of a source give, found by its words: sources have thousands of tools.

    Args:
        tools: The tools, ordered by their ids.
    """

    def __init__(self, tools: Iterable[ToolDefinition]) -> None:
        self._interfaces = [Interface.of(tool) for tool in tools]
        self._by_output: dict[Words, list[int]] = {}
        self._by_word: dict[str, list[int]] = {}
        for at, one in enumerate(self._interfaces):
            for output in one.outputs:
                self._by_output.setdefault(output, []).append(at)
            for word in one.name:
                self._by_word.setdefault(word, []).append(at)

    def __len__(self) -> int:
        return len(self._interfaces)

    def needed_by(self, tool: ToolDefinition) -> list[ToolDefinition]:
        """The tools that a tool needs: those its source names, and the best one for each identifier."""
        own = Interface.of(tool)
        found: list[ToolDefinition] = []
        if own.given:
            every = (one.tool for one in self._interfaces)
            found += [one for one in every if {one.name, one.key, one.tool_id} & own.given]
        for need in sorted(own.needs):
            # Of those that give it as surely, one that looks things up, and that itself needs the least.
            others = (one for one in self._that_may_give(need) if one.tool.tool_id != tool.tool_id)
            ranked = [(one.gives(need), one.looks_up, -len(one.needs), one.tool) for one in others]
            best = max(ranked, key=lambda one: one[:3], default=None)
            if best is not None and best[0]:
                found.append(best[3])
        return list({one.tool_id: one for one in found if one.tool_id != tool.tool_id}.values())

    def _that_may_give(self, need: Words) -> Iterator[Interface]:
        """Those whose results hold it, and those with the rarest of its words in their names, in order."""
        *thing, _ = need
        about = min((self._by_word.get(word, []) for word in thing), key=len)
        places = {*self._by_output.get(need, []), *about}
        return (self._interfaces[at] for at in sorted(places))


class BringDependencies(Stage[Selection, Selection]):
    """Where ``with_dependencies`` is asked for, bring along what the found tools need, after them.

    Args:
        tools_of: Gives the tools of a source.
        version: Gives what is another when the tools have changed.
    """

    def __init__(self, tools_of: ToolsOfSource, version: Callable[[], object]) -> None:
        self._tools_of, self._version = tools_of, version
        self._lock = Lock()
        self._read: OrderedDict[tuple[object, str, Visibility], Offers] = OrderedDict()

    def __repr__(self) -> str:
        return "BringDependencies()"

    async def run(self, selection: Selection, /) -> Selection:
        """Return the selection with the tools that its tools need, and that these need."""
        query = selection.asked.plan.query
        if not query.options["with_dependencies"] or not selection.tools:
            return selection
        visible = query.visible.within(query.options["sources"])
        brought = self._brought(selection.tools, visible, selection.forbidden)
        if not brought:
            return selection
        every = [*selection.tools, *brought]
        budgeted = within_budget(every, query.options["max_tokens"])
        return replace(
            selection,
            tools=budgeted.tools,
            n_over_budget=selection.n_over_budget + len(every) - len(budgeted.tools),
            n_tokens=budgeted.n_tokens,
            tokens_counted_by=budgeted.counted_by,
        )

    def _brought(
        self, tools: Sequence[FoundTool], visible: Visibility, forbidden: frozenset[str]
    ) -> list[FoundTool]:
        known = {one.tool.tool_id for one in tools} | forbidden
        every = list(tools)
        # What is brought along brings along what it needs itself.
        for one in every:
            if len(every) - len(tools) == _MOST_BROUGHT:
                break
            for needed in self._offers(one.tool.source, visible).needed_by(one.tool):
                if needed.tool_id not in known and len(every) - len(tools) < _MOST_BROUGHT:
                    known.add(needed.tool_id)
                    every.append(
                        replace(one, tool=needed, channels={}, shortened=None, needed_by=one.tool.tool_id)
                    )
        return every[len(tools) :]

    def _offers(self, source: str, visible: Visibility) -> Offers:
        key = (self._version(), source, visible)
        with self._lock:
            if key in self._read:
                self._read.move_to_end(key)
                return self._read[key]
        read = Offers(self._tools_of(source, visible))
        with self._lock:
            self._read[key] = read
            n_tools = sum(map(len, self._read.values()))
            # Always keeps the one just read, however large: the next search asks for it again.
            while len(self._read) > 1 and (len(self._read) > _REMEMBERED or n_tools > _REMEMBERED_TOOLS):
                n_tools -= len(self._read.popitem(last=False)[1])
        return read


def _given(tool: ToolDefinition) -> Iterator[str]:
    said = tool.extras.get("depends_on")
    for one in said[:_MAX_ARGUMENTS] if isinstance(said, list) else ():
        name = one.get("name") if isinstance(one, Mapping) else one
        if isinstance(name, str):
            yield name


def _outputs(schema: JsonObject) -> Iterator[Words]:
    """Names of results at any depth, and of identifiers behind the name of what they are of."""
    pending: list[tuple[Words, Any]] = [((), schema)]
    for _ in range(_MAX_NODES):
        if not pending:
            return
        parent, value = pending.pop()
        if not isinstance(value, Mapping):
            continue
        properties = value.get("properties")
        for name, inner in islice(
            properties.items() if isinstance(properties, Mapping) else (), _MAX_ARGUMENTS
        ):
            words = _words(str(name))
            yield words
            if len(words) == 1 and parent:
                yield (*parent, *words)
            pending.append((words, inner))
        pending.append((parent, value.get("items")))
        for key in ("allOf", "anyOf", "oneOf"):
            variants = value.get(key)
            pending.extend((parent, one) for one in (variants if isinstance(variants, list) else ()))


def _words(name: str) -> Words:
    parts = (part for run in _WORD.findall(name[:200]) for part in split_identifier(run))
    return tuple(_stem(part.lower()) for part in parts)


def _stem(word: str) -> str:
    """The same for ``movie`` and ``movies``, ``query`` and ``queries``."""
    one = word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 2 else word
    return one[:-2] + "y" if one.endswith("ie") else one
