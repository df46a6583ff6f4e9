"""The vocabulary of legal English, every word of it, as the segmenter uses it."""

import pytest

from toolshed.legal.sentences import segmenter_named
from toolshed.legal.vocabulary import ABBREVIATION_KINDS, CITATION_OPENERS, OPENERS

# A sentence for each kind, in which its abbreviation ends nothing.
HELD_TOGETHER = {
    "title": "The court heard {}. Jones on the motion today.",
    "month": "It was filed on {}. 5, 2004, in this court.",
    "before": "It was shown in {}. 12 to the motion.",
    "court": "The rule of Smith v. Jones (S.D. {}. 2004) holds here.",
    "reporter": "The rule of Smith v. Jones, 12 {}. 345 holds here.",
    "statute": "It is a crime under 18 {}. § 1030 of the code.",
    "company": "The suit of Acme {}. was heard by the court.",
}


def n_sentences(text: str) -> int:
    return len(segmenter_named("legal").spans(text))


@pytest.mark.parametrize("kind", list(HELD_TOGETHER))
def test_no_abbreviation_of_a_kind_ends_the_sentence_it_stands_in(kind: str) -> None:
    words = [word for word, own in ABBREVIATION_KINDS.items() if own == kind]
    assert len(words) > 10
    cut = [word for word in words if n_sentences(HELD_TOGETHER[kind].format(word[0].upper() + word[1:])) != 1]
    assert cut == []


def test_every_opener_opens_a_sentence() -> None:
    openers = [word for word in OPENERS if word.isalpha()]
    assert len(openers) > 200
    before = "The motion was denied by the court."
    missed = [word for word in openers if n_sentences(f"{before} {word.capitalize()} motion is moot.") != 2]
    assert missed == []


def test_words_are_written_as_they_are_looked_up() -> None:
    for word in ABBREVIATION_KINDS:
        assert word == word.lower().strip()
        assert not word.endswith("."), "the last stop is not part of an abbreviation"
    for word in OPENERS | CITATION_OPENERS:
        assert word == word.lower().strip(".")
