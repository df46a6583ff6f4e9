"""Tools of the knowledge base and of the request, as conversations need them."""

import itertools
import json
from typing import Any

import pytest

from tests.api.gateway.conftest import Served, ServeGateway
from tests.conftest import OpenShed
from tests.provider_stub import Turn
from toolshed.testing import make_tool

TOPICS = [
    "weather", "invoice", "calendar", "playlist", "parcel", "flight", "recipe", "photo", "contract",
    "payroll",
    "ticket", "backup", "garden", "museum", "tax", "battery", "airport", "novel", "soccer", "violin",
]  # fmt: skip
CATALOG = [
    make_tool(f"{topic}_lookup", f"Look up the {topic} of a person.", source=topic) for topic in TOPICS
]
DIALECTS = ["chat", "responses", "messages"]
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "messages": "/v1/messages"}


def body_of(dialect: str, said: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    if dialect == "responses":
        return {"model": "gpt-4o-mini", "input": said, **more}
    return {"model": "gpt-4o-mini", "messages": said, "max_tokens": 100, **more}


def tool_of(dialect: str, name: str, description: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]}
    if dialect == "messages":
        return {"name": name, "description": description, "input_schema": schema, **more}
    if dialect == "responses":
        return {"type": "function", "name": name, "description": description, "parameters": schema, **more}
    function = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": function, **more}


def names(sent: dict[str, Any]) -> list[str]:
    return [tool.get("name") or tool["function"]["name"] for tool in sent.get("tools", [])]


def post(gateway: Served, dialect: str, said: list[dict[str, Any]], **more: Any) -> Any:
    answer = gateway.http.post(PATHS[dialect], json=body_of(dialect, said, **more))
    assert answer.status_code == 200, answer.text
    return answer


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_tools_of_the_knowledge_base_are_added_behind_those_of_the_request(
    serve_gateway: ServeGateway, open_shed: OpenShed, dialect: str
) -> None:
    shed = open_shed()
    shed.add_tools(*CATALOG)
    gateway = serve_gateway(lambda body: Turn("ok"), shed=shed)
    own = tool_of(dialect, "mine", "My own tool.")
    answer = post(
        gateway, dialect, [user("look up the weather of Ana")], tools=[own], toolshed={"tools": True, "k": 2}
    )
    (sent,) = gateway.seen
    assert sent["tools"][0] == own
    assert names(sent)[:2] == ["mine", "search_tools"]
    assert "weather_lookup" in names(sent)[2:]
    assert "toolshed" not in sent
    assert int(answer.headers["x-toolshed-tools"]) == len(names(sent)) - 2
    assert int(answer.headers["x-toolshed-tool-tokens"]) > 0
    assert int(answer.headers["x-toolshed-tool-tokens-all"]) > 0
    assert float(answer.headers["x-toolshed-search-ms"]) > 0


@pytest.mark.parametrize("how", ["alias", "header"])
def test_tools_are_asked_for_by_the_models_name_or_a_header(
    serve_gateway: ServeGateway, open_shed: OpenShed, how: str
) -> None:
    shed = open_shed()
    shed.add_tools(*CATALOG)
    gateway = serve_gateway(lambda body: Turn("ok"), shed=shed)
    model = "toolshed/gpt-4o-mini" if how == "alias" else "gpt-4o-mini"
    headers = {} if how == "alias" else {"x-toolshed-tools": "on"}
    gateway.openai().chat.completions.create(
        model=model, messages=[user("look up the weather of Ana")], extra_headers=headers
    )
    assert gateway.seen[0]["model"] == "gpt-4o-mini"
    assert "weather_lookup" in names(gateway.seen[0])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_tools_of_a_conversation_only_grow_at_the_end(
    serve_gateway: ServeGateway, open_shed: OpenShed, dialect: str
) -> None:
    shed = open_shed()
    shed.add_tools(*CATALOG)
    gateway = serve_gateway(lambda body: Turn("I see"), shed=shed)
    said: list[dict[str, Any]] = []
    for i, topic in enumerate(TOPICS):
        said.append(user(f"now look up the {topic} of Ana"))
        post(gateway, dialect, said, toolshed={"tools": True, "k": 2})
        said.append({"role": "assistant", "content": "I see"})
        if i == 9:
            # What comes into the catalog meanwhile changes nothing that was sent.
            shed.add_tools(make_tool("weather_radar", "Look up the weather of a person.", source="new"))
    sent = [json.dumps(body["tools"])[:-1] for body in gateway.seen]
    assert len(sent) == 20
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(sent))
    assert len(sent[-1]) > 3 * len(sent[0])


def test_another_replica_gives_a_conversation_the_same_tools(
    serve_gateway: ServeGateway, open_shed: OpenShed
) -> None:
    shed = open_shed()
    shed.add_tools(*CATALOG)
    said = [user(f"now look up the {topic} of Ana") for topic in TOPICS[:5]]
    first = serve_gateway(lambda body: Turn("ok"), shed=shed)
    for n in range(1, 6):
        post(first, "chat", said[:n], toolshed={"tools": True})
    second = serve_gateway(lambda body: Turn("ok"), shed=shed)
    post(second, "chat", said, toolshed={"tools": True})
    assert second.seen[0]["tools"] == first.seen[-1]["tools"]


def deferred(dialect: str) -> list[dict[str, Any]]:
    return [
        tool_of(dialect, "clock", "Tell the time."),
        *(
            tool_of(dialect, f"{topic}_lookup", f"Look up the {topic} of a person.", defer_loading=True)
            for topic in TOPICS
        ),
    ]


