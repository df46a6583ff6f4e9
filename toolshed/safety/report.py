"""What the scanner finds in many tools."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolshed.safety.allow_list import AllowList
from toolshed.safety.findings import SEVERITIES, SafetyFinding, Severity
from toolshed.safety.names import twin_findings
from toolshed.safety.scanner import scan
from toolshed.types import ToolDefinition


@dataclass(frozen=True, slots=True)
class SafetyReport:
    """All findings, the worst first, then by tool.

    Attributes:
        findings: What was found and not allowed.
        n_tools: How many tools were read.
        n_allowed: How many findings were allowed.
    """

    findings: Sequence[SafetyFinding]
    n_tools: int
    n_allowed: int = 0

    def has(self, severity: Severity) -> bool:
        """Whether there is a finding that bad, or worse."""
        worst = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return any(finding.severity in worst for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {
            "n_tools": self.n_tools,
            "n_allowed": self.n_allowed,
            "findings": [finding.to_json() for finding in self.findings],
        }


def scan_tools(tools: Sequence[ToolDefinition], allowed: AllowList | None = None) -> SafetyReport:
    """Scan definitions, one by one and beside each other.

    Args:
        tools: The definitions.
        allowed: Findings that somebody looked at.
    """
    everything = [finding for tool in tools for finding in scan(tool)] + list(twin_findings(tools))
    kept = (allowed or AllowList()).without(everything)
    kept.sort(key=lambda one: (SEVERITIES.index(one.severity), one.tool_id, one.place, one.rule))
    return SafetyReport(kept, len(tools), len(everything) - len(kept))
