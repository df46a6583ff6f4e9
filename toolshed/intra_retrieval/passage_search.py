"""Search passages: candidates of every channel, scored by what a question asks for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from toolshed.backbones.embedding import normalise
from toolshed.backbones.lexical import STOP_WORDS, as_query_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import Passage
from toolshed.intra_retrieval.passage_features import (
    PassageFeatures,
    evidence_of,
    features_of,
    log_odds,
    probability,
    sentence_similarities,
)
from toolshed.intra_retrieval.passage_sketch import SketchedPassages
from toolshed.intra_retrieval.questions import Question
from toolshed.knowledge_base.engine import Filter, VectorQuery
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.presets import PassagePreset
from toolshed.queries import EncodedText

_MAX_DEFINITIONS = 3
_MAX_DEFINITION_CHARACTERS = 400
_MAX_TERM_WORDS = 5
_MAX_PHRASES = 400
# Of the passages that two channels name, those come first that are high in both; see ReciprocalRankFusion.
_RRF_K = 20


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, read and encoded."""

    question: Question
    encoded: EncodedText


@dataclass(frozen=True, slots=True)
class WeighedPassage:
    """A candidate with what speaks for it, and the similarity of each of its quotable sentences."""

    passage: Passage
    features: PassageFeatures
    similarities: Sequence[float]


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage with what speaks for it.

    Attributes:
        passage: The passage.
        score: Estimated probability that it answers; means the same from question to question.
        channels: Its similarity on every channel, and the share of the question's words that it holds.
        similarities: Similarity of each of its quotable sentences.
    """

    passage: Passage
    score: float
    channels: dict[str, float]
    similarities: Sequence[float]


@dataclass(frozen=True, slots=True)
class ScoredPassages:
    """Passages, best first, with the estimated probability that any of them answers."""

    passages: Sequence[ScoredPassage]
    confidence: float


@dataclass(frozen=True, slots=True)
class UsedDefinition:
    """A term of the query that the corpus defines, and the sentence that defines it."""

    term: str
    text: str
    document_id: str


@dataclass(frozen=True, slots=True)
class PassageSearch:
    """Search over a store of passages: channels name candidates, of which the likeliest are scored whole.

    Attributes:
        store: Where the passages are.
        preset: How they are found.
        static: The static encoder, for sentences where there is no dense one.
        sketched: What the nearest of very many passages are found by, where nothing else is asked for.
    """

    store: PassageStore
    preset: PassagePreset
    static: StaticEncoder
    sketched: SketchedPassages | None = None

    def run(self, asked: AskedQuestion, *, limit: int, only: Filter | None = None) -> ScoredPassages:
        """The ``limit`` best passages; ties ordered by passage id.

        Args:
            asked: What is asked.
            limit: Most passages.
            only: Passages that may be found; all when None.
        """
        candidates = self.candidates(asked, limit=limit, only=only)
        if not candidates:
            return ScoredPassages((), 0.0)
        features = [one.features for one in candidates]
        odds = log_odds(features, self.preset)
        order = sorted(range(len(odds)), key=lambda row: (-odds[row], candidates[row].passage.passage_id))
        scores = probability(odds)
        found = [
            ScoredPassage(
                candidates[row].passage,
                float(scores[row]),
                self._channels(features[row]),
                candidates[row].similarities,
            )
            for row in order[:limit]
        ]
        return ScoredPassages(found, self._confidence(evidence_of(features)))

    def candidates(
        self, asked: AskedQuestion, *, limit: int, only: Filter | None = None
    ) -> list[WeighedPassage]:
        """The passages that any channel names, with what speaks for each of them."""
        # Others may delete from a shared store between the search and the reading.
        stored = self.store.fetch_encoded(self._named(asked, limit, only))
        if not stored:
            return []
        name = self.preset.encoding
        vector = asked.encoded.vectors[name]
        similarities = sentence_similarities(stored, vector, name, self.static)
        return [
            WeighedPassage(
                one.passage,
                features_of(asked.question, one.passage, float(one.vectors[name] @ vector), own),
                own,
            )
            for one, own in zip(stored, similarities, strict=True)
        ]

    def _confidence(self, evidence: Mapping[str, float]) -> float:
        answered = self.preset.answered
        return float(
            probability(answered.intercept + sum(w * evidence[name] for name, w in answered.weights.items()))
        )

    def _channels(self, features: PassageFeatures) -> dict[str, float]:
        return {
            self.preset.encoding: features.whole,
            "sentences": features.sentence,
            "words": features.words,
        }

    def _named(self, asked: AskedQuestion, limit: int, only: Filter | None) -> list[str]:
        """Ids of the passages that are scored whole: high on any channel, or on both."""
        n_wanted = max(self.preset.n_scored, limit)
        filters = [only, *self._narrower(asked.question, only)]
        ranks: defaultdict[str, float] = defaultdict(float)
        for narrower in filters:
            for keys in self._nearest(asked.encoded, n_wanted, narrower):
                for rank, key in enumerate(keys):
                    ranks[key] += 1 / (_RRF_K + rank)
        return sorted(ranks, key=lambda key: (-ranks[key], key))[:n_wanted]

    def _nearest(self, text: EncodedText, limit: int, only: Filter | None) -> Iterator[list[str]]:
        """For each channel the ids of the nearest passages, best first."""
        sketch = self.sketched.current() if self.sketched and not only else None
        queries = list(self._queries(text))
        if self.sketched and sketch:
            channel = self.sketched.channel
            yield sketch.nearest(text.vectors[PASSAGE_LAYOUT.channel(channel).encoding], limit)
            queries = [query for query in queries if query.channel != channel]
        for hits in self.store.search(queries, limit=limit, only=only):
            yield [hit.key for hit in hits]

    def _narrower(self, question: Question, only: Filter | None) -> Iterator[Filter]:
        """Where the question names a document it is searched there too."""
        if question.names:
            yield {**(only or {}), "names": list(question.names)}

    def _queries(self, text: EncodedText) -> Iterator[VectorQuery]:
        for name in self.preset.channels:
            channel = PASSAGE_LAYOUT.channel(name)
            if channel.kind != "sparse":
                yield VectorQuery(name, text.vectors[channel.encoding])
            elif len(text.words.terms):
                yield VectorQuery(name, as_query_vector(text.words.terms))


def with_definitions(asked: EncodedText, definitions: Sequence[EncodedText], *, weight: float) -> EncodedText:
    """A question whose vectors are moved towards the definitions of terms that it uses."""
    if not definitions:
        return asked
    vectors = {
        name: normalise(vector + weight * np.mean([one.vectors[name] for one in definitions], axis=0))
        for name, vector in asked.vectors.items()
    }
    return replace(asked, vectors=vectors)


def used_definitions(query: str, store: PassageStore, only: Filter | None) -> list[UsedDefinition]:
    """The definitions of terms that the query uses, longest terms first.

    A single word counts as a term only where the query capitalises it inside a sentence: "Losses" is a
    term of a contract, "losses" an English word.
    """
    phrases = list(dict.fromkeys(islice(_phrases(query), _MAX_PHRASES)))
    if not phrases:
        return []
    found: dict[str, UsedDefinition] = {}
    for passage in store.select({**(only or {}), "defines": phrases}):
        for definition in _definitions_in(passage):
            if definition.term.lower() in phrases:
                found.setdefault(definition.term.lower(), definition)
    ordered = sorted(found.values(), key=lambda used: (-len(used.term.split()), used.term, used.document_id))
    return ordered[:_MAX_DEFINITIONS]


def _phrases(query: str) -> Iterator[str]:
    words = [word.strip(".,;:?!()\"'“”") for word in query.split()]
    for size in range(_MAX_TERM_WORDS, 0, -1):
        for start in range(len(words) - size + 1):
            phrase = words[start : start + size]
            if phrase[0].lower() in STOP_WORDS or phrase[-1].lower() in STOP_WORDS:
                continue
            if size > 1 or (start > 0 and phrase[0][:1].isupper()):
                yield " ".join(phrase).lower()


def _definitions_in(passage: Passage) -> Iterator[UsedDefinition]:
    # Its patterns take a while to compile: who only looks for tools need not wait for them.
    from toolshed.legal.defined_terms import find_definitions

    spans = ((start - passage.start, end - passage.start) for start, end in passage.sentences)
    for definition in find_definitions(passage.text, spans):
        text = passage.text[definition.start : definition.end][:_MAX_DEFINITION_CHARACTERS]
        yield UsedDefinition(definition.term, text, passage.document_id)
