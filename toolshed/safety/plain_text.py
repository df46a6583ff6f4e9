"""Texts as a model reads them: without disguise, and decoded where they hold something encoded."""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote

# Letters of other scripts by the Latin ones that they look like (Unicode TR 39, those that matter).
LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһӏԛԝьвгкмнтАВЕЅІЈКМНОРСТХУҮαοεικνρτυχγηΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıօսհոցԍℓ",
    "aeopcyxijsdhlqwbbrkmhtABESIJKMHOPCTXYYaoeikvptuxynABEZHIKMNOPTYXagiouhnggl",
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{8,}")
_ESCAPE = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_BASE32 = re.compile(r"[A-Z2-7]{24,}={0,6}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[\s:]?){16,}")
_BITS = re.compile(r"(?:[01]{8}\s?){6,}")
_CODES = re.compile(r"(?:\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{1,6};|%[0-9a-fA-F]{2}){3,}")
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_ASCII85 = re.compile(r"<~[!-u\s]{16,}~>")
_BASE85 = re.compile(r"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{40,}")
_SPACED = re.compile(r"(?<!\w)(?:\w[ ._*-]){3,}\w(?!\w)")
_MORSE = re.compile(r"(?<![.-])(?:[.-]{1,6}(?: / | |$)){12,}")
_LEET = str.maketrans("0134578@$", "oieastbas")
_MORSE_LETTERS = dict(
    zip(
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..-"
        " -.-- --..".split(),
        "abcdefghijklmnopqrstuvwxyz",
        strict=True,
    )
)
_MAX_DECODED = 20_000


def undisguised(text: str) -> str:
    """A text in plain letters: forms folded, look-alikes replaced, and what is invisible left out."""
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", _ESCAPE.sub("", text)))
    return folded if folded.isascii() else folded.translate(LOOK_ALIKES)


def without_accents(text: str) -> str:
    """A text in which letters have no accents."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def decoded(text: str) -> Iterator[tuple[str, str]]:
    """What is written in a text in an encoding, with its name; only what reads like a text."""
    yield from _once(text)
    whole = undisguised(text)
    if len(_PERCENT.findall(text)) >= 3:
        yield "escapes", unquote(text)
    if _is_dense(whole):
        yield "leet", whole.translate(_LEET)
    if len(whole) <= _MAX_DECODED:
        yield "rot13", codecs.encode(whole, "rot13")
        yield "reversed", whole[::-1]
    if _SPACED.search(whole):
        yield "spaced", _SPACED.sub(lambda found: re.sub(r"[ ._*-]", "", found[0]), whole)


def _once(text: str) -> Iterator[tuple[str, str]]:
    for name, pattern, decode in _CODINGS:
        for found in pattern.finditer(text):
            try:
                said = decode(found[0])
            except (ValueError, binascii.Error):
                continue
            if _reads_like_text(said):
                yield name, said


def _from_base64(text: str) -> str:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8")


def _from_base32(text: str) -> str:
    plain = text.rstrip("=")
    return base64.b32decode(plain + "=" * (-len(plain) % 8)).decode("utf-8")


def _from_hex(text: str) -> str:
    return bytes.fromhex(re.sub(r"[\s:]", "", text)).decode("utf-8")


def _from_bits(text: str) -> str:
    digits = "".join(text.split())
    return bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits) - 7, 8)).decode("utf-8")


def _from_codes(text: str) -> str:
    if text.startswith("\\"):
        return re.sub(r"\\[ux]([0-9a-fA-F]+)", lambda found: chr(int(found[1], 16)), text)
    return html.unescape(text) if text.startswith("&") else unquote(text, errors="strict")


def _from_tags(text: str) -> str:
    return "".join(chr(ord(letter) - 0xE0000) for letter in text)


def _from_selectors(text: str) -> str:
    codes = (ord(letter) for letter in text)
    return bytes(code - 0xFE00 if code < 0xE0000 else code - 0xE0100 + 16 for code in codes).decode("utf-8")


def _from_morse(text: str) -> str:
    words = text.strip().split(" / ")
    return " ".join("".join(_MORSE_LETTERS.get(sign, "?") for sign in word.split()) for word in words)


_CODINGS: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("tags", _TAGS, _from_tags),
    ("variation selectors", _SELECTORS, _from_selectors),
    ("base32", _BASE32, _from_base32),
    ("base64", _BASE64, _from_base64),
    ("ascii85", _ASCII85, lambda text: base64.a85decode(text, adobe=True).decode("utf-8")),
    ("base85", _BASE85, lambda text: base64.b85decode(text).decode("utf-8")),
    ("hexadecimal", _HEX, _from_hex),
    ("binary", _BITS, _from_bits),
    ("escapes", _CODES, _from_codes),
    ("morse", _MORSE, _from_morse),
)


def _reads_like_text(said: str) -> bool:
    if len(said) < 3:
        return False
    n_plain = sum(letter.isalpha() or letter in " \n.,'!?" for letter in said)
    return n_plain >= 0.7 * len(said)


def _is_dense(text: str) -> bool:
    """Whether digits stand within words, as in ``1gn0r3``."""
    return (
        len(re.findall(r"(?i)[a-z][0134578@$]{1,3}[a-z]|(?<!\w)[0134578@$][a-z]", text[:_MAX_DECODED])) >= 4
    )
