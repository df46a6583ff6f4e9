import numpy as np
import pytest

from toolshed.stored_texts import StoredTexts

TEXTS = ["send_email", "", "créer_facture 発注", "\ud800 alone", "last\n"]


def test_texts_come_back_by_place_as_they_were() -> None:
    stored = StoredTexts.of(TEXTS)
    assert list(stored) == TEXTS
    assert len(stored) == 5
    assert (stored[-1], stored[1], stored[2:4]) == ("last\n", "", TEXTS[2:4])
    with pytest.raises(IndexError, match="none at 5"):
        stored[5]
    assert list(StoredTexts.of([])) == []


@pytest.mark.parametrize("rows", [[4, 0, 0, 2], [], [3]])
def test_some_of_them_are_taken_in_any_order(rows: list[int]) -> None:
    assert list(StoredTexts.of(TEXTS).take(np.array(rows, np.int64))) == [TEXTS[row] for row in rows]


def test_some_texts_are_decoded_at_once_in_any_order() -> None:
    texts = StoredTexts.of(["Zoë", "", "日本", "\ud800", "a"])
    assert texts.of_rows([3, 0, 2, 0, 1]) == ["\ud800", "Zoë", "日本", "Zoë", ""]
    assert texts.of_rows([]) == []
