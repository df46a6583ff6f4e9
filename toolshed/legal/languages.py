"""The language of a legal text, and whether it lays down or decides, told by its words."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "fr", "es", "it", "pt", "de", "unknown"]

# Words of the law and of every text; those that several of these languages share tell little and are few.
_COMMON: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": """a an the of and to in is that for shall be by or with any such as this not which under from
            on are it was may has have an at its will""",
        "fr": """le la les des et en est une dans par pour qui que aux sur du au ne pas ou cette son sont il
            se à où été d ce ces leur être sans avec article""",
        "es": """el la los las de del que en y por una con para se al su no lo como sus será este esta ley
            artículo cuando son ser""",
        "it": """il la le di che in del della dei per una con non al si alla nel sono gli da delle dal è
            articolo legge essere dalla""",
        "pt": """os as do da dos das que em por uma com para não no na se ao ou um pela pelo são lei
            artigo seu sua nos""",
        "de": """der die das und in den von zu des dem ist mit für nicht auf im ein eine nach oder durch wird
            werden sich sind bei als auch gesetz""",
    }.items()
}
# What courts write, and what contracts, statutes and terms do.
_OF_DECISIONS = frozenset(
    """court courts plaintiff plaintiffs defendant defendants appellant appellants appellee petitioner
    petitioners respondent judge justice v vs opinion affirmed reversed remanded veteran evidence trial
    jury testimony id supra motion appeal held convicted officer district circuit cir supp dissent""".split()
)
_OF_INSTRUMENTS = frozenset(
    """agreement agreements party parties hereby herein hereto hereof hereunder thereof licensee licensor
    tenant landlord lessee lessor borrower lender lenders customer supplier vendor buyer seller services
    terms you your we our subsection clause schedule whereas recitals shall must regulations regulation
    directive article member states act commission secretary warranty warranties disclaims indemnify
    confidential termination company lease licence license schedules exhibit""".split()
)
_WORD = re.compile(r"[^\W\d_]+")
# Samples from all over a text: its first pages may be a caption, and a part may quote another language.
_N_SAMPLES, _SAMPLE = 8, 250
# Running text of a language has a third of these words and more, of several kinds; lists have fewer.
_LEAST_SHARE, _LEAST_KINDS = 0.12, 3
# A shorter text that shows no language is taken for English, whose model knows captions and headings.
_MANY_WORDS = 60


def language_of(text: str) -> Language:
    """The language of a text: ``unknown`` for running text that is in none of those that are known."""
    words = [word.lower() for word in _WORD.findall(_sampled(text))]
    counts = Counter(words)
    found: dict[Language, int] = {
        language: sum(counts[word] for word in common)  # type: ignore[misc]  # the keys are languages
        for language, common in _COMMON.items()
    }
    best = max(found, key=lambda language: found[language])
    n_kinds = sum(counts[word] > 0 for word in _COMMON[best])
    if found[best] >= max(2, _LEAST_SHARE * len(words)) and n_kinds >= min(_LEAST_KINDS, len(words) // 10):
        return best
    return "unknown" if len(words) >= _MANY_WORDS or _is_foreign_script(text) else "en"


def is_instrument(text: str) -> bool:
    """Whether an English text is a contract, a statute or terms, or shows no sign of being a decision."""
    counts = Counter(word.lower() for word in _WORD.findall(_sampled(text)))
    return sum(counts[word] for word in _OF_INSTRUMENTS) >= 2 * sum(counts[word] for word in _OF_DECISIONS)


def _sampled(text: str) -> str:
    if len(text) <= _N_SAMPLES * _SAMPLE:
        return text
    step = len(text) // _N_SAMPLES
    return " ".join(text[start : start + _SAMPLE] for start in range(0, step * _N_SAMPLES, step))


def _is_foreign_script(text: str) -> bool:
    """Whether most letters of a text are beyond those of Western and Central Europe."""
    letters = [character for character in text[: _N_SAMPLES * _SAMPLE] if character.isalpha()]
    return sum(letter > "\u024f" for letter in letters) > len(letters) / 2
