"""Token counts are those of the tokenizer, whatever the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE

from toolshed.backbones.minilm import verified_tokenizer
from toolshed.errors import ConfigurationError
from toolshed.legal.tokens import CharacterCounter, WordPieceCounter, default_counter

TOKENIZER = verified_tokenizer()
COUNTER = WordPieceCounter(TOKENIZER)
PIECES = st.sampled_from(
    [
        "indemnification",
        " ",
        "U.S.C.",
        "Müller",
        "§§",
        "漢字",
        "\x0c",
        "\x85",
        "\u2028",
        "_",
        "x" * 120,
        "\n\t",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES | st.text(max_size=3)).map("".join)))
def test_counts_are_exact(text: str) -> None:
    clean = text.encode("utf-8", "replace").decode()
    assert COUNTER.count(clean) == len(TOKENIZER.encode(clean, add_special_tokens=False).ids)


def test_counts_add_up_where_texts_are_split_at_white_space() -> None:
    words = (
        "The Supplier (Harrow & Pike, Inc.) shall indemnify—and hold harmless—Customer’s affiliates.".split()
    )
    assert sum(map(COUNTER.count, words)) == COUNTER.count(" ".join(words))


def test_other_tokenizers_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="BERT"):
        WordPieceCounter(Tokenizer(BPE()))


def test_the_default_counts_as_the_default_encoder_does() -> None:
    assert default_counter().count("indemnification") == len(TOKENIZER.encode("indemnification").ids) - 2


def test_characters_stand_in_for_tokens() -> None:
    assert [CharacterCounter().count("a" * n) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]
