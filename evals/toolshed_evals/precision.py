"""What the default encoder's eight bits cost and save, against 32."""

import random
import time
from dataclasses import dataclass

from toolshed.backbones.minilm import MiniLMEncoder, Precision
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import Dataset, dataset_tool_id
from toolshed_evals.measures import DEPTH, means, measure

_SEED = 2


@dataclass(frozen=True, slots=True)
class PrecisionRow:
    """Eight bits against 32 on one data set.

    Attributes:
        dataset: Its name.
        n_queries: Queries that were asked.
        recall_5, recall_1: In 32 bits.
        recall_5_change, recall_1_change: In eight bits minus that.
        search_cpu, index_cpu: CPU time in eight bits over that in 32.
    """

    dataset: str
    n_queries: int
    recall_5: float
    recall_1: float
    recall_5_change: float
    recall_1_change: float
    search_cpu: float
    index_cpu: float


def compare_precisions(dataset: Dataset, *, limit: int) -> PrecisionRow:
    """Index and search a data set in both precisions with ``default``.

    Args:
        dataset: What to search.
        limit: Most queries, a random sample.
    """
    judged = list(dataset.qrels.items())
    random.Random(_SEED).shuffle(judged)  # noqa: S311  # a sample, nothing secret
    qrels = dict(judged[:limit])
    found: dict[Precision, tuple[dict[str, float], float, float]] = {}
    for precision in ("fp32", "int8"):
        with Toolshed("memory:", encoder=MiniLMEncoder(precision), multilingual=False) as shed:
            began = time.process_time()
            shed.sync_catalogs([dataset.catalog], skip_invalid=True)
            indexed = time.process_time()
            shed.warm_up()
            warm = time.process_time()
            run = {
                query: [dataset_tool_id(one.tool) for one in shed.search(dataset.queries[query], DEPTH).tools]
                for query in qrels
            }
            took = time.process_time() - warm
            found[precision] = (means(measure(run, qrels)), took, indexed - began)
    (before, search_32, index_32), (after, search_8, index_8) = found["fp32"], found["int8"]
    return PrecisionRow(
        dataset.name,
        len(qrels),
        before["recall@5"],
        before["recall@1"],
        after["recall@5"] - before["recall@5"],
        after["recall@1"] - before["recall@1"],
        search_8 / search_32,
        index_8 / index_32,
    )
