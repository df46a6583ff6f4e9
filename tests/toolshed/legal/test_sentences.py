"""Sentence segmentation: any text round-trips, and the hard cases of legal English come out right."""

import pickle
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolshed.errors import ConfigurationError
from toolshed.legal.sentences import LegalSegmenter, SentenceSegmenter, segmenter_named, tighten

OWN = ["legal", "legal:precise", "legal:strict", "nupunkt", "regex"]
# What legal text brings along: CRLF, tabs, form feeds, OCR noise, odd spaces, marks of all kinds.
NOISE = (
    st.sampled_from(list(" \n\r\t\x0c\u2028\xa0\u200b.?!:;,\"'“”‘’()[]*§¶…—•_\x95\x97abcAB12ﬁé漢"))
    | st.characters()
)
PIECES = st.sampled_from(
    [
        "See ",
        "Id. at 3.",
        "38 U.S.C. § 1110",
        "\r\n",
        "\n\n",
        "*904 ",
        "(a) ",
        "[17] ",
        "1.2 ",
        ". . . ",
        "v. ",
        "  ",
    ]
)
TEXTS = st.one_of(st.text(NOISE, max_size=120), st.lists(PIECES | st.text(NOISE, max_size=8)).map("".join))


def sentences(text: str, name: str = "legal") -> list[str]:
    return [text[start:end] for start, end in segmenter_named(name).spans(text)]


def assert_round_trips(segmenter: SentenceSegmenter, text: str) -> None:
    spans = segmenter.spans(text)
    bounds = [0, *(offset for span in spans for offset in span), len(text)]
    assert bounds == sorted(bounds)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    gaps = [text[end:start] for end, start in zip(bounds[::2], bounds[1::2], strict=True)]
    assert not "".join(gaps).strip()


@pytest.mark.parametrize("name", OWN)
@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_any_text_round_trips(name: str, text: str) -> None:
    assert_round_trips(segmenter_named(name), text)


@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_any_text_round_trips_through_charboundary(text: str) -> None:
    pytest.importorskip("charboundary")
    assert_round_trips(segmenter_named("charboundary"), text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 10_000_000, id="one-word"),
        pytest.param("word " * 2_000_000, id="one-line"),
        pytest.param('."' * 500_000, id="stops-and-quotes"),
        pytest.param(".[1]" * 250_000, id="note-references"),
        pytest.param("*1 " * 100_000, id="star-pages"),
        pytest.param("(a) " * 500_000, id="enumerators"),
        pytest.param("\n(a) " * 50_000, id="enumerators-on-lines"),
        pytest.param("a" + " " * 5_000_000 + "b", id="white-space"),
        pytest.param(("a" + " " * 50 + "\n") * 50_000, id="trailing-spaces"),
        pytest.param(". " * 200_000, id="stops"),
    ],
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    # Quadratic time would not come back from any of these.
    assert_round_trips(segmenter_named("legal"), text)


@pytest.mark.parametrize(
    "text",
    [
        "The claim was denied.| 38 U.S.C.A. § 1110 (West 2002); 38 C.F.R. § 3.303(a).| He appealed.",
        "We affirm.| See Smith v. Jones Mfg. Co., 12 F.3d 34, 56 (2d Cir. 1993).| The rest is clear.",
        "He works for the U.S. Dep't of Justice.| His firm, Acme Inc., dissolved.",
        "The point is settled.[17]| In 1990 the rule changed.",
        'He asked, "Why?"| No one answered.',
        "The hearing began at 9 a.m. on Jan. 5, 2004, before Hon. A. B. Cole, Jr.| It ended at noon.",
        "Pub. L. No. 105-304, 112 Stat. 2860 (Oct. 28, 1998), is silent.| So is the Code.",
        "ORDER|\n\nThe appeal is denied.|\n\n1.| Schedule an examination.|\n\n(a)| Did it begin in service?",
        "Customer shall pay the fees, see Section 2.1(a).| Late amounts bear interest.",
        'It is made by and between Oakum & Pitch, Inc., a Del. corp. ("Oakum"), and Tarn Ltd. (the "Buyer").',
        "She walked in.| He told me so.| The car would not start.",
        "1.2| “Losses” means all losses, e.g., costs.|\r\n\r\n1.3| “Term” has the meaning given in Sec. 9.",
    ],
)
def test_the_hard_cases_of_legal_english(text: str) -> None:
    expected = [piece.strip() for piece in text.split("|")]
    assert sentences(text.replace("|", "")) == expected


def test_hard_wrapped_lines_are_joined_and_short_ones_are_not() -> None:
    text = (
        "ARTICLE 2. TERM\n\n"
        "This Agreement begins on the Effective Date and continues for three years\n"
        "unless it is terminated earlier in accordance with Section 9. The parties\n"
        "may renew it in writing. Renewal terms last one year each, and no renewal\n"
        "is implied by conduct.\n\n"
        "Notices go to:\n"
        "Harrow & Pike, Inc.\n"
        "1200 Market St.\n"
        "Wilmington, Del. 19801\n"
    )
    found = sentences(text)
    assert any(
        sentence.endswith("with Section 9.") and "three years\nunless" in sentence for sentence in found
    )
    assert "Renewal terms last one year each, and no renewal\nis implied by conduct." in found
    assert found[0] == "ARTICLE 2."


