"""The order and the weight of findings."""

from toolshed.linting.findings import RULES, Finding, LintReport

FINDINGS = [
    Finding("outranked", "b:1", "x"),
    Finding("not-found", "b:2", "y", ["c:3"]),
    Finding("outranked", "a:1", "z"),
    Finding("no-description", "z:9", "w"),
]


def test_the_worst_come_first_then_rules_and_tools_in_order() -> None:
    report = LintReport.of(FINDINGS, n_tools=4, n_requests=8)
    assert [(one.rule, one.tool_id) for one in report.findings] == [
        ("no-description", "z:9"),
        ("not-found", "b:2"),
        ("outranked", "a:1"),
        ("outranked", "b:1"),
    ]
    assert report.to_json()["counts"] == {"no-description": 1, "not-found": 1, "outranked": 2}


def test_an_error_counts_as_a_warning_too() -> None:
    errors, warnings = (
        LintReport.of(FINDINGS[1:2], n_tools=1, n_requests=1),
        LintReport.of(FINDINGS[:1], n_tools=1, n_requests=1),
    )
    assert errors.has("error")
    assert errors.has("warning")
    assert warnings.has("warning")
    assert not warnings.has("error")


def test_rules_are_named_once() -> None:
    names = [rule.name for rule in RULES]
    assert len({*names}) == len(names)
