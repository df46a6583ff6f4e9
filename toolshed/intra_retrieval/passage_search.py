"""Search passages: dense and sparse candidates, fused by score."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from toolshed.backbones.lexical import STOP_WORDS, as_query_vector
from toolshed.documents import Passage
from toolshed.knowledge_base.engine import Filter, Hit, VectorQuery
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.legal.defined_terms import find_definitions
from toolshed.presets import PassagePreset
from toolshed.queries import EncodedText

_MAX_DEFINITIONS = 3
_MAX_DEFINITION_CHARACTERS = 400
_MAX_TERM_WORDS = 5
_MAX_PHRASES = 400


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage id with its fused score and its similarity on every channel that named it."""

    passage_id: str
    score: float
    channels: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class UsedDefinition:
    """A term of the query that the corpus defines, and the sentence that defines it."""

    term: str
    text: str
    document_id: str


@dataclass(frozen=True, slots=True)
class PassageSearch:
    """Hybrid search over a store of passages.

    Attributes:
        store: Where the passages are.
        preset: How they are found.
    """

    store: PassageStore
    preset: PassagePreset

    def run(
        self,
        asked: EncodedText,
        *,
        limit: int,
        only: Filter | None = None,
        definitions: Sequence[EncodedText] = (),
    ) -> list[ScoredPassage]:
        """The ``limit`` best passages; ties ordered by passage id.

        Args:
            asked: What is asked.
            limit: Most passages.
            only: Passages that may be found; all when None.
            definitions: Definitions of terms that the question uses, which are searched with it.
        """
        fused: defaultdict[str, float] = defaultdict(float)
        channels: defaultdict[str, dict[str, float]] = defaultdict(dict)
        total = sum(self.preset.channels.values())
        for position, text in enumerate([asked, *definitions]):
            share = 1.0 if position == 0 else self.preset.definition_weight / len(definitions)
            queries = list(self._queries(text))
            found = self.store.search(queries, limit=max(self.preset.min_candidates, 4 * limit), only=only)
            for query, hits in zip(queries, found, strict=True):
                weight = self.preset.channels[query.channel] / total
                for hit, scaled in zip(hits, _scaled(hits), strict=True):
                    fused[hit.key] += share * weight * scaled
                    if position == 0:
                        channels[hit.key][query.channel] = hit.score
        ordered = sorted(fused.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return [ScoredPassage(passage_id, score, channels[passage_id]) for passage_id, score in ordered]

    def _queries(self, text: EncodedText) -> Iterator[VectorQuery]:
        for name in self.preset.channels:
            channel = PASSAGE_LAYOUT.channel(name)
            if channel.kind != "sparse":
                yield VectorQuery(name, text.vectors[channel.encoding])
            elif len(text.words.terms):
                yield VectorQuery(name, as_query_vector(text.words.terms))


def _scaled(hits: Sequence[Hit]) -> list[float]:
    """Scores of a channel from 0, the last candidate, to 1, the best."""
    if not hits:
        return []
    best, last = hits[0].score, hits[-1].score
    spread = best - last
    return [(hit.score - last) / spread if spread > 0 else 1.0 for hit in hits]


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
    spans = ((start - passage.start, end - passage.start) for start, end in passage.sentences)
    for definition in find_definitions(passage.text, spans):
        text = passage.text[definition.start : definition.end][:_MAX_DEFINITION_CHARACTERS]
        yield UsedDefinition(definition.term, text, passage.document_id)
