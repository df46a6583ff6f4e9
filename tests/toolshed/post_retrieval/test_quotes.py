"""Quotes: which sentences of a passage answer, and exactly where they stand."""

from collections.abc import Sequence

import pytest

from toolshed.documents import Passage, Section
from toolshed.post_retrieval.quotes import quotes

SENTENCES = (
    "The tenant pays a late fee.",
    "The landlord keeps all the records.",
    "Nobody keeps pets in the garden.",
)


def passage(*sentences: str, start: int = 1_000) -> Passage:
    spans, at = [], start
    for sentence in sentences:
        spans.append((at, at + len(sentence)))
        at += len(sentence) + 1
    text = " ".join(sentences)
    return Passage("lease", 0, start, start + len(text), text, tuple(spans))


def quoted(query: str, similarities: Sequence[float], *, most: int = 2) -> list[str]:
    (found,) = quotes(query, [passage(*SENTENCES)], similarities=[similarities], most=most)
    return [quote.text for quote in found]


def test_a_quote_says_where_it_stands_in_the_document_and_in_which_section() -> None:
    sections = Section(900, 950, ("ARTICLE IV", "4.1 Fees")), Section(1_028, 1_028, ("4.2 Records",))
    made = Passage(**{**vars(passage(*SENTENCES)), "sections": sections})
    ((best,),) = quotes("keep records", [made], similarities=[[0.1, 0.9, 0.1]])
    assert (best.start, best.end, best.section) == (1_028, 1_063, "4.2 Records")
    assert made.text[best.start - made.start : best.end - made.start] == best.text == SENTENCES[1]


@pytest.mark.parametrize(
    ("similarities", "most", "positions"),
    [
        pytest.param([0.5, 0.9, 0.8], 3, [1, 2], id="nearly-best-ones-too"),
        pytest.param([0.9, 0.9, 0.9], 2, [0, 1], id="ties-in-reading-order"),
        pytest.param([0.9, 0.9, 0.9], 1, [0], id="no-more-than-wanted"),
        pytest.param([0.0, 0.0, 0.0], 1, [0], id="one-at-least"),
        pytest.param([-0.2, -0.1, -0.3], 2, [1], id="one-at-least-of-the-unlike"),
    ],
)
def test_the_most_similar_are_quoted_best_first(
    similarities: list[float], most: int, positions: list[int]
) -> None:
    assert quoted("zzz", similarities, most=most) == [SENTENCES[position] for position in positions]


def test_the_words_of_the_query_count_beside_similarity() -> None:
    assert quoted("Who keeps the records?", [0.5, 0.5, 0.5])[0] == SENTENCES[1]


def test_a_word_of_many_sentences_counts_less_than_a_rare_one() -> None:
    crowd = passage(*["All the fees are due in May."] * 9)
    own = passage("The fees are due in the end.", "Interest is charged on it all.")
    _, found = quotes("fees interest", [crowd, own], similarities=[[0.0] * 9, [0.0, 0.0]], most=1)
    assert [quote.text for quote in found] == ["Interest is charged on it all."]


@pytest.mark.parametrize(
    ("sentences", "best", "whole"),
    [
        pytest.param(
            ("The holder must—", "(a)", "keep all records for six years;"),
            2,
            "(a) keep all records for six years;",
            id="with-its-letter",
        ),
        pytest.param(
            ("See Smith v. Jones at", "page four of the long judgment."),
            1,
            "See Smith v. Jones at page four of the long judgment.",
            id="with-what-it-goes-on-from",
        ),
        pytest.param(
            ("It is due;", "nobody may pay it late at all."),
            1,
            "nobody may pay it late at all.",
            id="a-clause",
        ),
    ],
)
def test_a_quote_is_a_whole_sentence(sentences: tuple[str, ...], best: int, whole: str) -> None:
    made = passage(*sentences)
    similarities = [float(made.sentences.index(span) == best) for span in made.quotable]
    ((quote,),) = quotes("zzz", [made], similarities=[similarities], most=1)
    assert quote.text == whole == made.text[quote.start - made.start : quote.end - made.start]
