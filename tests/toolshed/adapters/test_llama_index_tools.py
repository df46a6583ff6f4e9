"""Agents of LlamaIndex that find their tool among 1,000, with a scripted model on loopback."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, MessageRole, ToolCallBlock
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.schema import QueryBundle
from llama_index.core.tools import BaseTool, FunctionTool
from openai import OpenAI

from tests.provider_stub import Json, Script, Turn, scripted_provider
from tests.toolshed.adapters.conftest import TASK, WANTED, Office
from toolshed import ToolshedObjectRetriever
from toolshed.errors import ConfigurationError
from toolshed.testing import make_tool

# Making an agent reads all attributes of a model of pydantic, old ones too.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pydantic.warnings.PydanticDeprecatedSince20",
    "ignore::pydantic.warnings.PydanticDeprecatedSince211",
)


def names(body: Json) -> list[str]:
    return [one["function"]["name"] for one in body.get("tools", [])]


def clerk(body: Json) -> Turn:
    last = body["messages"][-1]
    if last["role"] == "tool":
        return Turn(f"It was {last['content']}.")
    return Turn(calls=[(WANTED, {"who": "Ana"})] if WANTED in names(body) else [], text="I cannot.")


def speaking_to(client: OpenAI) -> Callable[..., ChatMessage]:
    """What LlamaIndex's package for OpenAI does, which is not installed: it is all a model has to do here."""

    def reply(messages: Sequence[ChatMessage], tools: Sequence[BaseTool] = (), **_: Any) -> ChatMessage:
        sent: Any = [{"role": one.role.value, "content": one.content} for one in messages]
        forms: Any = [tool.metadata.to_openai_tool() for tool in tools]
        said = client.chat.completions.create(model="m", messages=sent, tools=forms).choices[0].message
        if not said.tool_calls:
            return ChatMessage(role=MessageRole.ASSISTANT, content=said.content)
        blocks: Any = [
            ToolCallBlock(
                tool_call_id=call.id, tool_name=call.function.name, tool_kwargs=call.function.arguments
            )
            for call in said.tool_calls
            if call.type == "function"
        ]
        return ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks)

    return reply


async def run(retriever: ToolshedObjectRetriever, script: Script, seen: list[Json], **options: Any) -> str:
    with (
        scripted_provider(script, seen) as url,
        OpenAI(base_url=url, api_key="none", max_retries=0) as client,
    ):
        model = MockFunctionCallingLLM(response_generator=speaking_to(client), is_chat_model=True)
        agent = FunctionAgent(llm=model, tool_retriever=retriever, streaming=False, **options)
        return str(await agent.run(TASK))


async def test_an_agent_finds_its_tool_calls_it_and_answers(office: Office) -> None:
    seen: list[Json] = []
    own = FunctionTool.from_defaults(fn=lambda: "noon", name="clock", description="The time.")
    retriever = ToolshedObjectRetriever(office.shed, k=4)
    assert await run(retriever, clerk, seen, tools=[own]) == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]
    assert len(seen) == 2
    assert names(seen[0])[0] == "clock"
    assert len(names(seen[0])) == 5
    assert seen[1]["tools"] == seen[0]["tools"], "the prompt cache holds"
    (form,) = (one for one in seen[0]["tools"] if one["function"]["name"] == WANTED)
    assert form["function"]["parameters"]["required"] == ["who"]


async def test_a_tool_that_fails_says_so_to_the_model(office: Office) -> None:
    def careless(body: Json) -> Turn:
        results = [one["content"] for one in body["messages"] if one["role"] == "tool"]
        given: list[Json] = [{"who": "nobody"}, {}]
        if len(results) == 2:
            return Turn(json.dumps(results))
        return Turn(calls=[(WANTED, given[len(results)])])

    raised, refused = json.loads(await run(ToolshedObjectRetriever(office.shed), careless, []))
    assert "nobody cannot have it done" in raised
    assert "who" in refused


async def test_the_name_of_a_tool_brings_that_tool_alone(office: Office) -> None:
    retriever = ToolshedObjectRetriever(office.shed, k=4)
    assert [tool.metadata.name for tool in retriever.retrieve(WANTED)] == [WANTED]
    found = await retriever.aretrieve(QueryBundle(TASK))
    assert len(found) == 4
    assert found[0].metadata.name == WANTED
    assert retriever.retrieve("  ") == []
    assert found[0](who="Ana").content == "done for Ana"


async def test_an_argument_may_be_called_anything(shed: Any) -> None:
    def label(self: str, input: str) -> str:  # noqa: A002  # what is tested
        """Label a parcel with words."""
        return f"{self} {input}"

    shed.add_tools(label)
    (tool,) = ToolshedObjectRetriever(shed, abstain_below=0.0).retrieve("Label the parcel.")
    output = await tool.acall(self="handle", input="with care")  # type: ignore[call-arg]  # of any name
    assert output.content == "handle with care"


def test_long_descriptions_are_what_providers_take(shed: Any) -> None:
    shed.add_tools(make_tool("open_ticket", "Open a ticket for a customer. " * 100))
    (tool,) = ToolshedObjectRetriever(shed, abstain_below=0.0).retrieve("Open a ticket.")
    assert len(tool.metadata.to_openai_tool()["function"]["description"]) <= 1_024


def test_an_option_that_there_is_not_is_refused(office: Office) -> None:
    with pytest.raises(ConfigurationError, match="unknown option"):
        ToolshedObjectRetriever(office.shed, source="office")  # type: ignore[call-arg]  # what is tested
