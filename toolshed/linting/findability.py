"""Is a tool found by what it says of itself? Each one is asked for, and whoever takes its place is named."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from toolshed.backbones.lexical import terms
from toolshed.linting.findings import Finding
from toolshed.pre_retrieval.documents import readable_name
from toolshed.pre_retrieval.topics import key_topics
from toolshed.types import ToolDefinition

# The first results that a request has to find its tool among.
DEPTH = 5
_MAX_WORDS = 20
_MAX_REQUESTS = 3

# From a request to the ids that are found for it, best first.
Search = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """How one request went: the rank of its tool, from 1, and who came first; None where it was not found."""

    request: str
    rank: int | None
    first: str | None


def requests_for(tool: ToolDefinition) -> list[str]:
    """Requests for a tool, made by rule from its definition: the same in every run.

    Its first uses in its own words; these without the words of its name, since users do not know it; and
    its name as words where it says nothing.
    """
    topics = key_topics(tool.description) or [readable_name(tool.title or tool.name)]
    name = set(terms(f"{tool.name} {tool.title}"))
    made = []
    for topic in topics[:2]:
        said = topic.rstrip(".!?。 ").split()[:_MAX_WORDS]
        unnamed = " ".join(word for word in said if not name.intersection(terms(word)))
        made += [" ".join(said), *([unnamed] if len(terms(unnamed)) > 1 else [])]
    return [request for request in dict.fromkeys(made) if terms(request)][:_MAX_REQUESTS]


def findability_findings(tool: ToolDefinition, requests: Sequence[str], search: Search) -> Iterator[Finding]:
    """Whether requests find their tool, and first."""
    asked = [_asked(tool.tool_id, request, search) for request in requests]
    if not asked:
        return
    first = Counter(one.first for one in asked if one.rank != 1 and one.first)
    others = [tool_id for tool_id, _ in sorted(first.items(), key=lambda item: (-item[1], item[0]))]
    worst = next((one for one in asked if one.rank != 1), asked[0])
    told = f"asked for {worst.request[:100]!r}, {worst.first or 'nothing'} comes first"
    if all(one.rank is None for one in asked):
        yield Finding(
            "not-found",
            tool.tool_id,
            f"none of {len(asked)} requests in its own words finds it among the first {DEPTH}; {told}. Say "
            "what only this tool does",
            others,
        )
    elif sum(one.rank != 1 for one in asked) * 2 > len(asked):
        ranks = ", ".join("-" if one.rank is None else str(one.rank) for one in asked)
        yield Finding("outranked", tool.tool_id, f"its own requests find it at rank {ranks}; {told}", others)


def _asked(tool_id: str, request: str, search: Search) -> Asked:
    found = search(request)
    rank = found.index(tool_id) + 1 if tool_id in found else None
    return Asked(request, rank, found[0] if found else None)
