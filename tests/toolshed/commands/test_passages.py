"""``toolshed passages``."""

import json

import pytest

from tests.command_line import run
from tests.toolshed.commands.conftest import LEASE

pytestmark = pytest.mark.usefixtures("filled")


def test_a_passage_is_told_with_its_place_and_quotes_on_one_line_each() -> None:
    result = run("passages", "Which late fee does a tenant owe?", "-k", "1", "--n-quotes", "1")
    head, quote = result.stdout.splitlines()
    assert head.startswith(" 1. Office Lease, 4.2 Late Fees  (law/lease.txt)  score ")
    text, offsets = quote.strip().split("”  ")
    assert text == "“A tenant who pays late owes a late fee."
    start, end = map(int, offsets.strip("[]").split("–"))
    assert LEASE.text[start:end] == "A tenant who pays late\nowes a late fee."


def test_json_is_for_machines() -> None:
    found = json.loads(run("passages", "late fee", "--json").stdout)
    assert [one["document"] for one in found["passages"]] == ["law/lease.txt"]
    assert found["n_passages"] == 1


def test_a_query_can_come_from_standard_input() -> None:
    assert json.loads(run("passages", "-", "--json", input="late fee\n").stdout)["query"] == "late fee\n"


@pytest.mark.parametrize(
    ("given", "exit_code", "message"),
    [
        ("page", 2, "not of the form FIELD=VALUE"),
        ("author=x", 1, "unknown filter 'author'"),
        ("page=two", 1, "takes whole numbers"),
    ],
)
def test_filters_that_are_none_are_refused(given: str, exit_code: int, message: str) -> None:
    result = run("passages", "x", "--filter", given)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert message in result.stderr


def test_nothing_found_says_what_to_do_next() -> None:
    filtered = run("passages", "late fee", "--filter", "page=2")
    assert (filtered.exit_code, filtered.stdout) == (0, "no passage found (1 searched); loosen the filters\n")
    empty = run("passages", "late fee", "--kb", "memory:", "--filter", "page=2").stdout
    assert empty == "no passage found (0 searched); toolshed index legal PATH adds documents\n"
