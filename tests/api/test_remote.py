"""The verbs of a knowledge base, embedded and over a service; and what only clients do."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.serving import TOOLS, served
from tests.conftest import OpenShed
from toolshed.documents import LegalDocument
from toolshed.errors import (
    ConfigurationError,
    InvalidQueryError,
    InvalidToolError,
    NotCallableError,
    ServiceError,
    SourceConflictError,
    UnknownDecisionError,
    UnknownDocumentError,
    UnknownSourceError,
    UnknownToolError,
)
from toolshed.settings import Settings
from toolshed.shed.remote import ToolshedClient
from toolshed.shed.remote_async import AsyncToolshedClient
from toolshed.shed.remote_errors import rebuilt
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

LATE = "A tenant who pays late owes five percent of the rent."
LEASE = LegalDocument("lease.txt", f"4.2 Late Fees. {LATE}", "Lease")


@pytest.fixture
def url(open_shed: OpenShed) -> Iterator[str]:
    with served(Settings(), open_shed()) as http:
        yield str(http.base_url)


@pytest.fixture(params=["embedded", "remote", "asynchronous"])
def kb(request: pytest.FixtureRequest, open_shed: OpenShed) -> Iterator[Any]:
    """A knowledge base of each kind, by the same verbs."""
    shed = open_shed()
    if request.param == "embedded":
        yield shed
        return
    with served(Settings(), shed) as http:
        if request.param == "remote":
            with ToolshedClient(str(http.base_url)) as client:
                yield client
        else:
            driven = Driven(str(http.base_url))
            yield driven
            driven.run(driven.client.close())


class Driven:
    """Drives an asynchronous client from a loop of its own."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.client = AsyncToolshedClient(url)

    def run(self, waiting: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(waiting, self._loop).result(60)

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.client, name)
        if not callable(verb):
            return _Facade(self, verb)
        return lambda *given, **options: self.run(verb(*given, **options))


class _Facade:
    def __init__(self, driven: Driven, facade: Any) -> None:
        self._driven, self._facade = driven, facade

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *given, **options: self._driven.run(getattr(self._facade, name)(*given, **options))


def test_tools_are_added_changed_found_listed_and_removed(kb: Any) -> None:
    report = kb.add_tools(*TOOLS)
    assert sorted(report.added) == ["mail:send_email", "odd:a/b c", "weather:get_forecast"]
    assert kb.add_tools(*TOOLS).unchanged == 3
    found = kb.search("weather forecast for a city", k=1)
    assert [one.tool.tool_id for one in found.tools] == ["weather:get_forecast"]
    assert found.tools[0].tool.description == "Weather forecast for a city."
    assert found.status == "ok"
    (exported,) = found.to_openai()
    assert exported["function"]["name"] == found.tools[0].tool.exported_name
    assert kb.tool_named(found.tools[0].tool.exported_name).tool_id == "weather:get_forecast"
    assert "sub-query" in found.explain()
    assert kb.get_tool("odd:a/b c").name == "a/b c"
    assert kb.list_tools() == ["mail:send_email", "odd:a/b c", "weather:get_forecast"]
    assert [(one.name, one.n_tools) for one in kb.sources()] == [("mail", 1), ("odd", 1), ("weather", 1)]
    assert kb.delete_tools("odd:a/b c", "odd:none") == 1
    assert kb.remove_source("mail") == 1
    assert kb.list_tools() == ["weather:get_forecast"]


def test_exports_and_arguments_are_those_of_the_embedded(kb: Any) -> None:
    schema = {"type": "object", "properties": {"filter[state]": {"type": "string"}}}
    kb.add_tools(ToolDefinition("list_orders", "List the orders of a shop.", schema, "shop"))
    found = kb.search("list the orders of a shop", k=1, abstain_below=0.0)
    for export in (
        found.to_anthropic,
        found.to_gemini,
        found.to_bedrock,
        found.to_mcp,
        found.to_openai_responses,
    ):
        assert len(export()) == 1
    name = found.tools[0].tool.exported_name
    (renamed,) = found.to_openai()[0]["function"]["parameters"]["properties"]
    assert found.arguments_of(name, {renamed: "open"}) == {"filter[state]": "open"}


