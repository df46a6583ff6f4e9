"""What tuning is worth: dev catalogs, tuned on one half of their requests and judged on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolshed.indexing.tools import unwatched
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients
from toolshed.tuning.judged import JudgedQuery
from toolshed.tuning.searches import JudgedSearches
from toolshed.tuning.tuning import tune
from toolshed_evals.datasets import Dataset, dataset_tool_id
from toolshed_evals.dev_catalogs import DevCatalog, indexed
from toolshed_evals.experiments import bootstrap_interval
from toolshed_evals.fitting.catalogs import Watcher
from toolshed_evals.remembering import remembering


@dataclass(frozen=True, slots=True)
class TunedCatalog:
    """A catalog before and after.

    Attributes:
        name: Its name.
        n_tuned: Requests it was tuned on.
        n_judged: Requests of the other half.
        changes: What serves after tuning; nothing where nothing gained.
        recall: Recall@5 on the other half, before and after.
        ndcg: nDCG@10 there.
        interval: 95 % interval of the gain in Recall@5, by bootstrap over requests.
    """

    name: str
    n_tuned: int
    n_judged: int
    changes: Sequence[str]
    recall: tuple[float, float]
    ndcg: tuple[float, float]
    interval: tuple[float, float]


def tuned_catalogs(
    catalogs: Sequence[DevCatalog],
    pipeline: PipelineName,
    *,
    cache: Path,
    encoder_threads: int,
    watcher: Watcher,
) -> list[TunedCatalog]:
    """Tune on every second request of each catalog, and judge on the others."""
    found = []
    for catalog in catalogs:
        dataset = catalog.load()
        with indexed(dataset, cache, encoder_threads=encoder_threads, progress=unwatched) as given:
            made_of = Ingredients(given.index, remembering(given.encoders))
            found.append(_tuned(catalog.name, dataset, made_of, pipeline))
        watcher(f"{catalog.name}: tuned on {found[-1].n_tuned:,} requests, judged on {found[-1].n_judged:,}")
    return found


def _tuned(name: str, dataset: Dataset, made_of: Ingredients, pipeline: PipelineName) -> TunedCatalog:
    ids = {dataset_tool_id(tool): tool.tool_id for tool in made_of.index.all_tools().definitions}
    judged = [_judged(dataset, query, ids) for query in dataset.qrels]
    known = [one for one in judged if one.tool_ids]
    # The order of a dev catalog is a shuffled one.
    tuning, held = known[::2], known[1::2]
    state = tune(pipeline, made_of, tuning).state
    searches = JudgedSearches(pipeline, made_of, held)
    rows = range(len(held))
    before = searches.searched(searches.shipped, rows)
    after = before if state is None else searches.searched(searches.shipped.moved(state), rows)
    recalls, ndcgs = (
        [np.array([getattr(one, measure) for one in searched]) for searched in (before, after)]
        for measure in ("recall", "ndcg")
    )
    return TunedCatalog(
        name,
        len(tuning),
        len(held),
        () if state is None else state.changes,
        (float(recalls[0].mean()), float(recalls[1].mean())),
        (float(ndcgs[0].mean()), float(ndcgs[1].mean())),
        bootstrap_interval(recalls[1] - recalls[0]),
    )


def _judged(dataset: Dataset, query: str, ids: Mapping[str, str]) -> JudgedQuery:
    return JudgedQuery(
        dataset.queries[query], frozenset(ids[one] for one in dataset.qrels[query] if one in ids)
    )
