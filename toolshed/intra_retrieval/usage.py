"""Learning from use: tools rise where requests like this one were served by them.

Of the examples of a tool is seen how much nearer the request is to the centroid of document and examples
than to the document alone, by either encoder, which share of the examples around the request is its own, and
what tells it from the tools of the other examples (:mod:`.usage_classes`). All are seen for the whole
request, and for each of its needs: there examples change the chance that some need calls for a tool. Where
there is no example, nothing changes.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.embedding import normalise
from toolshed.intra_retrieval.fusion import chosen_by_parts
from toolshed.intra_retrieval.usage_classes import Documents, UsageClasses, fit_classes
from toolshed.knowledge_base.examples import UsageExample
from toolshed.presets import MIN_NEED_WEIGHT, STATIC_USAGE, USAGE, UsagePreset
from toolshed.rankings import ScoredTools
from toolshed.stages import Stage
from toolshed.vectors import Scores, Vectors

# Tools beyond the candidates that examples may bring in.
_MOST_BROUGHT_IN = 10
_MIN_DEVIATION = 1e-3
_MIN_CHANCE = 1e-4
_HALF_LIFE_SECONDS = 182 * 24 * 3600


class ExampleDocuments(Protocol):
    """The documents that examples are compared with, one a column; see :class:`.CatalogDocuments`."""

    def columns_of(self, tool_ids: Sequence[str]) -> NDArray[np.int64]:
        """The columns of tools; -1 of one that is not among them."""

    def whole(self, channel: str, columns: NDArray[np.int64]) -> Vectors:
        """The vectors of the whole documents of these tools."""

    def products(self, channel: str, queries: Vectors) -> Scores:
        """Inner products of any vectors with the whole documents of all columns."""


class UsageIndex:
    """Examples as matrices; of tools it keeps nothing.

    Args:
        examples: The examples.
        now: The time, in seconds since 1970: an example of half a year ago counts half.
        documents: Gives the documents of all tools, which tools are told apart by besides; None for an index
            that does not tell them apart.
        version: Gives what is another when the documents may have changed.
        before: An index that serves already: of the same examples and documents nothing is fitted again.
    """

    def __init__(
        self,
        examples: Sequence[UsageExample],
        now: float,
        *,
        documents: Documents | None = None,
        version: Callable[[], object] = lambda: None,
        before: "UsageIndex | None" = None,
    ) -> None:
        self._documents, self._version = documents, version
        self._example_ids = tuple(example.example_id for example in examples)
        is_same = before is not None and before._example_ids == self._example_ids
        # By the encoders that requests and examples have both.
        self._classes: dict[tuple[str, ...], UsageClasses] = (
            dict(before._classes) if before and is_same else {}
        )
        # The version of the documents that each was last compared with.
        self._compared_with: dict[tuple[str, ...], object] = {}
        self._fitting = threading.Lock()
        self._tool_ids = sorted({example.tool_id for example in examples})
        place = {tool_id: at for at, tool_id in enumerate(self._tool_ids)}
        self._tool = np.array([place[example.tool_id] for example in examples], np.int64)
        ages = np.array([max(0.0, now - example.reported_at) for example in examples])
        self._weights = 0.5 ** (ages / _HALF_LIFE_SECONDS)
        names = set.intersection(*(set(example.vectors) for example in examples)) if examples else set()
        self.vectors: Mapping[str, Vectors] = {
            name: np.stack([_dense(example, name) for example in examples]) for name in sorted(names)
        }
        everything = np.zeros(len(examples), dtype=bool)
        # What a search needs of the examples of a tool together, added up once.
        self._sums = {name: self._summed(name, everything) for name in self.vectors}

    def __len__(self) -> int:
        return len(self._tool)

    def gains(
        self,
        queries: Mapping[str, Vectors],
        documents: ExampleDocuments,
        fused: Scores,
        weights: NDArray[np.float32],
    ) -> NDArray[np.float64]:
        """What examples add to the score of each tool for one request.

            a g_0(t) + b log( wanted(t; z + g) / wanted(t; z) )

        g are the totals of the whole request (0) and of each need, z what the needs rank tools by without
        examples, and ``wanted`` the chance that some need calls for a tool (:func:`.chosen_by_parts`): a tool
        that serves one need well is not outvoted by those that half serve all.

        Args:
            queries: float32 ``[n_needs, dimension]`` by encoder, the whole request first; one of them at
                least has examples.
            documents: Of the tools that may be found; examples of others have no part.
            fused: z, float32 ``[n_needs, n_tools]``.
            weights: The say of each need, 0 to 1.
        """
        seen = self.totals(queries, documents, fused, n_needs=len(fused))
        preset = self._preset(queries)
        before = chosen_by_parts(fused, weights, 1.0)
        after = chosen_by_parts(fused + seen.astype(np.float32), weights, 1.0)
        needs = np.log((after + _MIN_CHANCE) / (before + _MIN_CHANCE))
        return np.asarray(preset.whole * seen[0] + preset.needs * needs)

    def totals(
        self,
        queries: Mapping[str, Vectors],
        documents: ExampleDocuments,
        plain: Scores | NDArray[np.float64],
        *,
        n_needs: int = 1,
        without: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """What examples, without some of them, add to each tool for each query.

        Args:
            queries: As of :meth:`gains`.
            documents: Likewise.
            plain: What queries rank tools by without examples, ``[n_queries, n_tools]``.
            n_needs: How many needs of one request the queries are: the more, the less the choice of one tool
                among all says. 1 where each is a request.
            without: Examples that are left out; only of an index that does not tell tools apart.
        """
        column = documents.columns_of(self._tool_ids)
        kept = column[self._tool] >= 0 if without is None else (column[self._tool] >= 0) & ~without
        preset = self._preset(queries)
        seen: list[NDArray[np.float64]] = []
        for name in self._compared(queries):
            cosines = documents.products(name, queries[name])
            sums = self._sums[name] if without is None else self._summed(name, without)
            nearer = self._nearer(name, queries[name], cosines, documents, column, kept, sums, preset)
            seen.append(preset.nearer[name] * nearer)
            if preset.shares[name]:
                owners = column[self._tool[kept]]
                seen.append(
                    preset.shares[name]
                    * self._shares(name, queries[name], owners, kept, cosines.shape[1], preset)
                )
        total = np.asarray(np.sum(seen, axis=0))
        if self._documents is not None and len(self):
            total = total + self._told_apart(queries, documents, plain + total, n_needs)
        return total

    def _told_apart(
        self,
        queries: Mapping[str, Vectors],
        documents: ExampleDocuments,
        scores: NDArray[np.float64],
        n_needs: int,
    ) -> NDArray[np.float64]:
        """What tells the tools that have examples from each other; 0 for the others.

        The chance that one of them is called for at all stays: of requests like those of no example, nothing
        is taken from the tools that have none.
        """
        classes = self._fitted(tuple(self._compared(queries)))
        columns = documents.columns_of(classes.tool_ids)
        own = columns[columns >= 0]
        told = np.zeros_like(scores)
        if len(own) < 2:
            return told
        logits = classes.logits(queries)[:, columns >= 0]
        moved = scores[:, own] + self._preset(queries).classes / n_needs * logits
        told[:, own] = moved - scores[:, own] + _log_of_sum(scores[:, own]) - _log_of_sum(moved)
        return told

    def _fitted(self, encoders: tuple[str, ...]) -> UsageClasses:
        with self._fitting:
            version = self._version()
            if encoders not in self._compared_with or self._compared_with[encoders] != version:
                assert self._documents is not None
                examples = {name: self.vectors[name] for name in encoders}
                tool_ids = [self._tool_ids[at] for at in self._tool]
                known = self._classes.get(encoders)
                fitted = fit_classes(examples, tool_ids, self._weights, self._documents, known)
                self._classes[encoders], self._compared_with[encoders] = fitted, version
            return self._classes[encoders]

    def _compared(self, queries: Mapping[str, Vectors]) -> list[str]:
        """The encoders that examples and queries have both."""
        return [name for name in self.vectors if name in queries]

    def _preset(self, queries: Mapping[str, Vectors]) -> UsagePreset:
        return USAGE if "dense" in self._compared(queries) else STATIC_USAGE

    def _summed(self, name: str, without: NDArray[np.bool_]) -> Vectors:
        """The sum of the examples of each tool, weighed, without some of them."""
        sums = np.zeros((len(self._tool_ids), self.vectors[name].shape[1]), np.float32)
        np.add.at(
            sums, self._tool, self.vectors[name] * (self._weights * ~without)[:, None].astype(np.float32)
        )
        return sums

    def _nearer(
        self,
        name: str,
        queries: Vectors,
        plain: Scores,
        documents: ExampleDocuments,
        column: NDArray[np.int64],
        kept: NDArray[np.bool_],
        sums: Vectors,
        preset: UsagePreset,
    ) -> NDArray[np.float64]:
        """How much nearer each query is to the centroid of each tool than to its document."""
        tools = np.flatnonzero(np.bincount(self._tool[kept], minlength=len(column)))
        if not len(tools):
            return np.zeros(plain.shape)
        centroids = preset.document_weight * documents.whole(name, column[tools]) + sums[tools]
        # The centroid of a tool without examples is its document.
        moved = plain.copy()
        moved[:, column[tools]] = queries @ normalise(centroids).T
        return (_standard(moved) - _standard(plain)).astype(np.float64)

    def _shares(
        self,
        name: str,
        queries: Vectors,
        owners: NDArray[np.int64],
        kept: NDArray[np.bool_],
        n_tools: int,
        preset: UsagePreset,
    ) -> NDArray[np.float64]:
        """The share of each tool of the examples around each query, as log odds of what chance expects."""
        around = np.exp((queries @ self.vectors[name].T - 1) / np.float32(preset.temperature)) * self._weights
        if not kept.all():
            around = around[:, kept]
        mass = np.stack([np.bincount(owners, row, minlength=n_tools) for row in around])
        # Far examples hardly move it: log((m_t + a/n)/(m + a) n).
        total = mass.sum(axis=1, keepdims=True) + preset.prior
        return np.asarray(np.log(n_tools * (mass + preset.prior / n_tools) / total))


def _dense(example: UsageExample, name: str) -> Vectors:
    vector = example.vectors[name]
    assert isinstance(vector, np.ndarray)
    return vector


def _log_of_sum(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """log of the sum of e^s, row by row."""
    top = scores.max(axis=1, keepdims=True)
    return np.asarray(top + np.log(np.exp(scores - top).sum(axis=1, keepdims=True)))


def _standard(scores: Scores) -> Scores:
    deviation = scores.std(axis=1, keepdims=True) + _MIN_DEVIATION
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / deviation)


@dataclass(frozen=True, slots=True, repr=False)
class LearnFromUse(Stage[ScoredTools, ScoredTools]):
    """Add what the examples of this knowledge base say to the scores of the ranking.

    Attributes:
        examples: Gives those that serve; None where there are none.
    """

    examples: Callable[[], UsageIndex | None]

    def __repr__(self) -> str:
        return "LearnFromUse()"

    async def run(self, scored: ScoredTools, /) -> ScoredTools:
        """Return the tools with their new scores; with the old ones where nothing was learnt."""
        index = self.examples()
        documents = scored.documents
        if index is None or documents is None or not len(index) or not len(scored.scores):
            return scored
        needs = need_rows(scored)
        queries = {name: vectors[needs] for name, vectors in scored.asked.encodings.vectors.items()}
        if index.vectors.keys().isdisjoint(queries):
            return scored
        weights = np.array([scored.sub_queries[at].weight for at in needs], np.float32)
        if len(needs) == 1:
            weights[:] = 1.0
        gains = index.gains(queries, documents, scored.fused[needs], weights)
        if not gains.any():
            return scored
        scores = with_gains(scored, gains)
        return replace(scored, scores=scores, before_use=scored.scores)


def need_rows(scored: ScoredTools) -> list[int]:
    """The rows of the whole request and of its needs."""
    return [at for at, one in enumerate(scored.sub_queries) if at == 0 or one.weight >= MIN_NEED_WEIGHT]


def with_gains(scored: ScoredTools, gains: NDArray[np.float64]) -> Scores:
    """The scores with what examples add; tools beyond the candidates stay below unless examples name them."""
    scores = scored.scores.astype(np.float64)
    is_candidate = np.zeros(len(scores), dtype=bool)
    if scored.candidates is None:
        is_candidate[:] = True
    else:
        is_candidate[scored.candidates.columns] = True
    forbidden = scored.is_forbidden if scored.is_forbidden is not None else np.zeros(len(scores), dtype=bool)
    open_ones = is_candidate & ~forbidden & np.isfinite(scores)
    if not open_ones.any():
        return scored.scores
    lowest = scores[open_ones].min()
    brought = np.flatnonzero(~is_candidate & ~forbidden & (gains > 0) & np.isfinite(scores))
    brought = brought[np.argsort(-gains[brought], kind="stable")][:_MOST_BROUGHT_IN]
    moved = scores.copy()
    moved[open_ones] += gains[open_ones]
    moved[brought] = lowest - 1 + gains[brought]
    rest = ~open_ones
    rest[brought] = False
    # What nothing speaks for stays below all that something does.
    floor = min(moved[open_ones].min(), moved[brought].min() if len(brought) else np.inf)
    if rest.any():
        moved[rest] += min(0.0, floor - 1 - scores[rest & np.isfinite(scores)].max(initial=-np.inf))
    return moved.astype(np.float32)
