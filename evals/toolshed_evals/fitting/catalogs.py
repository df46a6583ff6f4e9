"""The dev catalogs as fitting reads them: indexed, with the pairs of requests and tools."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.encoding import encode_sub_queries
from toolshed.intra_retrieval.fusion import sub_query_weights
from toolshed.intra_retrieval.planning import written_plan
from toolshed.intra_retrieval.query_head import QueryHead
from toolshed.intra_retrieval.ranking_features import candidates_of, plain_rankings
from toolshed.pipelines import Ingredients
from toolshed.presets import RankingPreset
from toolshed.queries import EncodedQuery, Query, QueryPlan
from toolshed.rankings import ScoredCatalog
from toolshed.tuning.head import Pairs
from toolshed.tuning.listwise import JudgedCandidates
from toolshed.types import ToolDefinition
from toolshed.vectors import Vectors
from toolshed_evals.datasets import Dataset, data_folder, dataset_tool_id, is_dev, load_dataset, read_plans
from toolshed_evals.dev_catalogs import PRECISION, DevCatalog, indexed
from toolshed_evals.remembering import remembering

# Pairs that the head is fitted on; the ranking is fitted on the catalog's sample of queries.
_MOST_PAIRS = 2_500
# Recorded hypothetical questions by catalog, where their file has another name.
_QUESTIONS = {"toole-single-dev": "toole"}
# Requests to the same tools that several of them serve; those of the dev fifth are read.
_SEVERAL = {"toole-single-dev": "toole-multi"}
Watcher = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A judged request.

    Attributes:
        text: The request.
        relevant: The tools that serve it.
        parts: Its parts, where a model planned it.
    """

    text: str
    relevant: frozenset[str]
    parts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReadCatalog:
    """A dev catalog, ready to be searched.

    Attributes:
        catalog: Which one.
        dataset: Its tools, the sample of its queries, and what they need.
        made_of: Its index, and encoders that remember the queries.
        pairs: What a head is fitted on.
        enhanced: The same with its tools enhanced; None where nothing was written of them.
        asked: What the enhanced tools are asked, by kind.
    """

    catalog: DevCatalog
    dataset: Dataset
    made_of: Ingredients
    pairs: Pairs
    enhanced: Ingredients | None = None
    asked: Mapping[str, Sequence[Asked]] = field(default_factory=dict)

    def judged(self, preset: RankingPreset, head: QueryHead | None) -> list[JudgedCandidates]:
        """The candidates of every query of the sample."""
        return [judged_candidates(self.made_of, preset, head, one) for one in _asked(self.dataset)]

    def judged_enhanced(
        self, preset: RankingPreset, head: QueryHead | None
    ) -> dict[str, list[JudgedCandidates]]:
        """The candidates among the enhanced tools, by kind; none where nothing was written of them.

        What is right for requests that one tool serves is not for those that several serve, nor for those
        that a model planned: where a catalog has them, all are there.
        """
        if self.enhanced is None:
            return {}
        return {
            kind: [judged_candidates(self.enhanced, preset, head, one) for one in asked]
            for kind, asked in self.asked.items()
        }


@contextmanager
def read_catalogs(
    catalogs: Sequence[DevCatalog], cache: Path, *, encoder_threads: int, watcher: Watcher
) -> Iterator[list[ReadCatalog]]:
    """Index catalogs, or open them where that was done, and encode what heads are fitted on."""
    with ExitStack() as stack:
        read = []
        for catalog in catalogs:
            dataset = catalog.load()
            made_of = stack.enter_context(
                indexed(dataset, cache, encoder_threads=encoder_threads, progress=lambda _, __: None)
            )
            watcher(f"{catalog.name}: {len(dataset.catalog.tools):,} tools")
            pairs = _pairs(catalog, made_of, cache)
            encoders = remembering(made_of.encoders)
            enhanced, file = None, enhancements_of(catalog)
            if file is not None:
                other = stack.enter_context(
                    indexed(
                        dataset,
                        cache,
                        encoder_threads=encoder_threads,
                        progress=lambda _, __: None,
                        enhancements=file,
                    )
                )
                enhanced = Ingredients(other.index, encoders)
            read.append(
                ReadCatalog(
                    catalog,
                    dataset,
                    Ingredients(made_of.index, encoders),
                    pairs,
                    enhanced,
                    {} if enhanced is None else _asked_enhanced(catalog, dataset),
                )
            )
        yield read


