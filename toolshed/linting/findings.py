"""What lint finds."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]
SEVERITIES: Sequence[Severity] = ("error", "warning")


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding."""

    name: str
    severity: Severity
    help: str


RULES: Sequence[Rule] = (
    Rule("invalid-entry", "error", "An entry of a source is no tool definition."),
    Rule("no-description", "error", "A tool says nothing of what it does."),
    Rule("not-found", "error", "Requests in its own words do not find a tool."),
    Rule("colliding-names", "warning", "Tools have one name, so that their sources have to tell them apart."),
    Rule("huge-definition", "warning", "A definition takes more tokens than many requests have room for."),
    Rule("illegal-name", "warning", "A provider refuses the name; it is exported under another."),
    Rule("near-duplicate", "warning", "Two tools say nearly the same, so that a model cannot choose."),
    Rule("outranked", "warning", "Requests in its own words find another tool before it."),
    Rule("refused-arguments", "warning", "A provider refuses argument names; they are exported as others."),
    Rule("refused-schema", "warning", "Providers refuse the schema as it is; it is exported rewritten."),
    Rule("thin-description", "warning", "A description says no more than the name, or hardly anything."),
    Rule("undescribed-arguments", "warning", "Arguments say nothing of what they take."),
)
_BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend.

    Attributes:
        rule: Name of its rule, see :data:`RULES`.
        tool_id: The tool, or what stands for it where there is none.
        message: What is wrong, and what to do.
        others: The other tools that it is about.
    """

    rule: str
    tool_id: str
    message: str
    others: Sequence[str] = ()

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return _BY_NAME[self.rule].severity

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {
            "severity": self.severity,
            "rule": self.rule,
            "tool_id": self.tool_id,
            "message": self.message,
            "others": list(self.others),
        }


@dataclass(frozen=True, slots=True)
class LintReport:
    """All findings, the worst first, then by rule and tool.

    Attributes:
        findings: What is to mend.
        n_tools: How many tools there are.
        n_requests: How many requests were searched.
        n_unanswered: Tools for which a model that was asked made no requests.
    """

    findings: Sequence[Finding]
    n_tools: int
    n_requests: int
    n_unanswered: int = 0

    @classmethod
    def of(
        cls, findings: Iterable[Finding], *, n_tools: int, n_requests: int, n_unanswered: int = 0
    ) -> "LintReport":
        """The findings in their order."""

        def order(finding: Finding) -> tuple[int, str, str, Sequence[str]]:
            return SEVERITIES.index(finding.severity), finding.rule, finding.tool_id, tuple(finding.others)

        return cls(sorted(findings, key=order), n_tools, n_requests, n_unanswered)

    def has(self, severity: Severity) -> bool:
        """Whether there is a finding of this severity or a worse one."""
        limit = SEVERITIES.index(severity)
        return any(SEVERITIES.index(finding.severity) <= limit for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {
            "n_tools": self.n_tools,
            "n_requests": self.n_requests,
            "n_unanswered": self.n_unanswered,
            "counts": dict(sorted(Counter(finding.rule for finding in self.findings).items())),
            "findings": [finding.to_json() for finding in self.findings],
        }
