"""Numbers that Word computes for its lists (``w:numPr``; ISO 29500-1, 17.9) and does not write in a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from toolshed.legal.readers.docx_package import attribute, child, local
from toolshed.legal.readers.list_numbers import numbered

_MAX_LEVELS = 9
# Styles that are based on each other are followed this far.
_MOST_BASES = 20


@dataclass(frozen=True, slots=True)
class _Level:
    """How one level of a list is numbered."""

    start: int = 1
    kind: str = "decimal"
    text: str = ""
    is_legal: bool = False
    restarts: bool = True


@dataclass(slots=True)
class _List:
    """A list: its levels, and what has been counted on each."""

    levels: dict[int, _Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the paragraphs of a document's lists.

    Args:
        numbering: The part ``numbering.xml``, if there is one.
        styles: The part ``styles.xml``, if there is one; paragraph styles may number too.
    """

    def __init__(self, numbering: etree._Element | None, styles: etree._Element | None) -> None:
        self._styles = _by_id(styles, "style", "styleId")
        self._abstract = _by_id(numbering, "abstractNum", "abstractNumId")
        self._numbers = _by_id(numbering, "num", "numId")
        self._lists: dict[str, _List] = {}
        self._begun: set[str] = set()
        self._overrides: dict[str, dict[int, _Level]] = {}

    def label(self, properties: etree._Element | None, style_id: str) -> str:
        """The number of the next paragraph with these properties, such as ``2.1`` or ``(a)``."""
        number_id, level = self._list_of(properties, style_id)
        if number_id in ("", "0") or number_id not in self._numbers:
            return ""
        counted = self._list(number_id)
        level = min(level, _MAX_LEVELS - 1)
        levels = {**counted.levels, **self._overrides[number_id]}
        self._count(counted, levels, level)
        return _label(levels, counted.counts, level)

    def _list_of(self, properties: etree._Element | None, style_id: str) -> tuple[str, int]:
        """The list and level of a paragraph: its own, or else its style's."""
        own = child(properties, "numPr")
        number_id = attribute(child(own, "numId"), "val")
        level = attribute(child(own, "ilvl"), "val")
        seen = 0
        while style_id in self._styles and not (number_id and level) and seen < _MOST_BASES:
            style = self._styles[style_id]
            of_style = child(style, "pPr", "numPr")
            number_id = number_id or attribute(child(of_style, "numId"), "val")
            level = level or attribute(child(of_style, "ilvl"), "val")
            style_id, seen = attribute(child(style, "basedOn"), "val"), seen + 1
        return number_id, int(level) if level.isdigit() else 0

    def _list(self, number_id: str) -> _List:
        """The counts of a list; lists of one definition go on counting, unless they start anew."""
        abstract_id = self._abstract_id(number_id)
        counted = self._lists.get(abstract_id)
        if counted is None:
            counted = self._lists[abstract_id] = _List(_levels(self._abstract.get(abstract_id)))
        if number_id not in self._begun:
            self._begun.add(number_id)
            self._overrides[number_id] = {}
            for override in self._numbers[number_id]:
                if local(override) == "lvlOverride":
                    self._override(counted, number_id, override)
        return counted

    def _override(self, counted: _List, number_id: str, override: etree._Element) -> None:
        level = attribute(override, "ilvl")
        if not level.isdigit():
            return
        given = child(override, "lvl")
        if given is not None:
            self._overrides[number_id][int(level)] = _level(given)
        start = attribute(child(override, "startOverride"), "val")
        if start.isdigit():
            counted.counts[int(level)] = int(start) - 1

    def _abstract_id(self, number_id: str) -> str:
        """The definition of a list, which may be that of a style."""
        abstract_id = attribute(child(self._numbers[number_id], "abstractNumId"), "val")
        link = attribute(child(self._abstract.get(abstract_id), "numStyleLink"), "val")
        linked = attribute(child(self._styles.get(link), "pPr", "numPr", "numId"), "val")
        if linked in self._numbers and linked != number_id:
            return attribute(child(self._numbers[linked], "abstractNumId"), "val")
        return abstract_id

    @staticmethod
    def _count(counted: _List, levels: Mapping[int, _Level], level: int) -> None:
        for above in range(level):
            counted.counts.setdefault(above, levels.get(above, _Level()).start)
        here = levels.get(level, _Level())
        counted.counts[level] = counted.counts.get(level, here.start - 1) + 1
        for below in [deeper for deeper in counted.counts if deeper > level]:
            if levels.get(below, _Level()).restarts:
                del counted.counts[below]


def _by_id(part: etree._Element | None, name: str, key: str) -> dict[str, etree._Element]:
    return (
        {attribute(found, key): found for found in part if local(found) == name} if part is not None else {}
    )


def _levels(definition: etree._Element | None) -> dict[int, _Level]:
    if definition is None:
        return {}
    found = {attribute(level, "ilvl"): level for level in definition if local(level) == "lvl"}
    return {int(number): _level(level) for number, level in found.items() if number.isdigit()}


def _level(given: etree._Element) -> _Level:
    start = attribute(child(given, "start"), "val")
    kind = child(given, "numFmt")
    legal = child(given, "isLgl")
    return _Level(
        int(start) if start.isdigit() else 0 if start else 1,
        attribute(kind, "val") or "decimal",
        attribute(child(given, "lvlText"), "val"),
        legal is not None and attribute(legal, "val") not in ("0", "false"),
        attribute(child(given, "lvlRestart"), "val") != "0",
    )


def _label(levels: Mapping[int, _Level], counts: Mapping[int, int], level: int) -> str:
    here = levels.get(level, _Level())
    if here.kind == "bullet":
        return "•"
    if here.kind == "none":
        return ""
    label = here.text
    for number in range(level + 1):
        shown = levels.get(number, _Level())
        kind = "decimal" if here.is_legal else shown.kind
        value = counts.get(number, shown.start)
        label = label.replace(f"%{number + 1}", numbered(value, kind))
    return label.strip()
