"""What a caller sees who may not find every tool."""

import pytest

from tests.conftest import OpenShed
from toolshed.errors import UnknownResultError, UnknownSourceError, UnknownToolError
from toolshed.testing import make_tool
from toolshed.visibility import EVERYTHING, Visibility

MAIL = [
    make_tool("send_email", "Send an email to a person.", source="mail"),
    make_tool("read_email", "Read the newest email.", source="mail"),
]
WEATHER = [make_tool("get_forecast", "Weather forecast for a city.", source="weather")]
SECRET = [make_tool(f"launch_{n}", f"Launch rocket {n} by email.", source="rockets") for n in range(20)]


@pytest.mark.parametrize(
    ("visible", "tool_ids"),
    [
        (EVERYTHING, {"mail:send_email", "mail:read_email", "weather:get_forecast"}),
        (Visibility(frozenset({"mail"})), {"mail:send_email", "mail:read_email"}),
        (Visibility(frozenset(), frozenset({"mail:read_email"})), {"mail:read_email"}),
        (
            Visibility(frozenset({"weather"}), frozenset({"mail:read_email"})),
            {"weather:get_forecast", "mail:read_email"},
        ),
        (Visibility(frozenset()), set()),
    ],
    ids=["all", "a source", "a tool", "both", "nothing"],
)
def test_a_caller_sees_what_was_granted(open_shed: OpenShed, visible: Visibility, tool_ids: set[str]) -> None:
    shed = open_shed()
    shed.add_tools(*MAIL, *WEATHER)
    view = shed.seen_by(visible)
    assert set(view.list_tools()) == tool_ids
    found = view.search("Send an email about the weather forecast.", k=5, abstain_below=0.0)
    assert {tool.tool.tool_id for tool in found.tools} <= tool_ids
    assert found.n_tools == len(tool_ids)
    for tool in (*MAIL, *WEATHER):
        if tool.tool_id in tool_ids:
            assert view.get_tool(tool.tool_id).name == tool.name
        else:
            with pytest.raises(UnknownToolError):
                view.get_tool(tool.tool_id)
            with pytest.raises(UnknownToolError):
                view.call(tool.tool_id)


def test_hidden_tools_have_no_part_in_the_ranking(open_shed: OpenShed) -> None:
    shed = open_shed()
    shed.add_tools(*MAIL, *WEATHER)
    alone = shed.search("email the weather to Ana", k=3, abstain_below=0.0)
    shed.add_tools(*SECRET)
    view = shed.seen_by(Visibility(frozenset({"mail", "weather"})))
    beside = view.search("email the weather to Ana", k=3, abstain_below=0.0)
    assert [(t.tool.tool_id, t.score, t.confidence) for t in beside.tools] == [
        (t.tool.tool_id, t.score, t.confidence) for t in alone.tools
    ]
    assert beside.n_tools == alone.n_tools


def test_errors_do_not_name_what_is_hidden(open_shed: OpenShed) -> None:
    shed = open_shed()
    shed.add_tools(*MAIL, *SECRET)
    view = shed.seen_by(Visibility(frozenset({"mail"})))
    with pytest.raises(UnknownSourceError) as told:
        view.search("anything", sources=["nothing"])
    assert "rockets" not in str(told.value)
    with pytest.raises(UnknownSourceError):
        view.search("anything", sources=["rockets"])


def test_a_long_answer_is_read_on_by_who_called(open_shed: OpenShed) -> None:
    def write_essay() -> str:
        """Write an essay."""
        return "x" * 100

    shed = open_shed()
    shed.add_tools(write_essay)
    (tool_id,) = shed.list_tools()
    ana, bob = (shed.seen_by(EVERYTHING, name) for name in ("ana", "bob"))
    handle = ana.call(tool_id, max_characters=10).handle
    assert ana.read_result(handle, 90).text == "x" * 10
    with pytest.raises(UnknownResultError):
        bob.read_result(handle, 90)
    with pytest.raises(UnknownResultError):
        shed.read_result(handle, 90)