def searching(body: dict[str, Any]) -> Turn:
    """Greets, looks for the violin and plays it; then says so."""
    told = json.dumps(body.get("messages") or body.get("input"))
    if "Played" in told:
        return Turn("It was played.")
    if "violin_lookup" in names(body):
        return Turn("Found it.", [("violin_lookup", {"who": "Ana"})])
    return Turn("Let me see.", [("search_tools", {"query": "look up the violin of a person"})])


def followed(dialect: str, said: list[dict[str, Any]], reply: dict[str, Any]) -> list[dict[str, Any]]:
    """The conversation after a reply whose one call was made by the client."""
    if dialect == "messages":
        (call,) = [block for block in reply["content"] if block["type"] == "tool_use"]
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": "Played"}
        return [
            *said,
            {"role": "assistant", "content": reply["content"]},
            {"role": "user", "content": [result]},
        ]
    if dialect == "responses":
        (call,) = [item for item in reply["output"] if item["type"] == "function_call"]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "Played"}
        return [*said, *reply["output"], result]
    message = reply["choices"][0]["message"]
    (call,) = message["tool_calls"]
    return [*said, message, {"role": "tool", "tool_call_id": call["id"], "content": "Played"}]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_deferred_tool_is_searched_for_loaded_and_called(serve_gateway: ServeGateway, dialect: str) -> None:
    gateway = serve_gateway(searching)
    said = [user("please tell me something nice and unrelated, my dear")]
    tools = deferred(dialect)
    answer = post(gateway, dialect, said, tools=tools, toolshed={"k": 2})
    first, second = gateway.seen
    assert "violin_lookup" not in names(first)
    assert "violin_lookup" in names(second)
    assert "defer_loading" not in json.dumps(first["tools"] + second["tools"])
    assert json.dumps(second["tools"]).startswith(json.dumps(first["tools"])[:-1])
    assert "can be called now" in json.dumps(second)
    assert "search_tools" not in answer.text, "the search is the gateway's"
    assert len(gateway.calls(2)) == 2, "both calls are booked"
    after = followed(dialect, said, answer.json())
    last = post(gateway, dialect, after, tools=tools, toolshed={"k": 2})
    assert "It was played." in last.text
    assert gateway.seen[2]["tools"] == second["tools"], "what was loaded stays loaded"
    assert ".ts." not in json.dumps(gateway.seen[2]), "the upstream gets the ids that it gave"


def test_what_a_search_loaded_stays_when_only_text_followed(serve_gateway: ServeGateway) -> None:
    def shy(body: dict[str, Any]) -> Turn:
        if "violin_lookup" in names(body):
            return Turn("I could look it up.")
        return Turn(calls=[("search_tools", {"query": "look up the violin of a person"})])

    gateway = serve_gateway(shy)
    said, tools = [user("tell me something nice and quite unrelated")], deferred("chat")
    reply = post(gateway, "chat", said, tools=tools).json()["choices"][0]["message"]
    post(gateway, "chat", [*said, reply, user("good")], tools=tools)
    assert json.dumps(gateway.seen[2]["tools"]).startswith(json.dumps(gateway.seen[1]["tools"])[:-1])


def test_a_model_that_only_searches_is_stopped(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(lambda body: Turn(calls=[("search_tools", {"query": "the moon"})]))
    answer = gateway.http.post(PATHS["chat"], json=body_of("chat", [user("hi")], tools=deferred("chat")))
    assert answer.status_code == 502
    assert "did not answer" in answer.json()["error"]["message"]
    assert len(gateway.calls(5)) == 5


def test_bad_searches_are_answered_and_cost_nothing_else(serve_gateway: ServeGateway) -> None:
    turns = iter([Turn(calls=[("search_tools", {"q": 1})]), Turn("never mind")])
    gateway = serve_gateway(lambda body: next(turns))
    answer = post(gateway, "chat", [user("hi")], tools=deferred("chat"))
    assert answer.json()["choices"][0]["message"]["content"] == "never mind"
    assert "Give a query" in json.dumps(gateway.seen[1])


def test_streams_hide_the_search_and_go_on_in_one_reply(serve_gateway: ServeGateway) -> None:
    gateway = serve_gateway(searching)
    said = "please tell me something nice and unrelated, my dear"
    client, claude = gateway.openai(), gateway.anthropic()
    chunks = list(
        client.chat.completions.create(
            model="gpt-4o-mini", messages=[user(said)], tools=deferred("chat"), stream=True
        )
    )
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "".join(delta.content or "" for delta in deltas) == "Let me see.Found it."
    parts = [part for delta in deltas for part in delta.tool_calls or []]
    assert {part.index for part in parts} == {0}
    assert parts[0].function.name == "violin_lookup"
    assert json.loads("".join(part.function.arguments or "" for part in parts)) == {"who": "Ana"}
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason] == [
        "tool_calls"
    ]
    assert len({chunk.id for chunk in chunks}) == 1

    with client.responses.stream(model="gpt-4o-mini", input=said, tools=deferred("responses")) as events:
        numbers = [event.sequence_number for event in events]
        response = events.get_final_response()
    assert numbers == list(range(len(numbers)))
    assert [item.type for item in response.output] == ["message", "message", "function_call"]
    assert response.output[2].name == "violin_lookup"

    with claude.messages.stream(
        model="gpt-4o-mini", max_tokens=99, messages=[user(said)], tools=deferred("messages")
    ) as told:
        message = told.get_final_message()
    assert [block.type for block in message.content] == ["text", "text", "tool_use"]
    assert (message.content[2].name, message.content[2].input) == ("violin_lookup", {"who": "Ana"})
    assert message.stop_reason == "tool_use"
    assert len(gateway.calls(6)) == 6
