"""Passages: exact offsets, whole sentences, within the budget, with what belongs together."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.toolshed.legal.test_sentences import TEXTS
from toolshed.documents import LegalDocument, Passage, joined_text
from toolshed.legal.passages import PassageOptions, build_passages
from toolshed.legal.tokens import CharacterCounter, default_counter

FILLER = "The committee considered the matter at length and then adjourned until the following week. "


def passages(text: str, budget: int = 254, **document: object) -> list[Passage]:
    made = LegalDocument("d", text, **document)  # type: ignore[arg-type]  # its own fields
    return build_passages(made, options=PassageOptions(budget=budget))


def assert_exact(text: str, found: list[Passage], budget: int) -> None:
    assert all(text[passage.start : passage.end] == passage.text for passage in found)
    assert joined_text(found) == text.strip()
    assert [passage.ordinal for passage in found] == list(range(len(found)))
    for passage in found:
        assert passage.n_tokens <= budget
        assert default_counter().count(passage.encoded_text) <= budget
        assert passage.sentences[0][0] == passage.start
        assert passage.sentences[-1][1] == passage.end


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, budget=st.sampled_from([8, 30, 254]))
# A form feed joins words that it seems to part, and the longer text has fewer tokens.
@example(text="0:0:0:00002\x0c¸0{0", budget=8)
@example(text="Owe0\x850\nIV.1.1\x0c\x0cxq\x0b¸§0\x85", budget=8)
def test_any_text_is_held_whole_and_within_the_budget(text: str, budget: int) -> None:
    clean = text.encode("utf-8", "replace").decode()
    assert_exact(clean, passages(clean, budget), budget)


def test_sentences_are_packed_and_never_cut() -> None:
    text = FILLER * 60
    found = passages(text)
    assert_exact(text, found, 254)
    assert all(
        passage.text.startswith("The committee") and passage.text.endswith("week.") for passage in found
    )
    assert not any(passage.is_partial for passage in found)
    assert all(passage.n_tokens > 200 for passage in found[:-1])


def test_a_citation_stays_with_what_it_supports() -> None:
    claim = (
        "A plaintiff must plead facts that make the claim plausible on its face and not merely conceivable."
    )
    citation = "Bell Atl. Corp. v. Twombly, 550 U.S. 544, 570 (2007)."
    for n_before in range(1, 16):
        text = FILLER * n_before + claim + " " + citation + " " + FILLER * 3
        holder = [passage for passage in passages(text, 120) if citation in passage.text]
        assert len(holder) == 1
        assert claim in holder[0].text


def test_headings_and_enumerators_go_with_what_follows() -> None:
    for n_before in range(1, 14):
        text = (
            FILLER * n_before
            + "\n\nIV. DISCUSSION\n\n(a) The first point is that nothing was decided.\n\n"
            + FILLER
        )
        for passage in passages(text, 100):
            assert not passage.text.endswith(("DISCUSSION", "IV.", "(a)"))


def test_a_passage_prefers_to_end_where_a_section_does() -> None:
    text = f"1.1 Fees. {FILLER * 4}\n\n1.2 Taxes. {FILLER * 4}\n\n1.3 Audit. {FILLER * 4}"
    found = passages(text, 150)
    assert [passage.section_path for passage in found] == [("1.1 Fees",), ("1.2 Taxes",), ("1.3 Audit",)]


def test_short_sections_share_a_passage_and_each_offset_knows_its_section() -> None:
    text = "1.1 Fees. Fees are due.\n\n1.2 Taxes. Taxes are extra.\n\n1.3 Audit. Audits are rare."
    (passage,) = passages(text)
    labels = [passage.section_at(text.index(word)) for word in ("Fees are", "Taxes are", "Audits")]
    assert [section.path[-1] for section in labels if section] == ["1.1 Fees", "1.2 Taxes", "1.3 Audit"]


def test_the_header_is_counted_and_is_no_part_of_the_text() -> None:
    text = f"ARTICLE II\nSERVICES\n\n2.1 Scope. {FILLER * 8}"
    found = passages(text, 120, title="Master Services Agreement")
    assert found[1].header == "Master Services Agreement > ARTICLE II SERVICES > 2.1 Scope"
    assert "Master Services" not in found[1].text
    assert_exact(text, found, 120)


def test_a_sentence_over_the_budget_is_cut_at_a_clause_and_marked() -> None:
    clause = "the supplier shall keep the records of every transaction for seven years"
    text = "; ".join([clause] * 40) + "."
    found = passages(text, 100)
    assert_exact(text, found, 100)
    assert all(passage.is_partial for passage in found)
    assert all(passage.text.endswith((";", ".")) for passage in found)


def test_a_word_without_end_is_cut_anywhere() -> None:
    found = passages("x" * 20_000 + " end.", 50)
    assert_exact("x" * 20_000 + " end.", found, 50)
    assert max(len(passage.text) for passage in found) <= 50 * 16


def test_a_sentence_of_megabytes_is_cut_in_linear_time() -> None:
    # Quadratic copying took minutes for this.
    text = "word " * 1_500_000
    found = passages(text)
    assert sum(len(passage.text.split()) for passage in found) == 1_500_000


def test_pages_are_told() -> None:
    text = FILLER * 12
    found = passages(text, 60, page_starts=(0, 300, 600))
    assert (found[0].page, found[0].last_page) == (1, 1)
    assert found[-1].last_page == 3
    assert all((passage.page or 0) <= (passage.last_page or 0) for passage in found)


def test_counters_that_do_not_add_up_keep_to_the_budget_too() -> None:
    text = ("One short sentence.\n\n\n\n\n\n" * 40).strip()
    found = build_passages(
        LegalDocument("d", text), options=PassageOptions(budget=40), counter=CharacterCounter()
    )
    assert joined_text(found) == text
    assert all(CharacterCounter().count(passage.text) <= 40 for passage in found)


def test_ids_are_the_same_when_made_again_and_others_for_another_budget() -> None:
    text = FILLER * 10
    first, again, other = passages(text, 60), passages(text, 60), passages(text, 61)
    assert [p.passage_id for p in first] == [p.passage_id for p in again]
    assert not {p.passage_id for p in first} & {p.passage_id for p in other}


def test_an_empty_document_has_no_passages() -> None:
    assert passages("") == passages(" \n ") == []