def test_stricter_presets_find_fewer_boundaries_and_no_others() -> None:
    text = "See Smith et al. The rule is old. It was cited in Jones Co. In 1990 it fell at 5 p.m. Then\nend."
    found = [
        {end for _, end in segmenter_named(name).spans(text)}
        for name in ("legal", "legal:precise", "legal:strict")
    ]
    assert all(stricter <= looser for looser, stricter in pairwise(found))
    assert len(found[0]) > 2


def test_empty_and_blank_texts_have_no_sentences() -> None:
    for name in OWN:
        assert segmenter_named(name).spans("") == segmenter_named(name).spans(" \n\t ") == []


def test_the_version_tells_preset_and_weights() -> None:
    versions = {LegalSegmenter().version, LegalSegmenter("precise").version}
    assert len(versions) == 2
    assert all(len(version.split(":")) == 3 for version in versions)


@pytest.mark.parametrize("name", ["punkt", "legal:exact"])
def test_an_unknown_segmenter_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"choose one of .*legal"):
        segmenter_named(name)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="balanced, precise, strict"):
        LegalSegmenter("exact")


def test_tighten_gives_what_was_left_out_to_the_next_span() -> None:
    assert tighten(" a b  c ", [(1, 2), (6, 7)]) == [(1, 2), (3, 7)]
    assert tighten("a b", []) == [(0, 3)]


def test_spans_are_plain_data() -> None:
    spans = segmenter_named("legal").spans("It is. So be it.")
    assert pickle.loads(pickle.dumps(spans)) == [(0, 6), (7, 16)]


INSTRUMENTS = {
    "wrapped capitals": [
        "THE BUYER'S SOLE REMEDY FOR BREACH OF THIS WARRANTY IS A REFUND OF THE PRICE PAID.",
        "SELLER\nDISCLAIMS ALL OTHER WARRANTIES, EXPRESS OR IMPLIED.",
        "SELLER\nDOES NOT PROMISE THAT THE BOAT IS FREE OF DEFECTS.",
    ],
    "items of a list": [
        "The Lender may terminate this Agreement upon any of these events:",
        "(a)",
        "the Borrower fails to pay the fee when due;\nor",
        "(b)",
        "the Borrower sells the boat; or",
        "(c)",
        "the Borrower becomes insolvent.",
    ],
    "recitals": [
        "WHEREAS, the Tenant and the Landlord are parties to a lease dated June 1, 2018;",
        "WHEREAS, the Tenant has asked the Landlord to extend it; and",
        "WHEREAS, the Landlord has agreed to do so.",
    ],
    "subsections": [
        "(1)",
        "A person must not moor a vessel except under a licence.",
        "(2)",
        "Regulations under this section may make provision about fees.",
    ],
}


@pytest.mark.parametrize("kind", INSTRUMENTS)
def test_contracts_and_statutes_are_cut_at_their_items(kind: str) -> None:
    sentences = INSTRUMENTS[kind]
    gaps = [" " if len(sentence) < 4 else "\n\n" for sentence in sentences]
    if kind == "wrapped capitals":
        gaps = [" "] * len(sentences)
    text = "".join(sentence + gap for sentence, gap in zip(sentences, gaps, strict=True))
    assert [text[start:end] for start, end in LegalSegmenter().spans(text)] == sentences


FOREIGN = {
    "French": [
        "Le loyer est dû selon l'art. 12 du bail.",
        "Il est porté à M. Durand le 1er de chaque mois.",
        "Il n'est pas dû au sens de l'art. L. 5000-2 du code.",
    ],
    "Spanish": ["El arrendatario pagará la renta conforme al art. 5 de la ley.", "La renta es mensual."],
    "Italian": ["Il conduttore paga il canone ai sensi dell'art. 7 della legge.", "Il contratto è scritto."],
    "Portuguese": ["O locatário paga a renda nos termos do art. 9.º da lei.", "A renda é paga no dia 1."],
}


@pytest.mark.parametrize("language", FOREIGN)
def test_other_languages_have_their_own_abbreviations(language: str) -> None:
    sentences = FOREIGN[language]
    text = " ".join(sentences)
    assert [text[start:end] for start, end in LegalSegmenter().spans(text)] == sentences


def test_in_a_language_that_is_not_known_only_sure_boundaries_are_taken() -> None:
    text = "Najemca płaci czynsz ul. Długa 5. Umowa zawarta dn. 3 maja przez p. Nowak jest ważna. " * 8
    found = LegalSegmenter().spans(text)
    assert not any(text[start:end].endswith((" ul.", " dn.", " p.")) for start, end in found)


def test_a_year_in_brackets_at_the_start_of_a_line_is_no_enumerator() -> None:
    assert sentences("[2019] UKSC 41 was followed.\n\n[12] I agree.") == [
        "[2019] UKSC 41 was followed.",
        "[12]",
        "I agree.",
    ]
