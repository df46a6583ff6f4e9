"""The dev catalogs as fitting reads them: indexed, with the pairs of requests and tools."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.encoding import encode_sub_queries
from toolshed.intra_retrieval.fusion import sub_query_weights
from toolshed.intra_retrieval.query_head import QueryHead
from toolshed.intra_retrieval.ranking_features import candidates_of, plain_rankings
from toolshed.pipelines import Ingredients
from toolshed.presets import RankingPreset
from toolshed.queries import EncodedQuery, Query, QueryPlan
from toolshed.rankings import ScoredCatalog
from toolshed.tuning.head import Pairs
from toolshed.tuning.listwise import JudgedCandidates
from toolshed.vectors import Vectors
from toolshed_evals.datasets import Dataset, data_folder, dataset_tool_id
from toolshed_evals.dev_catalogs import PRECISION, DevCatalog, indexed
from toolshed_evals.remembering import remembering

# Pairs that the head is fitted on; the ranking is fitted on the catalog's sample of queries.
_MOST_PAIRS = 2_500
# Recorded hypothetical questions by catalog, where their file has another name.
_QUESTIONS = {"toole-single-dev": "toole"}
Watcher = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReadCatalog:
    """A dev catalog, ready to be searched.

    Attributes:
        catalog: Which one.
        dataset: Its tools, the sample of its queries, and what they need.
        made_of: Its index, and encoders that remember the queries.
        pairs: What a head is fitted on.
        enhanced: The same with its tools enhanced; None where nothing was written of them.
    """

    catalog: DevCatalog
    dataset: Dataset
    made_of: Ingredients
    pairs: Pairs
    enhanced: Ingredients | None = None

    def judged(self, preset: RankingPreset, head: QueryHead | None) -> list[JudgedCandidates]:
        """The candidates of every query of the sample."""
        return self._judged(self.made_of, preset, head)

    def judged_enhanced(self, preset: RankingPreset, head: QueryHead | None) -> list[JudgedCandidates]:
        """The same among the enhanced tools; none where nothing was written of them."""
        return [] if self.enhanced is None else self._judged(self.enhanced, preset, head)

    def _judged(
        self, made_of: Ingredients, preset: RankingPreset, head: QueryHead | None
    ) -> list[JudgedCandidates]:
        return [
            _judged(made_of, preset, head, text, self.dataset.qrels[query])
            for query, text in self.dataset.queries.items()
        ]


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
            read.append(ReadCatalog(catalog, dataset, Ingredients(made_of.index, encoders), pairs, enhanced))
        yield read


def _judged(
    made_of: Ingredients, preset: RankingPreset, head: QueryHead | None, text: str, relevant: frozenset[str]
) -> JudgedCandidates:
    sub_queries = decompose(text)
    encodings = encode_sub_queries(sub_queries, made_of.encoders)
    asked = EncodedQuery(QueryPlan(Query(text), sub_queries), encodings)
    moved = encodings if head is None else head.apply(encodings)
    ranking = made_of.index.score(moved, tuple(preset.channels))
    static = made_of.encoders["static"]
    assert ranking is not None
    assert isinstance(static, StaticEncoder)
    weights = sub_query_weights(sub_queries, preset.sub_queries)
    plain = plain_rankings(ranking, weights, preset)
    candidates = candidates_of(ScoredCatalog(asked, ranking), ranking, plain, weights, static)
    ids = [dataset_tool_id(ranking.tools[column]) for column in candidates.columns]
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
