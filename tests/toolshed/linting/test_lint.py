"""Linting a whole knowledge base."""

from toolshed import Toolshed
from toolshed.linting.lint import lint
from toolshed.testing import make_tool

TOOLS = [
    make_tool("forecast", "Weather forecast for a city on a day.", source="sky"),
    make_tool("storm_warning", "Weather forecast for a city on a day.", source="sky"),
    make_tool("mail", "Send a letter to a person by electronic post.", source="post"),
    make_tool("silent", source="post"),
]


def test_findings_are_the_same_in_every_run() -> None:
    reports = []
    for tools in (TOOLS, TOOLS[::-1]):
        with Toolshed("memory:", pipeline="instant") as shed:
            shed.add_tools(*tools)
            reports.append(lint(shed, max_tokens=1_000).to_json())
    assert reports[0] == reports[1]
    assert reports[0]["n_tools"] == 4
    found = {(one["rule"], one["tool_id"]) for one in reports[0]["findings"]}
    assert {("no-description", "post:silent"), ("near-duplicate", "sky:forecast")} <= found


def test_a_sample_asks_for_some_tools_always_the_same() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(*TOOLS)
        done: list[tuple[int, int]] = []
        sampled = [
            lint(shed, max_tokens=99, sample=2, progress=lambda n, total: done.append((n, total)))
            for _ in range(2)
        ]
        assert sampled[0] == sampled[1]
        assert 0 < sampled[0].n_requests < lint(shed, max_tokens=99).n_requests
    assert done[-1] == (2, 2)


def test_an_empty_knowledge_base_has_nothing_to_mend() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        report = lint(shed, max_tokens=99)
    assert (report.findings, report.n_tools, report.n_requests) == ([], 0, 0)
