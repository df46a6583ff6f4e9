"""An agent framework with a scripted model: it gets a task, finds its tool among 5,000, calls it, answers."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.mcp.serving import ERAS, host, talking
from tests.api.serving import served
from tests.openai_stub import scripted_openai
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

TASK = "What is the weather forecast for the city of Lisbon?"
N_TOOLS = 5_000
_THINGS = """invoice calendar shipment ledger contract branch sensor playlist flight hotel patient recipe
    stock ticket webhook cluster bucket voucher survey meeting""".split()
_VERBS = "archive approve merge export audit rename schedule tag compare restore".split()


def _others(n: int) -> list[ToolDefinition]:
    chosen = random.Random(5)
    tools = []
    for i in range(n):
        thing, verb = chosen.choice(_THINGS), chosen.choice(_VERBS)
        properties = {
            f"{thing}_id": {"type": "string", "description": f"Id of the {thing}."},
            "dry_run": {"type": "boolean", "description": "Only say what would be done."},
        }
        tools.append(
            make_tool(
                f"{verb}_{thing}_{i}",
                f"{verb.title()} a {thing} of the account, by its id, and say what became of it.",
                source=f"service-{i % 80}",
                properties=properties,
            )
        )
    return tools


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("agents")
    with Toolshed(folder / "shed", pipeline="instant") as shed:
        shed.add_tools(talking(folder / "journal"), source_name="talking")
        shed.add_tools(_others(N_TOOLS - len(shed.list_tools())))
        assert len(shed.list_tools()) == N_TOOLS
        with served(Settings(kb=str(folder / "shed"), pipeline="instant"), shed) as client:
            yield str(client.base_url).rstrip("/") + "/mcp"


def _called(name: str, arguments: dict[str, Any], number: int) -> tuple[dict[str, Any], None]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {
        "content": None,
        "tool_calls": [{"id": f"c{number}", "type": "function", "function": function}],
    }, None


def _model(body: dict[str, Any]) -> tuple[dict[str, Any], None]:
    """Does what the instructions say: searches, calls what was found as it says, and answers."""
    results = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    texts = [part if isinstance(part, str) else part[0]["text"] for part in results]
    if not texts:
        assert any(tool["function"]["name"] == "search_tools" for tool in body["tools"])
        return _called("search_tools", {"query": TASK}, 1)
    if len(texts) == 1:
        best = _json_in(texts[0])["tools"][0]
        assert best["input_schema"]["required"] == ["city"]
        return _called(best["call_with"], {"tool": best["tool"], "arguments": {"city": "Lisbon"}}, 2)
    return {"content": f"It will be {_degrees(texts[1])} degrees."}, None


def _json_in(text: str) -> Any:
    found = json.loads(text)
    # Some frameworks hand on the block, others its text.
    return json.loads(found["text"]) if "text" in found else found


def _degrees(text: str) -> int:
    degrees: int = _json_in(text)["degrees"]
    return degrees


def _tokens(value: object) -> float:
    return len(json.dumps(value)) / 4


@pytest.mark.filterwarnings("ignore")  # of the framework, which is not ours
async def test_openai_agents_finds_its_tool_among_five_thousand(url: str) -> None:
    from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
    from agents.mcp import MCPServerStreamableHttp
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    seen: list[dict[str, Any]] = []
    with scripted_openai(_model, seen) as base:
        async with (
            AsyncOpenAI(base_url=f"{base}/v1", api_key="none") as openai,
            MCPServerStreamableHttp(params={"url": url}, client_session_timeout_seconds=30) as server,
        ):
            model = OpenAIChatCompletionsModel("scripted", openai)
            agent = Agent("helper", instructions="Use your tools.", model=model, mcp_servers=[server])
            done = await Runner.run(agent, TASK)
    assert done.final_output == "It will be 21 degrees."
    assert len(seen) == 3
    # Of every request of the run: what stands in its list of tools, and what was found.
    sent = sum(_tokens(body["tools"]) for body in seen) + 2 * _tokens(seen[1]["messages"][-1])
    everything = len(seen) * sum(_tokens([t.name, t.description, t.parameters]) for t in _others(N_TOOLS - 8))
    assert sent / everything <= 0.02


@pytest.mark.parametrize("era", ERAS)
async def test_the_answer_says_what_share_of_all_definitions_was_sent(url: str, era: str) -> None:
    async with host(url, era) as client:
        listed = await client.list_tools()
        (search,) = [tool for tool in listed.tools if tool.name == "search_tools"]
        assert len(search.description or "") / 4 <= 400
        assert f"{N_TOOLS:,} tools of 81 sources" in (search.description or "")
        found = await client.call_tool("search_tools", {"query": TASK, "k": 20})
        assert found.meta is not None
        said = found.meta["toolshed/tokens"]
        assert said["definitions"] >= _tokens(found.structured_content["tools"]) * 0.9
        assert said["share"] == pytest.approx(
            (said["own_tools"] + said["definitions"]) / said["catalog"], abs=1e-4
        )
        assert said["share"] <= 0.02
        assert said["catalog"] >= 50 * N_TOOLS
