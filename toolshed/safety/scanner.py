"""Scan a tool definition: every text that a model may read, by every rule."""

import re
from collections.abc import Iterator

from toolshed.safety.findings import SafetyFinding
from toolshed.safety.instructions import instructions_in
from toolshed.safety.learned_wordings import learned_wordings
from toolshed.safety.places import MAX_CHARACTERS, Place, places_of
from toolshed.safety.signs import signs_in
from toolshed.types import ToolDefinition

_NAME_BREAK = re.compile(r"[_\-.]|(?<=[a-z])(?=[A-Z])")


def scan(tool: ToolDefinition) -> list[SafetyFinding]:
    """Everything in a definition that may be meant to harm; in the order of its texts.

    The time is linear in the size of the definition, of which :data:`MAX_CHARACTERS` are read.
    """
    findings = []
    n_left = MAX_CHARACTERS
    for place in places_of(tool):
        if len(place.text) > n_left:
            findings.append(_finding("unscanned", tool, place, place.text[n_left : n_left + 200]))
        text = place.text[:n_left]
        if text:
            findings += _findings(tool, Place(place.path, text, place.is_name))
        if len(place.text) > n_left:
            break
        n_left -= len(text)
    return findings


def _findings(tool: ToolDefinition, place: Place) -> Iterator[SafetyFinding]:
    for sign in signs_in(place.text, is_name=place.is_name):
        yield _finding(sign.rule, tool, place, sign.excerpt)
    text = _NAME_BREAK.sub(" ", place.text) if place.is_name else place.text
    # A word or two order nothing.
    if len(text) >= 16:
        matches = instructions_in(text)
        for match in matches:
            yield _finding(match.rule, tool, place, match.excerpt)
        told = None if matches or place.is_name else learned_wordings().told_of(text)
        if told is not None:
            yield _finding("wording", tool, place, told)


def _finding(rule: str, tool: ToolDefinition, place: Place, excerpt: str) -> SafetyFinding:
    return SafetyFinding.of(rule, tool.tool_id, place.path, place.text, excerpt)
