"""Requests to the operations of public APIs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals import operations
from toolshed_evals.operations import requests_of

LAMPS = {
    "openapi": "3.1.0",
    "info": {"title": "Lamps", "version": "1"},
    "servers": [{"url": "https://lamps.example"}],
    "paths": {
        "/lamps": {
            "get": {"operationId": "listLamps", "summary": "List the lamps", "responses": {}},
            "post": {"operationId": "createLamp", "summary": "Add a lamp", "responses": {}},
        },
        "/doors": {"get": {"operationId": "listDoors", "summary": "List the doors", "responses": {}}},
    },
}


@pytest.fixture
def lamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    asked = tmp_path / "requests.tsv"
    asked.write_text(
        "second\tlamps\tWhich lamps are there?\tlistLamps|readLamps\n"
        "second\tlamps\tadd a lamp\tcreateLamp\n"
        "first\tlamps\tlist the doors\tlistDoors\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(operations, "REQUESTS", asked)
    description = tmp_path / "lamps.json"
    description.write_text(json.dumps(LAMPS), encoding="utf-8")
    return description


def test_what_was_written_before_and_what_judges_since() -> None:
    sizes = [{api: len(own) for api, own in requests_of(chosen).items()} for chosen in ("first", "second")]
    assert sizes == [
        {"github": 40, "stripe": 30, "kubernetes": 30},
        {"github": 20, "stripe": 15, "kubernetes": 15},
    ]


def test_an_operation_that_the_description_lacks_is_named(lamps: Path) -> None:
    done = CliRunner().invoke(main, ["eval", "operations", f"lamps={lamps}", "--pipeline", "bm25"])
    assert done.exit_code == 2
    assert "lacks the operations readLamps" in done.stderr


def test_the_table(lamps: Path) -> None:
    command = ["eval", "operations", f"lamps={lamps}", "--set", "first", "--pipeline", "bm25", "--misses"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "| lamps | 3 | 1 | 1 | 1 |"


def test_a_file_that_is_not_there_is_refused() -> None:
    done = CliRunner().invoke(main, ["eval", "operations", "stripe=nowhere.json"])
    assert done.exit_code == 2
    assert "'stripe=nowhere.json' is not github|stripe|kubernetes=FILE" in done.stderr
