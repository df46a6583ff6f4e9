import json
import os
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import yaml
from langchain_core.tools import tool

from tests.conftest import Pages
from toolshed.catalog import sources
from toolshed.catalog.sources import read_objects, read_source, read_sources
from toolshed.errors import SourceError
from toolshed.testing import make_tool

TOOLS = [{"name": "a", "description": "A"}, {"name": "b", "description": "B"}]
OPENAPI = {
    "openapi": "3.0.3",
    "info": {"title": "Shop"},
    "paths": {"/orders": {"get": {"operationId": "listOrders"}}},
}
Serve = Callable[[Pages], AbstractContextManager[str]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("tools.json", json.dumps(TOOLS), id="json"),
        pytest.param("tools.jsonl", "\n".join(map(json.dumps, TOOLS)) + "\n\n", id="json-lines"),
        pytest.param("tools.yaml", yaml.safe_dump(TOOLS), id="yaml"),
        pytest.param("tools.json", "\ufeff" + json.dumps({"tools": TOOLS}), id="byte-order-mark"),
    ],
)
def test_files_of_every_kind_are_read(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert [tool.tool_id for tool in read_source(path).tools] == ["tools:a", "tools:b"]


def test_openapi_is_recognised_and_named_by_its_title(tmp_path: Path) -> None:
    path = tmp_path / "whatever.yml"
    path.write_text(yaml.safe_dump(OPENAPI), encoding="utf-8")
    assert [tool.tool_id for tool in read_source(path).tools] == ["Shop:listOrders"]


def test_a_source_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps(TOOLS))
    assert read_source(f"crm={path}").source == "crm"
    assert read_source(f"clock=mcp+stdio:{sys.executable} -m mcp_server_time").source == "clock"


def test_a_path_with_an_equals_sign_is_still_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a=b.json").write_text(json.dumps(TOOLS))
    assert len(read_source("a=b.json").tools) == 2


def test_bad_lines_are_reported_by_number(tmp_path: Path) -> None:
    path = tmp_path / "tools.jsonl"
    path.write_text('{"name": "a"}\n{broken\n\n{"description": "nameless"}\n')
    catalog = read_source(path)
    assert [tool.name for tool in catalog.tools] == ["a"]
    assert [entry.position for entry in catalog.invalid] == ["line 2", "line 4"]


def test_lines_are_bounded_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MAX_LINE_BYTES", 100)
    path = tmp_path / "tools.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"name": "a"}\n{"name": "'
        + b"x" * 1_000
        + b'"}\n{"name": "\xff"}\n{"name": "\xe2\x80\xa8b"}'
    )
    catalog = read_source(path)
    assert [tool.name for tool in catalog.tools] == ["a", "b"]
    assert [str(entry)[:20] for entry in catalog.invalid] == ["line 2: longer than ", "line 3: not UTF-8 te"]


def test_a_long_file_of_lines_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "tools.jsonl"
    with path.open("w") as file:
        for number in range(20_000):
            file.write(json.dumps({"name": f"tool_{number % 2}", "description": "d" * 1_000}) + "\n")
    tracemalloc.start()
    try:
        assert len(read_source(path).tools) == 2
        assert tracemalloc.get_traced_memory()[1] < path.stat().st_size / 4
    finally:
        tracemalloc.stop()


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tools.json")
    for path in (tmp_path / "tools.json", "/dev/zero"):
        with pytest.raises(SourceError, match="is no regular file"):
            read_source(path)


def test_an_operation_that_gives_a_key_twice_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text("openapi: 3.0.0\npaths:\n  /a:\n    get: {summary: A, summary: B}\n  /b:\n    get: {}\n")
    catalog = read_source(path)
    assert [tool.name for tool in catalog.tools] == ["get_b"]
    assert "gives the key 'summary' twice" in str(catalog.invalid[0])
    path.write_text("openapi: 3.0.0\npaths:\n  /a:\n    get: {}\n  /a:\n    put: {}\n")
    with pytest.raises(SourceError, match="gives the key '/a' twice"):
        read_source(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("t.json", b"", "is empty", id="empty"),
        pytest.param("t.jsonl", b"\n\n", "is empty", id="empty-lines"),
        pytest.param("t.json", b"[]", "lists no tools", id="empty-catalog"),
        pytest.param("t.json", b'{"a": ', "is not JSON", id="half-json"),
        pytest.param("spec.yaml", b"a: [1, 2", "neither JSON nor YAML", id="half-yaml"),
        pytest.param("spec.yaml", b"just prose", "is not a catalog", id="prose"),
        pytest.param("t.json", b"\xff\xfe\x00", "is not UTF-8", id="binary"),
        pytest.param("t.json", b"[" * 200_000, "nested too deeply", id="deep"),
        pytest.param(
            "t.yaml", b"!!python/object/apply:os.system ['true']", "neither JSON nor YAML", id="yaml-code"
        ),
        pytest.param("t.json", b"<html></html>", "is not JSON", id="html"),
    ],
)
def test_files_that_are_no_catalog_say_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_source(path)


