"""What is behind the search, for one caller: counts, sources and topics, in few words."""

import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolshed.backbones.lexical import split_identifier
from toolshed.catalog.visible_text import visible
from toolshed.metering.token_counts import token_counter
from toolshed.post_retrieval.selection import estimated_tokens
from toolshed.types import ToolDefinition
from toolshed.visibility import Visibility
from toolshed_api.caller_shed import CallerShed

_MAX_REMEMBERED = 256
_MAX_NAME_CHARACTERS = 40
_SOURCE_TOKENS, _TOPIC_TOKENS = 150, 90
_MAX_TOPICS = 40
# Of names: what is done, not to what; and what stands in half of all names.
_NO_TOPIC = frozenset(
    """get set list create add new update edit delete remove find search query fetch read write send make
    check show view open close start stop run is has by for from to of in on at and or the an with
    all tool tools api http post put patch v1 v2 v3 id ids use using into via data info details
    detail item items value values user users name names type types get_all upload download generate
    convert calculate cancel enable disable test up out per no not request response status batch
    count single multiple result results object objects retrieve lookup submit process manage change
    move replace""".split()
)


@dataclass(frozen=True, slots=True)
class CatalogFacts:
    """What a caller may find.

    Attributes:
        n_tools: How many tools.
        sources: Names of their sources with the tools of each, the largest first.
        topics: Words that many of their names have, the most frequent first.
        n_tokens: Tokens that sending all definitions would take, at four characters a token.
    """

    n_tools: int
    sources: tuple[tuple[str, int], ...]
    topics: tuple[str, ...]
    n_tokens: int

    @classmethod
    def of(cls, tools: Iterable[ToolDefinition]) -> "CatalogFacts":
        """Count tools."""
        n_tools = n_tokens = 0
        sources: Counter[str] = Counter()
        words: Counter[str] = Counter()
        for tool in tools:
            n_tools += 1
            n_tokens += estimated_tokens(tool)
            sources[tool.source] += 1
            words.update(set(_topics_of(tool)))
        frequent = sorted(words.items(), key=lambda item: (-item[1], item[0]))
        largest = sorted(sources.items(), key=lambda item: (-item[1], item[0]))
        return cls(n_tools, tuple(largest), tuple(word for word, _ in frequent[:_MAX_TOPICS]), n_tokens)

    def described(self) -> str:
        """Sources and topics in two lines, as many as fit."""
        if not self.n_tools:
            return "Nothing is indexed yet."
        sources = [f"{_short(name)} ({n:,})" for name, n in self.sources]
        lines = [f"Sources: {_fitting(sources, _SOURCE_TOKENS)}."]
        if self.topics:
            lines.append(f"Topics: {_fitting(self.topics, _TOPIC_TOKENS, tells_rest=False)}.")
        return "\n".join(lines)


class CatalogFactsBook:
    """Facts by knowledge base and rights, counted anew when the tools have changed. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, Visibility], tuple[object, CatalogFacts]] = OrderedDict()

    def of(self, shed: CallerShed) -> CatalogFacts:
        """What a caller may find."""
        key, version = (shed.caller.tenant, shed.caller.visible), shed.catalog_version()
        with self._lock:
            known = self._known.get(key)
        if known is not None and known[0] == version:
            return known[1]
        facts = CatalogFacts.of(shed.definitions())
        with self._lock:
            self._known[key] = (version, facts)
            self._known.move_to_end(key)
            if len(self._known) > _MAX_REMEMBERED:
                self._known.popitem(last=False)
        return facts


def n_tokens_of(value: object) -> int:
    """Tokens of a definition as JSON, counted as those of the catalog are: four characters each."""
    return -(-len(json.dumps(value, ensure_ascii=False)) // 4)


def _topics_of(tool: ToolDefinition) -> Iterator[str]:
    for text in (tool.name, *tool.tags):
        for word in split_identifier(text):
            lowered = word.lower()
            if lowered.isalpha() and 3 <= len(lowered) <= 20 and lowered not in _NO_TOPIC:
                yield lowered


def _short(name: str) -> str:
    # A source may be called as a stranger's server says.
    text = " ".join(visible(name).split())
    return text if len(text) <= _MAX_NAME_CHARACTERS else text[: _MAX_NAME_CHARACTERS - 1] + "…"


def _fitting(names: Iterable[str], max_tokens: int, *, tells_rest: bool = True) -> str:
    """The first names, as many as fit, and how many more there are."""
    listed, counter = list(names), token_counter()
    kept: list[str] = []
    for name in listed:
        if counter.count(", ".join([*kept, name])) > max_tokens:
            break
        kept.append(name)
    rest = len(listed) - len(kept)
    return ", ".join(kept) + (f" and {rest:,} more" if rest and tells_rest else "")