def _asked(dataset: Dataset) -> list[Asked]:
    return [Asked(text, dataset.qrels[query]) for query, text in dataset.queries.items()]


def _asked_enhanced(catalog: DevCatalog, dataset: Dataset) -> dict[str, list[Asked]]:
    """The catalog's requests, those of the same tools that several serve, and what a model planned."""
    found = {"asked": _asked(dataset)}
    several, name = dataset, catalog.name
    if name in _SEVERAL:
        several, name = load_dataset(_SEVERAL[name]), _SEVERAL[name].replace("-", "_")
        found["several"] = [one for one in _asked(several) if is_dev(one.text)]
    plans = data_folder() / "enhancements" / f"{name}_plans.jsonl"
    if plans.is_file():
        parts = read_plans(plans, several)
        asked = found.get("several", found["asked"])
        found["planned"] = [replace(one, parts=parts.get(one.text, ())) for one in asked]
    return found


def judged_candidates(
    made_of: Ingredients,
    preset: RankingPreset,
    head: QueryHead | None,
    asked: Asked,
    id_of: Callable[[ToolDefinition], str] = dataset_tool_id,
) -> JudgedCandidates:
    """The candidates of one request.

    Args:
        made_of: Where they are searched.
        preset: What names them.
        head: What moves the request.
        asked: The request, and what serves it.
        id_of: What that calls a tool.
    """
    text, relevant = asked.text, asked.relevant
    planned = written_plan(Query(text), text, asked.parts).sub_queries if asked.parts else None
    sub_queries = planned or decompose(text)
    encodings = encode_sub_queries(sub_queries, made_of.encoders)
    encoded = EncodedQuery(QueryPlan(Query(text), sub_queries), encodings)
    moved = encodings if head is None else head.apply(encodings)
    ranking = made_of.index.score(moved, tuple(preset.channels))
    static = made_of.encoders["static"]
    assert ranking is not None
    assert isinstance(static, StaticEncoder)
    weights = sub_query_weights(sub_queries, preset.sub_queries)
    plain = plain_rankings(ranking, weights, preset)
    candidates = candidates_of(ScoredCatalog(encoded, ranking), ranking, plain, weights, static)
    ids = [id_of(ranking.tools[column]) for column in candidates.columns]
    return JudgedCandidates(candidates, np.array([one in relevant for one in ids]), len(relevant))


def _pairs(catalog: DevCatalog, made_of: Ingredients, cache: Path) -> Pairs:
    """Requests with the tools that they need, and recorded hypothetical questions with theirs."""
    dataset = replace(catalog, most_queries=_MOST_PAIRS).load()
    index = made_of.index.all_tools()
    row = {dataset_tool_id(tool): at for at, tool in enumerate(index.definitions)}
    asked = [(dataset.queries[query], needed) for query, needed in dataset.qrels.items()]
    asked += [(question, frozenset([tool])) for question, tool in _questions(catalog)]
    known = [(text, [row[one] for one in needed if one in row]) for text, needed in asked]
    kept = [(text, rows) for text, rows in known if rows]
    encode = made_of.encoders["dense"].encode
    requests = _cached(cache / f"{catalog.name}-requests-{PRECISION}.npz", [text for text, _ in kept], encode)
    return Pairs(requests, [np.array(rows) for _, rows in kept], index.whole_vectors("dense").floats())


def enhancements_of(catalog: DevCatalog) -> Path | None:
    """The file of what was written of the tools of a catalog, where there is one."""
    path = data_folder() / "enhancements" / f"{_QUESTIONS.get(catalog.name, catalog.name)}.jsonl"
    return path if path.is_file() else None


def _questions(catalog: DevCatalog) -> Iterator[tuple[str, str]]:
    path = enhancements_of(catalog)
    if path is not None:
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            yield from ((question, record["tool"]) for question in record["hypothetical_questions"])


def _cached(path: Path, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
    """Vectors of texts, kept in a file as long as the texts stay the same."""
    checksum = hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()
    if path.is_file():
        kept: Mapping[str, NDArray[np.float32]] = np.load(path)
        if str(kept["checksum"]) == checksum:
            return kept["vectors"]
    vectors = encode(texts)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, vectors=vectors, checksum=np.array(checksum))
    return vectors
