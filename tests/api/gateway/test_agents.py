"""Agents of real frameworks that have 5,000 tools, or 1,000, and find theirs through the gateway."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.gateway.conftest import Served, ServeGateway
from tests.api.gateway.test_conversation_tools import names
from tests.provider_stub import Turn

VERBS = ["create", "delete", "list", "update", "archive", "export", "share", "print", "rename", "measure"]
THINGS = ["invoice", "parcel", "garden", "ticket", "violin", "museum", "battery", "novel", "recipe", "photo"]
PLACES = [f"{a}{b}" for a, b in itertools.product(["north", "south", "east", "west", "inner"], "abcdefghij")]
CATALOG = [
    (f"{verb}_{thing}_{place}", f"{verb.title()} a {thing} in the district {place}.")
    for verb, thing, place in itertools.product(VERBS, THINGS, PLACES)
]
TASK = "Please archive the violin in the district westc."
WANTED = "archive_violin_westc"
SCHEMA = {
    "type": "object",
    "properties": {"who": {"type": "string"}},
    "required": ["who"],
    "additionalProperties": False,
}


def agent_model(body: dict[str, Any]) -> Turn:
    """Calls the tool that the task is about, as soon as it has it, and says what that gave."""
    told = json.dumps(body.get("messages") or body.get("input"))
    if "done for Ana" in told:
        return Turn("It was done for Ana.")
    if WANTED in names(body):
        return Turn(calls=[(WANTED, {"who": "Ana"})])
    return Turn(calls=[("search_tools", {"query": TASK})])


def some_of_the_catalog(n_tools: int) -> list[tuple[str, str]]:
    """As many of its tools as told, evenly drawn, and the one that is wanted."""
    drawn = CATALOG[:: len(CATALOG) // n_tools]
    return drawn if WANTED in dict(drawn) else [*drawn[1:], (WANTED, dict(CATALOG)[WANTED])]


def sent_share(gateway: Served) -> float:
    """Tokens of tools that all requests together sent, against sending the whole catalog once each."""
    chars = sum(len(json.dumps(body["tools"])) for body in gateway.seen)
    every = [
        {"type": "function", "function": {"name": n, "description": d, "parameters": SCHEMA}}
        for n, d in CATALOG
    ]
    return chars / (len(json.dumps(every)) * len(gateway.seen))


@pytest.mark.parametrize(
    ("api", "is_stream", "n_tools"), [("chat", True, 5_000), ("responses", False, 1_000)]
)
async def test_an_agent_of_openai_agents_finds_its_tool(
    serve_gateway: ServeGateway, api: str, is_stream: bool, n_tools: int
) -> None:
    from agents import (
        Agent,
        FunctionTool,
        OpenAIChatCompletionsModel,
        OpenAIResponsesModel,
        Runner,
        set_tracing_disabled,
    )
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    gateway = serve_gateway(agent_model)
    made: list[str] = []

    def calling(name: str) -> Callable[..., Any]:
        async def call(context: object, arguments: str) -> str:
            made.append(name)
            return f"done for {json.loads(arguments)['who']}"

        return call

    catalog = some_of_the_catalog(n_tools)
    assert len(catalog) == n_tools
    tools = [FunctionTool(name, description, SCHEMA, calling(name)) for name, description in catalog]
    client = AsyncOpenAI(
        base_url=gateway.url, api_key="none", default_headers={"x-toolshed-defer": "on"}, max_retries=0
    )
    model = (OpenAIChatCompletionsModel if api == "chat" else OpenAIResponsesModel)("gpt-4o-mini", client)
    agent = Agent(name="clerk", model=model, tools=list(tools))
    if is_stream:
        run = Runner.run_streamed(agent, TASK)
        async for _ in run.stream_events():
            pass
        answer = run.final_output
    else:
        answer = (await Runner.run(agent, TASK)).final_output
    assert answer == "It was done for Ana."
    assert made == [WANTED]
    assert sent_share(gateway) <= 0.02
    await client.close()


@pytest.mark.parametrize(("api", "n_tools"), [("openai", 1_000), ("anthropic", 5_000)])
async def test_an_agent_of_pydantic_ai_finds_its_tool(
    serve_gateway: ServeGateway, api: str, n_tools: int
) -> None:
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI
    from pydantic_ai import Agent, Tool
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    gateway = serve_gateway(agent_model)
    made: list[str] = []

    def calling(name: str) -> Callable[..., str]:
        def call(who: str) -> str:
            made.append(name)
            return f"done for {who}"

        return call

    catalog = some_of_the_catalog(n_tools)
    assert len(catalog) == n_tools
    tools = [Tool.from_schema(calling(name), name, description, SCHEMA) for name, description in catalog]
    own: Any = (
        AsyncOpenAI(base_url=gateway.url, api_key="none")
        if api == "openai"
        else AsyncAnthropic(base_url=gateway.url[:-3], api_key="none")
    )
    model: Any = (
        OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(openai_client=own))
        if api == "openai"
        else AnthropicModel("gpt-4o-mini", provider=AnthropicProvider(anthropic_client=own))
    )
    agent = Agent(model, tools=tools, model_settings={"extra_headers": {"x-toolshed-defer": "on"}})
    assert (await agent.run(TASK)).output == "It was done for Ana."
    async with agent.run_stream(TASK) as streamed:
        assert await streamed.get_output() == "It was done for Ana."
    await own.close()
    assert made == [WANTED, WANTED]
    assert sent_share(gateway) <= 0.02
