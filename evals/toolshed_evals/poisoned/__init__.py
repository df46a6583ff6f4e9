"""Definitions that were poisoned after public reports, and how many of them the scanner finds."""

import json
from collections.abc import Iterator
from pathlib import Path

from toolshed.types import EMPTY_SCHEMA, ToolDefinition

_FILE = Path(__file__).parent / "tools.jsonl"


def poisoned_tools() -> Iterator[tuple[str, ToolDefinition]]:
    """Each with its set and family: ``first/shadow``. The second set was written after the rules."""
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        given = {"parameters": dict(EMPTY_SCHEMA), **entry["tool"]}
        yield f"{entry['set']}/{entry['family']}", ToolDefinition(source="poisoned", **given)


def corpus_tools() -> Iterator[tuple[str, ToolDefinition]]:
    """The rows of bastioncorpus as descriptions; its traps are of the family ``corpus/benign``."""
    from bastioncorpus import load_corpus

    for row in load_corpus():
        kind = row.category if row.label == "malicious" else "benign"
        yield f"corpus/{kind}", ToolDefinition("lookup", f"Looks things up. {row.text}", source="corpus")
