"""What false reports cost: learning from use when one key says that the wrong tools served."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from toolshed.knowledge_base.examples import UsageExample
from toolshed.options import PipelineName, Progress
from toolshed_evals.datasets import Dataset
from toolshed_evals.learning_curve import CurvePoint, PastRequests

# Which wrong tool is reported: any, or one of the first ten that the search gave.
Wrong = Literal["any", "plausible"]
# Whose the false reports are: of a key that reports nothing else, or of the one that reports all.
Reporter = Literal["own", "only"]
_N_HONEST = 5
_N_FIRST = 10
_SEED = 7


@dataclass(frozen=True, slots=True)
class FalseReports:
    """The same requests after the same history.

    Attributes:
        n_reports: Reports there were.
        n_false: How many of them were false.
        n_believed: How many of these serve.
        none: Nothing reported.
        true: Only the true reports, judged by :meth:`.UsageLibrary.learn`.
        both: True and false ones, judged the same way.
    """

    n_reports: int
    n_false: int
    n_believed: int
    none: CurvePoint
    true: CurvePoint
    both: CurvePoint


def false_reports(
    dataset: Dataset,
    size: int,
    *,
    share: float,
    wrong: Wrong,
    reporter: Reporter,
    limit: int,
    tick: Progress,
    pipeline: PipelineName = "default",
) -> FalseReports:
    """Report a history with a share of wrong tools, learn, and measure.

    Args:
        dataset: What is measured, and where past requests come from; see :func:`.learning_curve`.
        size: Most past requests of each tool.
        share: Share of the reports that are false.
        wrong: Which wrong tools they name.
        reporter: Whose they are.
        limit: Most requests that are measured.
        tick: Told after each request.
        pipeline: The named pipeline.
    """
    with PastRequests.opened(dataset, dataset, size, pipeline=pipeline, limit=limit) as past:
        true, false = _reported(past, past.rows(size), share=share, wrong=wrong, reporter=reporter)
        points = []
        for done, examples in enumerate(([], true, [*true, *false])):
            past.write(examples)
            if examples:
                past.shed.usage.learn()
            points.append(past.measured_point(size, tick, done, 3))
        lies = {one.example_id for one in false}
        n_believed = sum(one.serves and one.example_id in lies for one in past.shed.usage.examples())
    return FalseReports(len(true) + len(false), len(false), n_believed, *points)


def _reported(
    past: PastRequests, rows: list[int], *, share: float, wrong: Wrong, reporter: Reporter
) -> tuple[list[UsageExample], list[UsageExample]]:
    """True reports, and false ones."""
    chosen = random.Random(_SEED)  # noqa: S311  # the same draw every time, no secret
    lying = set(chosen.sample(rows, round(share * len(rows))))
    right = dict[str, set[str]]()
    for text, tool_id, _ in past.requests:
        right.setdefault(text, set()).add(tool_id)
    true, false = [], []
    for row, ranked in _ranked(past, rows):
        text = past.requests[row][0]
        if row in lying:
            first = sorted(ranked, key=lambda tool_id: -ranked[tool_id])[:_N_FIRST]
            drawn = first if wrong == "plausible" else sorted(past.ids.values())
            others = [one for one in drawn if one not in right[text]]
            who = "liar" if reporter == "own" else "one"
            false.append(past.example(row, tool_id=chosen.choice(others), reporter=who, serves=False))
            false[-1] = replace(false[-1], ranked=ranked)
        else:
            who = f"honest {row % _N_HONEST}" if reporter == "own" else "one"
            true.append(replace(past.example(row, reporter=who, serves=False), ranked=ranked))
    return true, false


def _ranked(past: PastRequests, rows: list[int]) -> Iterator[tuple[int, dict[str, float]]]:
    """What a search of each past request ranked first."""
    past.write([])
    for row in rows:
        search = past.shed.tools.prepared(
            past.requests[row][0], 5, {"abstain_below": 0.0}, past.shed.passages
        )
        yield row, dict(search.run().ranked)
