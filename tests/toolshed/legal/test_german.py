"""German sentences, by rules."""

import pytest

from toolshed.legal.german import german_spans


@pytest.mark.parametrize(
    "marked",
    [
        "Der Mieter zahlt bis zum 3. Mai 2021.| Das gilt auch für Boote.",
        "Näheres regelt Absatz 2.| Die Behörde kann davon abweichen.",
        "Er haftet nach § 823 Abs. 1 BGB i. V. m. Art. 2 Abs. 1 GG.| Vgl. BGH, Urt. v. 4. 6. 2019, Rn. 7 ff.",
        "Dazu zählen z. B. Stege, Bojen usw.| Der Hafen ist ausgenommen.",
        "Das Gesetz gilt für Boote bis 15 m.| Es gilt nicht für Schiffe.",
        "Das war im Jahr 2019.| Am Steg lag ein Boot.",
        "§ 3 Gebühren|\n\n(1)| Die Gebühr beträgt 5 Euro.|\n\n(2)| Absatz 1 gilt nicht für|\n\n1. Boote.",
        "Was folgt daraus?| Nichts!| „So ist es.“| Die Klage ist unbegründet.",
        "Die Klägerin, die Hafen GmbH, vertreten durch Dr. Anna Weiß, klagt.",
        "",
    ],
)  # fmt: skip
def test_sentences_end_where_they_are_marked(marked: str) -> None:
    text = marked.replace("|", "")
    found = [text[start:end] for start, end in german_spans(text)]
    assert found == [sentence.strip() for sentence in marked.split("|") if sentence.strip()]


def test_lines_that_are_wrapped_end_no_sentence() -> None:
    line = "Der Hafenmeister kann die Erlaubnis widerrufen, wenn die Gebühr nicht\nrechtzeitig gezahlt wird."
    text = " ".join([line] * 6).replace(". Der", ".\nDer")
    assert len(german_spans(text)) == 6