def test_files_are_brought_in_step(kb: Any, tmp_path: Path) -> None:
    file = tmp_path / "crm.json"

    def write(*names: str) -> None:
        file.write_text(json.dumps([{"name": name, "description": f"{name} of the CRM."} for name in names]))

    write("find", "delete")
    assert sorted(kb.sync_tools(str(file)).added) == ["crm:delete", "crm:find"]
    write("find", "merge")
    report = kb.sync_tools(str(file))
    assert (list(report.added), list(report.removed), report.unchanged) == (["crm:merge"], ["crm:delete"], 1)
    other = tmp_path / "other" / "crm.json"
    other.parent.mkdir()
    other.write_text(file.read_text())
    with pytest.raises(SourceConflictError):
        kb.add_tools(str(other))
    assert kb.add_tools(str(other), replace=True).unchanged == 2
    file.write_text(
        json.dumps([{"description": "no name"}, {"name": "find", "description": "find of the CRM."}])
    )
    assert len(kb.add_tools(str(file), replace=True).invalid) == 1
    with pytest.raises(InvalidToolError):
        kb.add_tools(str(file), replace=True, strict=True)


def test_documents_are_indexed_searched_with_context_and_removed(kb: Any, tmp_path: Path) -> None:
    (tmp_path / "code.md").write_text("# Records\n\nA landlord shall keep the records of each tenant.")
    report = kb.add_documents(LEASE, tmp_path / "code.md")
    assert sorted(report.added) == ["code.md", "lease.txt"]
    found = kb.search_passages("What does a late tenant owe?", k=1)
    assert found.passages[0].citation == "Lease, 4.2 Late Fees"
    assert found.passages[0].passage == kb.get_passages("lease.txt")[0]
    assert found.passages[0].quotes[0].text == LATE
    assert kb.list_documents() == ["code.md", "lease.txt"]
    assert kb.delete_documents("lease.txt", "none") == 1
    with pytest.raises(UnknownDocumentError):
        kb.get_passages("lease.txt")


def test_errors_are_of_one_class(kb: Any) -> None:
    kb.add_tools(*TOOLS)
    for kind, verb in [
        (UnknownToolError, lambda: kb.get_tool("mail:none")),
        (UnknownToolError, lambda: kb.tool_named("none")),
        (UnknownSourceError, lambda: kb.remove_source("none")),
        (InvalidQueryError, lambda: kb.search("")),
        (InvalidQueryError, lambda: kb.search("x", k=0)),
        (UnknownSourceError, lambda: kb.search("x", sources=["none"])),
        (ConfigurationError, lambda: kb.search("x", colour="red")),
        (NotCallableError, lambda: kb.call("mail:send_email", {})),
        (UnknownDecisionError, lambda: kb.outcomes.report("none", True)),
    ]:
        with pytest.raises(kind):
            verb()


def test_backbones_are_chosen_and_outcomes_reported(kb: Any) -> None:
    chosen = kb.backbones.select("billing", ["gpt-4o-mini", "gpt-4o"], failure_price=0.05)
    assert chosen.model in ("gpt-4o-mini", "gpt-4o")
    assert {one.arm for one in chosen.weighed} == {"gpt-4o-mini", "gpt-4o"}


# What only clients do.


def test_a_tool_is_called_and_its_answer_read_on(open_shed: OpenShed) -> None:
    def count(to: int) -> str:
        """Count."""
        return " ".join(map(str, range(to)))

    shed = open_shed()
    shed.add_tools(count, source_name="py")
    with served(Settings(), shed) as http, ToolshedClient(str(http.base_url)) as client:
        result = client.call("py:count", {"to": 100}, max_characters=100)
        text, page = result.text, result.page
        while page.next_offset is not None:
            page = page.read_more()
            text += page.text
        assert text == count(100)
        assert client.search("count", k=1, abstain_below=0.0).call("py:count", {"to": 3}).text == "0 1 2"  # type: ignore[misc]  # it has one
        with pytest.raises(ConfigurationError, match="operator"):
            client.call("py:count", {"to": 1}, allow_private=True)


def test_many_tools_are_a_job_that_is_followed(url: str) -> None:
    tools = [make_tool(f"tool_{n}", f"Does thing {n}.", source="many") for n in range(300)]
    with ToolshedClient(url) as client:
        assert len(client.add_tools(tools).added) == 300
        (job,) = client.jobs()
        told = list(client.follow_job(job.job_id))
        assert (told[-1].status, told[-1].done) == ("succeeded", 300)
        assert len(list(client.iter_tools())) == 300
        again = client.sync_tools(tools[:1])
        assert (again.unchanged, len(again.removed)) == (1, 299)


