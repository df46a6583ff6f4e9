"""What speaks for a passage as the answer to a question."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.lexical import terms
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import Passage
from toolshed.intra_retrieval.questions import AmountKind, Question, is_defined
from toolshed.knowledge_base.passages import EncodedPassage
from toolshed.presets import QUOTE_WORDS_WEIGHT, PassagePreset
from toolshed.vectors import Vectors

_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty"
    r"|ninety|hundred|thousand|million|half|third|quarter)"
)
_AMOUNTS: Mapping[AmountKind, re.Pattern[str]] = {
    "money": re.compile(
        r"[$£€]\s?\d|\b(?:USD|EUR|GBP|CHF)\b|\b\d[\d.,]*\s?(?:dollars|euros?|pounds|cents)\b|%|\bper\s?cent\b",
        re.IGNORECASE,
    ),
    "time": re.compile(
        # "sixty (60) business days", "without undue delay", "2024", "17:30"
        _NUMBER + r"[\s)-]*(?:\(\d+\)[\s-]*)?(?:(?:business|working|calendar|full|consecutive)\s)?"
        r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?)\b"
        r"|\b(?:immediately|promptly|forthwith|without\s(?:undue|unreasonable)\sdelay)\b"
        r"|\b(?:19|20)\d\d\b|\b\d{1,2}:\d\d\b",
        re.IGNORECASE,
    ),
    "number": re.compile(rf"\d|\b{_NUMBER}\b", re.IGNORECASE),
}
# A sentence that scores so much less than the best one is e times less likely to hold the answer.
_SHARPNESS = 0.1


@dataclass(frozen=True, slots=True)
class PassageFeatures:
    """What speaks for one passage; none depends on the other passages.

    Attributes:
        whole: Cosine of question and passage.
        sentence: Cosine of the question and the most similar sentence.
        words: Share of the question's words that passage and header hold.
        names: Share of the names in the question that its document is called by, rare ones counting more.
        definition: Whether it defines what the question asks the meaning of.
        amount: Whether its best sentence has an amount of the kind that is asked for; less where another of
            its sentences has.
        front_matter: Whether its best sentence stands before the first section of the document.
    """

    whole: float
    sentence: float
    words: float
    names: float
    definition: float
    amount: float
    front_matter: float


def features_of(
    question: Question, passage: Passage, whole: float, similarities: Sequence[float]
) -> PassageFeatures:
    """The features of a passage.

    Args:
        question: The question.
        passage: The passage.
        whole: Cosine of question and passage.
        similarities: Cosine of the question and each quotable sentence.
    """
    texts, quotable = passage.quotable_texts, passage.quotable
    held = [len(question.terms.intersection(terms(text))) for text in texts]
    n_terms = max(1, len(question.terms))
    spoken = [cosine + QUOTE_WORDS_WEIGHT * n / n_terms for cosine, n in zip(similarities, held, strict=True)]
    best = max(range(len(texts)), key=spoken.__getitem__)
    has_amount = [_has_amount(question, text) for text in texts]
    behind = [exp((score - spoken[best]) / _SHARPNESS) for score in spoken]
    in_front = passage.ordinal == 0 and passage.section_at(quotable[best][0]) is None
    found = question.terms.intersection(terms(f"{passage.header} {passage.text}"))
    named = sum(question.names[term] for term in question.names.keys() & {*passage.names})
    return PassageFeatures(
        whole=whole,
        sentence=max(similarities),
        words=len(found) / n_terms,
        names=named / sum(question.names.values()) if question.names else 0.0,
        definition=float(is_defined(question, passage.defines)),
        amount=max(has * near for has, near in zip(has_amount, behind, strict=True)),
        front_matter=float(in_front),
    )


def _has_amount(question: Question, text: str) -> bool:
    return any(_AMOUNTS[kind].search(text) for kind in question.amounts)


def sentence_similarities(
    stored: Sequence[EncodedPassage], vector: Vectors, encoding: str, static: StaticEncoder
) -> list[list[float]]:
    """Cosine of a question and each quotable sentence of passages; static ones are encoded here."""
    if encoding == "dense":
        return [(one.vectors["sentences"] @ vector).tolist() for one in stored]
    texts = [one.passage.quotable_texts for one in stored]
    vectors = static.encode([text.encode("utf-8", "replace").decode() for own in texts for text in own])
    similar = iter((vectors @ vector).tolist())
    return [[next(similar) for _ in own] for own in texts]


def log_odds(features: Sequence[PassageFeatures], preset: PassagePreset) -> NDArray[np.float64]:
    """Log odds of each passage to be the answer."""
    names = list(preset.weights)
    values = np.array([[getattr(one, name) for name in names] for one in features], np.float64)
    return np.asarray(preset.intercept + values @ np.array([preset.weights[name] for name in names]))


def evidence_of(features: Sequence[PassageFeatures]) -> dict[str, float]:
    """What says whether any of these passages answers: the best of each kind.

    How far the others lie behind would say more, but something else with every size of corpus.
    """
    return {
        "sentence": max(one.sentence for one in features),
        "words": max(one.words for one in features),
    }


def probability(log_odds: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(log_odds))))
