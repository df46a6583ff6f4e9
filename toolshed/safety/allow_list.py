"""Findings that somebody looked at and allowed: by tool, rule and the very text."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from toolshed.errors import ConfigurationError
from toolshed.safety.findings import RULES_BY_NAME, SafetyFinding

_FORM = (
    '[{"tool_id": "crm:find", "rule": "order", "text_hash": "..."}], as toolshed lint --safety --json prints'
)
_MAX_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class AllowList:
    """What is allowed: a text that changes is found again.

    Attributes:
        entries: Tool id, rule and hash of the text.
    """

    entries: frozenset[tuple[str, str, str]] = frozenset()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a JSON file of findings.

        Raises:
            ConfigurationError: If it cannot be read, or an entry is none.
        """
        try:
            if Path(path).stat().st_size > _MAX_BYTES:
                raise ConfigurationError(
                    f"the allow list {str(path)!r} is larger than {_MAX_BYTES // 2**20} MB"
                )
            found = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigurationError(f"the allow list {str(path)!r} cannot be read: {error}") from error
        listed = found.get("findings") if isinstance(found, dict) else found
        if not isinstance(listed, list):
            raise ConfigurationError(f"the allow list {str(path)!r} is no list; write {_FORM}")
        return cls(frozenset(_entry(entry, str(path)) for entry in listed))

    def without(self, findings: Iterable[SafetyFinding]) -> list[SafetyFinding]:
        """The findings that nobody allowed."""
        return [one for one in findings if (one.tool_id, one.rule, one.text_hash) not in self.entries]


def _entry(entry: Any, path: str) -> tuple[str, str, str]:
    """Any: JSON of users."""
    wanted = ("tool_id", "rule", "text_hash")
    if not isinstance(entry, Mapping) or not all(isinstance(entry.get(name), str) for name in wanted):
        raise ConfigurationError(f"the allow list {path!r} holds {str(entry)[:100]!r}; write {_FORM}")
    if entry["rule"] not in RULES_BY_NAME:
        raise ConfigurationError(
            f"the allow list {path!r} names the rule {entry['rule'][:80]!r}; "
            f"there are {', '.join(RULES_BY_NAME)}"
        )
    return entry["tool_id"], entry["rule"], entry["text_hash"]
