"""When to refuse, fitted again to how a pipeline ranks today: its rankings, head and other numbers stay.

The catalogs are among those that the ranking was fitted on, so they are ranked a little better than others.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from toolshed.intra_retrieval.learned_fusion import shipped_ranking
from toolshed.intra_retrieval.query_head import head_for
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients, rank_stages
from toolshed.post_retrieval import confidence
from toolshed.presets import PIPELINES
from toolshed.tuning.head import Pairs
from toolshed_evals.dev_catalogs import DEV_CATALOGS, indexed
from toolshed_evals.fitting.catalogs import ReadCatalog, Watcher
from toolshed_evals.fitting.confidence import FEW, AskedOnce, Ranker, asked_in_many_ways, fitted_confidence
from toolshed_evals.remembering import remembering

_QUERIES = 200
_MOST_FROM_EACH = 60


def write_refusals(
    name: PipelineName, cache: Path, *, encoder_threads: int, watcher: Watcher
) -> dict[str, float]:
    """Fit whether any tool is right, and below which probability to refuse, and write both.

    Returns:
        How it held where each family was left out.
    """
    catalogs = [replace(catalog, most_queries=_QUERIES) for catalog in DEV_CATALOGS]
    texts = {one.name: [*one.load().queries.values()][:_MOST_FROM_EACH] for one in catalogs}
    families: dict[str, list[AskedOnce]] = {}
    nobody = Pairs(np.empty((0, 0), np.float32), [], np.empty((0, 0), np.float32))
    for catalog in catalogs:
        others = [text for one in catalogs if one.family != catalog.family for text in texts[one.name]]
        dataset = catalog.load()
        with indexed(dataset, cache, encoder_threads=encoder_threads, progress=lambda _, __: None) as made_of:
            read = ReadCatalog(
                catalog, dataset, Ingredients(made_of.index, remembering(made_of.encoders)), nobody
            )
            asked = asked_in_many_ways(read, others, lambda index: _ranker(name, index), FEW)
        families.setdefault(catalog.family, []).extend(asked)
        watcher(f"{catalog.name}: {len(asked):,} requests")
    fitted, held = fitted_confidence(list(families.values()))
    written: dict[str, Any] = json.loads(confidence.WEIGHTS.read_text(encoding="utf-8"))
    written[name] |= {key: fitted[key] for key in ("request", "max_refused")}
    confidence.WEIGHTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return held


def _ranker(name: PipelineName, made_of: Ingredients) -> Ranker:
    head = head_for(made_of.encoders) if "dense" in PIPELINES[name].channels else None
    return rank_stages(PIPELINES[name], made_of, learned=shipped_ranking(name), head=head)