@pytest.mark.parametrize("source", ["/no/such/file.json", "a\0b"])
def test_paths_that_cannot_be_read_are_named(source: str) -> None:
    with pytest.raises(SourceError, match=r"cannot be read|is not a path"):
        read_source(source)


def test_urls_are_downloaded_and_redirects_followed(serve_pages: Serve) -> None:
    pages: Pages = {
        "/openapi.json": (200, "application/json", json.dumps(OPENAPI).encode()),
        "/old": (302, "/openapi.json", b""),
    }
    with serve_pages(pages) as url:
        for path in ("/openapi.json", "/old"):
            assert [tool.tool_id for tool in read_source(url + path).tools] == ["Shop:listOrders"]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        pytest.param((200, "text/html; charset=utf-8", b"<html>"), "answers a web page", id="html"),
        pytest.param((200, "text/plain", b"<html>"), "is not JSON", id="html-in-disguise"),
        pytest.param((404, "application/json", b"{}"), "answered with status 404", id="not-found"),
        pytest.param((302, "/x", b""), "cannot be fetched", id="endless-redirects"),
        pytest.param(None, "cannot be fetched", id="hangs-up"),
    ],
)
def test_urls_that_give_no_catalog_say_why(
    serve_pages: Serve, page: tuple[int, str, bytes] | None, message: str
) -> None:
    with serve_pages({"/x": page} if page else {}) as url, pytest.raises(SourceError, match=message):
        read_source(f"{url}/x")


def test_nothing_listens_at_the_url() -> None:
    with pytest.raises(SourceError, match="cannot be fetched"):
        read_source("http://127.0.0.1:9/openapi.json")


@tool
def shout(text: str) -> str:
    """Write a text in capitals."""
    return text.upper()


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def test_objects_of_every_kind_are_read() -> None:
    catalogs = read_objects([add, shout, {"name": "plain"}, make_tool("given", source="mine")])
    ids = [tool.tool_id for catalog in catalogs for tool in catalog.tools]
    assert [tool_id.split(":")[1] for tool_id in ids] == ["add", "shout", "plain", "given"]
    assert [catalog.source for catalog in catalogs][1:] == ["langchain", "python", "mine"]


def test_objects_that_are_no_tools_are_reported_by_position() -> None:
    (catalog,) = read_objects([7])
    assert "number 1: int is no source of tools" in str(catalog.invalid[0])


def test_places_may_stand_in_lists_with_objects(tmp_path: Path) -> None:
    path = tmp_path / "mail.json"
    path.write_text('[{"name": "send"}]')
    catalogs = read_sources([[str(path), add], shout])
    assert [tool.name for catalog in catalogs for tool in catalog.tools] == ["send", "add", "shout"]
    assert read_sources([[]]) == []


def test_a_skill_behind_a_url_is_read(serve_pages: Serve) -> None:
    text = b"---\nname: prune\ndescription: Prunes roses.\n---\nCut."
    with serve_pages({"/garden/SKILL.md?v=2": (200, "text/markdown", text)}) as url:
        catalog = read_source(f"{url}/garden/SKILL.md?v=2")
    assert [(tool.tool_id, tool.kind) for tool in catalog.tools] == [("garden:prune", "skill")]


@pytest.mark.parametrize("source", ["", " ", "crm="])
def test_an_empty_source_is_not_the_working_folder(source: str) -> None:
    with pytest.raises(SourceError, match="the source is empty"):
        read_source(source)


@pytest.mark.parametrize("page", [(404, "application/json", b"{}"), (200, "application/json", b"nothing")])
def test_the_secrets_of_a_url_are_in_no_error(serve_pages: Serve, page: tuple[int, str, bytes]) -> None:
    with serve_pages({"/a.json?api_key=k1&v=2": page}) as url, pytest.raises(SourceError) as failed:
        read_source(f"{url.replace('://', '://ada:pw@')}/a.json?api_key=k1&v=2")
    assert "a.json?v=2" in str(failed.value)
    assert "k1" not in str(failed.value)
    assert "pw" not in str(failed.value)
