"""Follow-up requests, made by rule from the requests of a data set, and how well they are served.

A request that ends in a preposition and a short phrase ("... the weather in Paris?") is a first turn; its
follow-up is that preposition with the phrase of another request ("And in Lisbon?"), and needs the same tool.
For the other half of what is measured, any request follows another that has nothing to do with it: there the
turn before must do no harm.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from toolshed.options import PipelineName, Progress
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import Dataset, dataset_tool_id
from toolshed_evals.measures import DEPTH, means, measure

_TAIL = re.compile(
    r"\b(in|for|on|at|from|to|about|with|near|between|of)\s+((?:(?:the|my|a|an)\s)?[\w'&-]+(?:\s[A-Z0-9][\w'-]*){0,2})"
    r"[?.!]*\s*$"
)
_FORMS = (
    "And {0} {1}?",
    "What about {0} {1}?",
    "{0} {1}?",
    "How about {1}?",
    "Now {0} {1}, please.",
    "The same {0} {1}.",
    "{1}?",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A request with the one before it.

    Attributes:
        before: What was said before.
        text: The request.
        tools: The tools that it needs.
    """

    before: str
    text: str
    tools: frozenset[str]


@dataclass(frozen=True, slots=True)
class FollowUpFigures:
    """How well one kind of turns is served.

    Attributes:
        kind: ``goes on`` or ``stands alone``.
        n_turns: How many turns.
        without, with_history: Means without and with the turn before.
        n_changed: Turns whose first five tools differ.
    """

    kind: str
    n_turns: int
    without: dict[str, float]
    with_history: dict[str, float]
    n_changed: int


def going_on(dataset: Dataset) -> list[Turn]:
    """Follow-ups that need the tool of the turn before them."""
    tails = {
        query: tail
        for query in _ordered(dataset)
        if (tail := _TAIL.search(dataset.queries[query])) is not None
    }
    made, queries = [], list(tails)
    for at, query in enumerate(queries):
        preposition, own = tails[query].groups()
        others = (tails[other].groups() for other in queries[at + 1 :] + queries[:at])
        value = next((said for word, said in others if word == preposition and said != own), None)
        if value is not None:
            text = _FORMS[int(_digest(query), 16) % len(_FORMS)].format(preposition, value)
            made.append(Turn(dataset.queries[query], text[0].upper() + text[1:], dataset.qrels[query]))
    return made


def standing_alone(dataset: Dataset) -> list[Turn]:
    """Requests that come after one of other tools."""
    queries = _ordered(dataset)
    return [
        Turn(dataset.queries[before], dataset.queries[query], dataset.qrels[query])
        for before, query in pairwise(queries)
        if not dataset.qrels[before] & dataset.qrels[query]
    ]


def measure_follow_ups(
    dataset: Dataset, *, pipeline: PipelineName, limit: int, tick: Progress
) -> list[FollowUpFigures]:
    """Search turns of both kinds without and with what was said before.

    Args:
        dataset: Where requests and tools come from.
        pipeline: The named pipeline.
        limit: Most turns of each kind.
        tick: Told after each turn.
    """
    kinds = {"goes on": going_on(dataset)[:limit], "stands alone": standing_alone(dataset)[:limit]}
    n_all, n_done = sum(map(len, kinds.values())), 0
    figures = []
    with (
        TemporaryDirectory(prefix="toolshed-eval-") as folder,
        Toolshed(Path(folder) / "shed", pipeline=pipeline) as shed,
    ):
        shed.sync_catalogs([dataset.catalog], skip_invalid=True)
        for kind, turns in kinds.items():
            without, with_history = {}, {}
            for n, turn in enumerate(turns):
                without[str(n)] = _found(shed, turn.text, None)
                with_history[str(n)] = _found(shed, turn.text, [turn.before])
                n_done += 1
                tick(n_done, n_all)
            figures.append(_figures(kind, turns, without, with_history))
    return figures


def _found(shed: Toolshed, text: str, history: Sequence[str] | None) -> list[str]:
    found = shed.search(text, DEPTH, history=history).tools
    return [dataset_tool_id(one.tool) for one in found]


def _figures(
    kind: str,
    turns: Sequence[Turn],
    without: Mapping[str, list[str]],
    with_history: Mapping[str, list[str]],
) -> FollowUpFigures:
    qrels = {str(n): turn.tools for n, turn in enumerate(turns)}
    n_changed = sum(without[key][:5] != with_history[key][:5] for key in qrels)
    return FollowUpFigures(
        kind, len(turns), means(measure(without, qrels)), means(measure(with_history, qrels)), n_changed
    )


def _ordered(dataset: Dataset) -> list[str]:
    """Judged requests in an order that has nothing to do with their tools."""
    return sorted(dataset.qrels, key=_digest)


def _digest(query: str) -> str:
    return hashlib.sha256(f"follow-up:{query}".encode()).hexdigest()