async def test_jobs_are_followed_asynchronously(url: str) -> None:
    tools = [make_tool(f"tool_{n}", f"Does thing {n}.", source="many") for n in range(300)]
    async with AsyncToolshedClient(url) as client:
        assert len((await client.add_tools(tools)).added) == 300
        jobs = [job async for job in client.jobs()]
        told = [job async for job in client.follow_job(jobs[0].job_id)]
        assert told[-1].status == "succeeded"


class Flaky(httpx.HTTPTransport):
    """Fails some times in each way before it lets a request through."""

    def __init__(self, *failures: httpx.Response | Exception) -> None:
        super().__init__()
        self._failures = list(failures)
        self.sent: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if self._failures:
            failure = self._failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        return super().handle_request(request)


def busy(**headers: str) -> httpx.Response:
    return httpx.Response(503, headers=headers, json={"code": "overloaded", "detail": "busy"})


def test_what_fails_for_a_while_is_sent_again_under_one_key(url: str) -> None:
    flaky = Flaky(busy(), httpx.ReadError("cut"), httpx.ConnectError("down"))
    with ToolshedClient(url, transport=flaky) as client:
        assert len(client.add_tools(*TOOLS[:1]).added) == 1
    assert len({request.headers["idempotency-key"] for request in flaky.sent}) == 1
    assert len(flaky.sent) == 4


@pytest.mark.parametrize(
    ("failure", "n_sent"),
    [
        (busy(**{"retry-after": "3600"}), 1),
        (httpx.Response(403, json={"code": "missing_scope", "detail": "no", "request_id": "r1"}), 1),
        (httpx.Response(500, text="<html>"), 1),
    ],
    ids=["too-long", "refused", "not-ours"],
)
def test_what_will_not_pass_is_an_error_at_once(url: str, failure: httpx.Response, n_sent: int) -> None:
    flaky = Flaky(failure)
    with ToolshedClient(url, transport=flaky) as client, pytest.raises(ServiceError) as raised:
        client.list_tools()
    assert len(flaky.sent) == n_sent
    assert raised.value.status == failure.status_code


def test_a_service_that_is_not_there_is_told_with_its_url() -> None:
    missing = pytest.raises(ServiceError, match=r"127\.0\.0\.1:9")
    with ToolshedClient("http://127.0.0.1:9", timeout_seconds=1) as client, missing:
        client.list_tools()
    for wrong in ("", "ftp://x", "http://", "x"):
        with pytest.raises(ConfigurationError):
            ToolshedClient(wrong)


def test_errors_keep_what_is_known_of_them() -> None:
    lost = rebuilt("lost_connection", "gone; the tool may have acted", 502, "r1")
    assert (lost.may_have_acted, str(lost)) == (True, "gone; the tool may have acted")  # type: ignore[attr-defined]  # it has
    assert lost.__notes__ == ["request r1"]
    strange = rebuilt("of_another_release", "x", 418)
    assert isinstance(strange, ServiceError)
    assert strange.remote_code == "of_another_release"


def test_a_key_is_shown(open_shed: OpenShed) -> None:
    settings = Settings(api_keys=["secret"])  # type: ignore[list-item]  # pydantic makes them secrets
    with served(settings, open_shed()) as http:
        with ToolshedClient(str(http.base_url), "secret") as client:
            assert client.list_tools() == []
        with ToolshedClient(str(http.base_url)) as client, pytest.raises(ServiceError) as raised:
            client.list_tools()
    assert raised.value.remote_code == "unauthorized"


def test_the_verbs_are_those_of_the_embedded() -> None:
    elsewhere = {
        "account", "add_catalogs", "booking", "caller", "catalog_tokens", "damages", "encoders", "enhance",
        "knowledge_base", "passages", "refresh", "seen_by", "sync_catalogs", "sync_documents", "tools",
        "warm_up",
    }  # fmt: skip
    public = {name for name in dir(Toolshed) if not name.startswith("_")} - elsewhere
    for client in (ToolshedClient, AsyncToolshedClient):
        assert public <= set(dir(client))


def test_the_example_of_the_docs_finds_its_tool(open_shed: OpenShed) -> None:
    page = Path(__file__).parents[2].joinpath("docs", "service.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    named: dict[str, Any] = {}
    exec(example, named)  # our own page
    settings = Settings(api_keys=["secret"])  # type: ignore[list-item]  # pydantic makes them secrets
    with served(settings, open_shed()) as http:
        assert named["find_from_elsewhere"](str(http.base_url)) == ["sea:get_tides"]
