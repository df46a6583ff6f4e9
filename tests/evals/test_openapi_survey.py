import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from toolshed.catalog import openapi_operations
from toolshed_evals.commands.openapi import openapi
from toolshed_evals.openapi_survey import descriptions_in, survey

BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"colour": {}}}],
                "properties": {"id": {"readOnly": True}},
            }
        }
    },
}
DOCUMENT = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://a.example"}],
    "components": {"schemas": {"Base": {"properties": {"owner": {"type": "string"}}}}},
    "paths": {
        "/a/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "put": {"requestBody": BODY},
            "get": {"security": [{"gone": []}]},
        }
    },
}


def write(folder: Path, name: str, document: Any) -> None:
    (folder / name).write_text(json.dumps(document))


def test_operations_are_counted_by_what_is_right_of_them(tmp_path: Path) -> None:
    write(tmp_path, "a.json", DOCUMENT)
    write(tmp_path, "other.json", {"name": "no description"})
    write(tmp_path, "refused.json", {"openapi": "4.0", "paths": {"/a": {"get": {}}}})
    found = survey(descriptions_in(tmp_path))
    assert (found.n_documents, found.n_refused, found.n_operations, found.n_indexed) == (2, 1, 3, 2)
    assert (found.n_complete, found.n_callable, found.n_valid) == (2, 1, 2)
    assert any("unknown security schemes: ['gone']" in fault for fault in found.faults)


def test_what_a_reader_loses_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.json", DOCUMENT)
    whole = openapi_operations.read_arguments

    def without_owner(*given: Any, **said: Any) -> Any:
        arguments = whole(*given, **said)
        properties = {n: s for n, s in arguments.schema["properties"].items() if n != "owner"}
        places = {n: p for n, p in arguments.places.items() if n != "owner"}
        return type(arguments)({**arguments.schema, "properties": properties}, places, arguments.body)

    monkeypatch.setattr(openapi_operations, "read_arguments", without_owner)
    found = survey(descriptions_in(tmp_path))
    assert found.n_complete == 1
    assert "a.json: put_a: does not take [('body', 'owner')]" in found.faults


def test_a_limit_spreads_over_the_folder(tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path, f"{number}.json", {})
    assert [path.stem for path in descriptions_in(tmp_path, limit=3)] == ["0", "3", "6"]


def test_the_command_says_what_falls_short(tmp_path: Path) -> None:
    write(tmp_path, "a.json", DOCUMENT)
    result = CliRunner().invoke(openapi, [str(tmp_path)])
    assert result.exit_code == 1
    assert "operations" in result.stdout
    assert "get_a: unknown security schemes" in result.stderr


def test_one_description_may_be_given(tmp_path: Path) -> None:
    write(tmp_path, "a.json", {"openapi": "3.1.0", "paths": {"/a": {"get": {}}}})
    result = CliRunner().invoke(openapi, [str(tmp_path / "a.json"), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["n_without_host"] == 1
