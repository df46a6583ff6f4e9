from pathlib import Path

import pytest

from toolshed.intra_retrieval.spelling import NO_WORDS, KnownWords, corrected
from toolshed.shed.shed import Toolshed
from toolshed_evals.datasets import load_dataset

# To the tools of our sample: written at once, and nothing was chosen by them.
MISSPELT = Path(__file__).with_name("misspelt_requests.tsv")

KNOWN = KnownWords.of(dict.fromkeys("invoice refund schedule translate calendar kubernetes".split(), 1.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refudn the invioce", "refund the invoice"),
        ("shcedule a meeting tomorow", "schedule a meeting tomorrow"),
        ("put it in my calandar", "put it in my calendar"),
        ("kuberntes pods", "kubernetes pods"),
        # Two slips in a long word that a tool has.
        ("trannslaet this", "translate this"),
        ("send it, plese.", "send it, please."),
    ],
)
def test_slips_become_the_word_that_was_meant(text: str, expected: str) -> None:
    assert corrected(text, KNOWN) == expected


@pytest.mark.parametrize(
    "text",
    [
        "refund the invoice",
        "mail Priyanka about it",
        "open /var/logz/invioce.txt",
        "call getInvioce now",
        "user@invioce.com",
        "Bitte schick mir die Rechnung mit dem Kalendar",
        "the xqzzvk thing",
        "'invioce' is how they spell it",
    ],
)
def test_what_may_be_meant_stays(text: str) -> None:
    assert corrected(text, KNOWN) == text


def test_a_catalog_without_words_corrects_by_english_alone() -> None:
    assert corrected("wich flihgt", NO_WORDS) == "which flight"


def test_hundreds_of_odd_words_take_little_time() -> None:
    assert corrected("qqzzx wvvkq " * 500, KNOWN)


def test_a_piece_of_a_long_word_is_no_word() -> None:
    identifier = "getuserpreferencesbyaccountid"
    assert corrected(identifier, KNOWN) == identifier


def test_misspelt_requests_find_their_tools() -> None:
    asked = [line.split("\t") for line in MISSPELT.read_text(encoding="utf-8").splitlines()]
    with Toolshed("memory:") as shed:
        shed.sync_catalogs([load_dataset("evals/toolshed_evals/sample").catalog])
        found = {text: shed.search(text, k=3) for text, _ in asked}
    assert len(asked) == 100
    assert sum(tool in [one.tool.name for one in found[text].tools] for text, tool in asked) >= 95
    assert [text for text, result in found.items() if result.status == "no_match"] == []
