"""The bench: contestants take turns on the same queries, and what is printed are ratios."""

from collections import defaultdict

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals.bench import speed


def test_contestants_take_turns_and_the_first_query_of_a_round_is_not_timed() -> None:
    seen: defaultdict[str, list[str]] = defaultdict(list)
    order: list[str] = []

    def contestant(name: str) -> speed.Contestant:
        def call(text: str) -> None:
            seen[name].append(text)
            order.append(name)

        return call

    texts = [f"q{i}" for i in range(15)]
    times = speed.in_rounds({"a": contestant("a"), "b": contestant("b")}, texts)
    assert sorted(seen["a"]) == sorted(texts)
    assert seen["a"] == seen["b"]
    assert order == (["a"] * 3 + ["b"] * 3) * 5
    assert {name: len(measured) for name, measured in times.items()} == {"a": 10, "b": 10}


def test_the_choice_of_a_backbone_runs_with_cascades() -> None:
    choose = speed.selection()
    assert choose("a query") is not None


@pytest.mark.parametrize("queries", ["9", "701"])
def test_too_few_or_too_many_queries_are_refused(queries: str) -> None:
    result = CliRunner().invoke(main, ["bench", "speed", "--queries", queries])
    assert result.exit_code == 2
    assert "10<=x<=700" in result.stderr
