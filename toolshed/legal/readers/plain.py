"""Plain text in any encoding."""

import codecs
from pathlib import Path

from charset_normalizer import from_bytes

from toolshed.errors import SourceError
from toolshed.legal.readers.files import Content

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive or an Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
}
_SAMPLE = 256 * 2**10
# Text has line ends, tabs and form feeds, and next to no other control characters.
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_MAX_CONTROLS = 0.02
_WESTERN = frozenset(
    "àâäáãçéèêëîïíìñôöóòõùûüúœæßÀÂÄÁÃÇÉÈÊËÎÏÍÌÑÔÖÓÒÕÙÛÜÚŒÆ«»‘’“”„–—…•§°ºª©®£€¡¿´·²³½\xa0\xad"
)
_LEAST_WESTERN = 0.97


def read(data: bytes, path: Path) -> Content:
    """Read plain text."""
    return Content(decoded(data, path))


def decoded(data: bytes, path: Path) -> str:
    """Bytes as text: by the byte order mark, as UTF-8, or in the encoding that fits.

    Raises:
        SourceError: If they are no text, or text that is damaged.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strictly(data, encoding, path)
    _refuse_binary(data, path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _in_other_encoding(data, path, error)


def _strictly(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{str(path)!r} begins as {encoding.removesuffix('-sig').upper()} and holds bytes that are not, "
            f"at byte {error.start:,}; save it again as UTF-8"
        ) from error


def _refuse_binary(data: bytes, path: Path) -> None:
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise SourceError(f"{str(path)!r} is no text but {kind}; give it the suffix of its kind")
    sample = data[:_SAMPLE]
    n_controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if n_controls > _MAX_CONTROLS * len(sample):
        raise SourceError(f"{str(path)!r} is no text: it holds binary data. Convert it to text first")


def _as_western(data: bytes) -> str | None:
    """Text in Windows' code page for Western Europe, where its letters are those that are used there.

    Detection by statistics takes the French of a short text for another language's.
    """
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    beyond = [character for character in text[:_SAMPLE] if character > "\x7f"]
    n_known = sum(character in _WESTERN for character in beyond)
    return text if n_known >= _LEAST_WESTERN * len(beyond) else None


def _in_other_encoding(data: bytes, path: Path, error: UnicodeDecodeError) -> str:
    """Text in another encoding than UTF-8; damaged UTF-8 is refused rather than misread."""
    as_utf8 = data.decode("utf-8", "replace")
    n_bad = as_utf8.count("\ufffd")
    n_good = sum(character > "\x7f" for character in as_utf8) - n_bad
    is_damaged = n_good > n_bad
    western = None if is_damaged else _as_western(data)
    if western is not None:
        return western
    best = None if is_damaged else from_bytes(data[:_SAMPLE]).best()
    if best is not None:
        try:
            return data.decode(best.encoding)
        except UnicodeDecodeError:
            pass
    raise SourceError(
        f"{str(path)!r} holds bytes that are no text in UTF-8, the first at byte {error.start:,}, "
        "and no other encoding fits; save it again as UTF-8"
    ) from error
