"""Options of the command line are those that are declared, with their bounds, flags and variables."""

from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from toolshed.commands.declared import takes
from toolshed.options import (
    DocumentArguments,
    IndexArguments,
    PassageArguments,
    SearchArguments,
    checked,
    declared_options,
)

EVERY = [SearchArguments, PassageArguments, IndexArguments, DocumentArguments]


def given(arguments: type[Any], line: list[str], **options: Any) -> tuple[Result, dict[str, Any]]:
    """How a command with these options ends, and what it was given."""
    seen: dict[str, Any] = {}

    @click.command()
    @takes(arguments)
    def command(options: dict[str, Any]) -> None:
        seen.update(options)

    return CliRunner().invoke(command, line, **options), seen


@pytest.mark.parametrize(
    ("arguments", "line", "expected"),
    [
        pytest.param(SearchArguments, [], {"min_confidence": 0.0, "sources": None}, id="defaults"),
        pytest.param(
            SearchArguments,
            ["--source", "a", "--source", "b", "--passages", "--passages-per-need", "3"],
            {"sources": ["a", "b"], "include_passages": True, "passages_per_need": 3},
            id="tools",
        ),
        pytest.param(
            PassageArguments,
            ["--filter", "page=3", "--filter", "page=4", "--no-expand-terms", "--n-quotes", "0"],
            {"filters": {"page": ["3", "4"]}, "expand_terms": False, "n_quotes": 0},
            id="passages",
        ),
        pytest.param(
            PassageArguments, ["--filter", "cites=a=b"], {"filters": {"cites": ["a=b"]}}, id="equals"
        ),
    ],
)
def test_the_command_line_is_made_from_the_declaration(
    arguments: type[Any], line: list[str], expected: dict[str, Any]
) -> None:
    result, seen = given(arguments, line)
    assert result.exit_code == 0, result.output
    assert {name: seen[name] for name in expected} == expected
    assert checked(arguments, seen)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (SearchArguments, ["--min-confidence", "2"]),
        (SearchArguments, ["--passages-per-need", "0"]),
        (SearchArguments, ["--max-tokens", "1.5"]),
        (DocumentArguments, ["--segmenter", "spacy"]),
        (PassageArguments, ["--filter", "page"]),
        (PassageArguments, ["--filter", "page="]),
    ],
    ids=str,
)
def test_what_is_out_of_bounds_or_of_no_form_is_a_misuse(arguments: type[Any], line: list[str]) -> None:
    result, seen = given(arguments, line)
    assert (result.exit_code, seen) == (2, {})


@pytest.mark.parametrize("arguments", EVERY, ids=lambda arguments: arguments.__name__)
def test_help_says_of_every_option_what_was_declared_and_leaves_out_those_of_python(
    arguments: type[Any],
) -> None:
    told = " ".join(given(arguments, ["--help"])[0].stdout.split())
    for one in declared_options(arguments):
        flag = one.option.flag or f"--{one.name.replace('_', '-')}"
        assert (f"{flag} " in told or f"{flag}/" in told) is not one.option.is_for_python, flag
        assert (one.option.help in told) is not one.option.is_for_python, flag


@pytest.mark.parametrize("arguments", EVERY, ids=lambda arguments: arguments.__name__)
def test_without_any_option_a_verb_gets_its_defaults(arguments: type[Any]) -> None:
    _, seen = given(arguments, [])
    assert checked(arguments, seen) == checked(arguments, {})


def test_every_option_has_an_environment_variable_that_the_line_overrules() -> None:
    env = {"TOOLSHED_MIN_CONFIDENCE": "0.5", "TOOLSHED_SOURCES": "a b", "TOOLSHED_MAX_TOKENS": "10"}
    _, seen = given(SearchArguments, ["--max-tokens", "20"], env=env)
    assert (seen["min_confidence"], seen["sources"], seen["max_tokens"]) == (0.5, ["a", "b"], 20)
