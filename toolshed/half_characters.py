"""Half characters: lone surrogates, which JSON can hold and no encoding of text can."""


def without_half_characters(text: str) -> str:
    """A text as stores and tokenizers take it: as long, with "?" for each lone surrogate."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
