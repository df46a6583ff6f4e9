"""Measures, computed by ir_measures from runs and qrels; completeness is ours."""

from collections.abc import Mapping, Sequence

import ir_measures
from ir_measures import RR, R, nDCG

# Measure values by query id, by measure name.
PerQuery = dict[str, dict[str, float]]

_LIBRARY = {
    "recall@1": R @ 1,
    "recall@5": R @ 5,
    "recall@10": R @ 10,
    "ndcg@5": nDCG @ 5,
    "ndcg@10": nDCG @ 10,
    "mrr": RR,
}
MEASURES = (
    "recall@1",
    "recall@5",
    "recall@10",
    "completeness@5",
    "completeness@10",
    "ndcg@5",
    "ndcg@10",
    "mrr",
)
# Rankings are cut here, which makes "mrr" the reciprocal rank among the first ten.
DEPTH = 10


def measure(run: Mapping[str, Sequence[str]], qrels: Mapping[str, frozenset[str]]) -> PerQuery:
    """Values of every measure for every judged query.

    Args:
        run: Tool ids by query id, best first, without repetitions.
        qrels: Relevant tool ids by query id. A query the run lacks scores zero.

    Returns:
        Recall is fractional (found over relevant); completeness@k is 1 when all relevant tools are
        among the first k, the measure that Seal-Tools' own script computes.
    """
    judged = [ir_measures.Qrel(q, t, 1) for q, tools in qrels.items() for t in tools]
    # Scores fall with the rank, so the library sees no ties.
    ranked = [
        ir_measures.ScoredDoc(q, t, float(-rank)) for q, ids in run.items() for rank, t in enumerate(ids)
    ]
    names = {value: name for name, value in _LIBRARY.items()}
    values: PerQuery = {name: dict.fromkeys(qrels, 0.0) for name in MEASURES}
    for metric in ir_measures.iter_calc(list(names), judged, ranked):
        values[names[metric.measure]][metric.query_id] = metric.value
    for k in (5, 10):
        values[f"completeness@{k}"] = {
            q: float(relevant <= set(run.get(q, ())[:k])) for q, relevant in qrels.items()
        }
    return values


def means(values: PerQuery) -> dict[str, float]:
    """Mean of every measure over the queries."""
    return {name: sum(by_query.values()) / len(by_query) for name, by_query in values.items()}
