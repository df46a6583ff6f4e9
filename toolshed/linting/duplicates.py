"""Near-duplicates: tools that a model cannot tell apart, by their vectors and by their words."""

from collections.abc import Iterator, Sequence

import numpy as np

from toolshed.knowledge_base.tools import ToolRecord
from toolshed.linting.findings import Finding
from toolshed.post_retrieval.twins import LEAST_COSINE, LEAST_SHARE, said_words, share_of_words
from toolshed.vectors import Vectors

_ROWS_AT_ONCE = 512
_NEAREST_OF_A_TOOL, _MOST_OF_A_TOOL = 20, 3


def duplicate_findings(records: Sequence[ToolRecord]) -> Iterator[Finding]:
    """Pairs of tools that say nearly the same, or the very same, each told once; three of a tool at most."""
    records = sorted((one for one in records if one.definition.description), key=lambda one: one.tool_id)
    if len(records) < 2:
        return
    words = [said_words(record.definition) for record in records]
    n_told = [0] * len(records)
    for first, second in dict.fromkeys([*_of_the_same_words(words), *_near(records)]):
        share = share_of_words(words[first], words[second])
        if share < LEAST_SHARE or max(n_told[first], n_told[second]) == _MOST_OF_A_TOOL:
            continue
        n_told[first] += 1
        n_told[second] += 1
        other = records[second].tool_id
        yield Finding(
            "near-duplicate",
            records[first].tool_id,
            f"says nearly the same as {other} ({share:.0%} of their words); say in both when to use which",
            (other,),
        )


def _of_the_same_words(words: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    last: dict[frozenset[str], int] = {}
    for at, said in enumerate(words):
        if said in last:
            yield last[said], at
        last[said] = at


def _near(records: Sequence[ToolRecord]) -> Iterator[tuple[int, int]]:
    """Pairs above the least cosine, the first of each before the second, the nearest of a first first."""
    vectors = np.stack([_vector(record) for record in records])
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        cosines = vectors[start : start + _ROWS_AT_ONCE] @ vectors.T
        for row, values in enumerate(cosines, start):
            later = row + 1 + np.flatnonzero(values[row + 1 :] >= LEAST_COSINE)
            nearest = later[np.argsort(-values[later], kind="stable")][:_NEAREST_OF_A_TOOL]
            yield from ((row, int(column)) for column in nearest)


def _vector(record: ToolRecord) -> Vectors:
    """The static vector, which every knowledge base has."""
    vector = record.vectors["static"]
    assert isinstance(vector, np.ndarray)
    return vector
