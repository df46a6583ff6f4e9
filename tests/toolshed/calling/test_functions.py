"""Python functions and LangChain tools, called through a knowledge base."""

import asyncio
import contextlib
import contextvars
import functools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any, TypedDict, Unpack

import pytest
from langchain_core.tools import StructuredTool, ToolException
from langchain_core.tools import tool as langchain_tool
from pydantic import BaseModel, Field

from tests.waiting import PATIENCE_SECONDS, eventually_beside
from toolshed import AsyncToolshed, Toolshed
from toolshed.calling.results import BinaryContent
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.sources import read_object
from toolshed.errors import InvalidArgumentsError, NotCallableError, ToolCallError, ToolTimeoutError
from toolshed.types import ToolDefinition


class Side(Enum):
    NORTH = "north"


class Desk(BaseModel):
    number: int
    side: Side = Side.NORTH


@dataclass
class Room:
    name: str


def move(desk: Desk, day: date, room: Room, *, times: int = 1) -> dict[str, Any]:
    """Move a desk."""
    assert isinstance(desk, Desk)
    assert isinstance(room, Room)
    return {"desk": desk.number, "side": desk.side, "day": day, "room": room, "times": times}


async def later(text: str) -> str:
    """Say it later."""
    await asyncio.sleep(0)
    return text


@pytest.fixture
def shed() -> Iterator[Toolshed]:
    with Toolshed("memory:", pipeline="instant") as opened:
        yield opened


def described(name: str, **properties: Any) -> ToolDefinition:
    parameters = {"type": "object", "properties": properties}
    return ToolDefinition(name, parameters=parameters, binding={"kind": "python"})


def add(shed: Toolshed, function: Any, **changes: Any) -> str:
    definition = changes.pop("definition", None) or read_object(function)
    shed.add_catalogs([Catalog(definition.source, (definition,))])
    shed.tools.callables[definition.tool_id] = function
    return str(definition.tool_id)


def test_values_arrive_as_the_function_says_it_takes_them(shed: Toolshed) -> None:
    tool_id = add(shed, move)
    result = shed.call(
        tool_id, {"desk": {"number": 4}, "day": "2026-11-30", "room": {"name": "east"}, "times": 2.0}
    )
    assert not result.is_error
    assert result.structured == {
        "desk": 4,
        "side": "north",
        "day": "2026-11-30",
        "room": {"name": "east"},
        "times": 2,
    }
    assert result.text.startswith('{"desk": 4')


@pytest.mark.parametrize(
    ("value", "text", "structured"),
    [
        pytest.param("héllo", "héllo", None, id="text"),
        pytest.param(None, "null", None, id="nothing"),
        pytest.param([1, {"a": (2,)}], '[1, {"a": [2]}]', [1, {"a": [2]}], id="a-list"),
        pytest.param(
            Desk(number=1), '{"number": 1, "side": "north"}', {"number": 1, "side": "north"}, id="a-model"
        ),
        pytest.param({1}, "[1]", [1], id="a-set"),
        pytest.param((n for n in range(3)), "[0, 1, 2]", [0, 1, 2], id="a-generator"),
        pytest.param(0, "0", 0, id="zero"),
    ],
)
def test_what_a_function_gives_is_kept_as_json(
    shed: Toolshed, value: Any, text: str, structured: Any
) -> None:
    def give() -> Any:
        """Give."""
        return value

    result = shed.call(add(shed, give))
    assert (result.text, result.structured) == (text, structured)
    assert result.is_structured == (not isinstance(value, str))


def test_bytes_are_described_and_at_hand(shed: Toolshed) -> None:
    def draw() -> bytes:
        """Draw."""
        return b"\x00\x01"

    result = shed.call(add(shed, draw))
    assert result.text == "[binary content: application/octet-stream, 2 bytes]"
    assert result.binaries == (BinaryContent("application/octet-stream", b"\x00\x01"),)


def test_endless_generators_are_cut(shed: Toolshed) -> None:
    def count() -> Iterator[int]:
        """Count."""
        n = 0
        while True:
            yield n
            n += 1

    assert len(shed.call(add(shed, count)).structured) == 10_000


@pytest.mark.parametrize("error", [ValueError("no such desk"), SystemExit(3), KeyError("x"), TimeoutError()])
def test_what_a_function_raises_is_its_answer(shed: Toolshed, error: BaseException) -> None:
    def fail() -> None:
        """Fail."""
        raise error

    result = shed.call(add(shed, fail))
    assert result.is_error
    assert result.text.startswith(type(error).__name__)
    assert result.exception is error


def test_arguments_are_checked_before_the_function_is_called(shed: Toolshed) -> None:
    called: list[int] = []

    def note(n: Annotated[int, Field(gt=3)]) -> None:
        """Note."""
        called.append(n)

    tool_id = add(shed, note)
    for wrong in ({"n": "1"}, {"n": 1}, {}, {"n": 5, "m": 1}):
        with pytest.raises(InvalidArgumentsError):
            shed.call(tool_id, wrong)
    assert called == []


def test_an_argument_without_a_place_is_refused_not_dropped(shed: Toolshed) -> None:
    with pytest.raises(InvalidArgumentsError, match="no place for 'extra'; it takes 'text'"):
        shed.call(add(shed, later), {"text": "a", "extra": 1})


def test_a_function_that_takes_any_names_gets_them(shed: Toolshed) -> None:
    def gather(first: int, /, **rest: int) -> dict[str, int]:
        """Gather."""
        return {"first": first, **rest}

    assert shed.call(add(shed, gather), {"first": 1, "b": 2}).structured == {"first": 1, "b": 2}


def test_partials_callable_objects_and_models_are_called(shed: Toolshed) -> None:
    class Counter:
        def __call__(self, desk: Desk) -> int:
            return desk.number

    own = described("own", desk={"type": "object"})
    assert shed.call(add(shed, Counter(), definition=own), {"desk": {"number": 7}}).structured == 7
    assert (
        shed.call(
            add(shed, functools.partial(Counter().__call__), definition=own), {"desk": {"number": 8}}
        ).structured
        == 8
    )
    flat = described("flat", number={})
    assert shed.call(add(shed, Desk, definition=flat), {"number": 7}).structured == {
        "number": 7,
        "side": "north",
    }
    with pytest.raises(InvalidArgumentsError, match="the arguments as it is: number"):
        shed.call(add(shed, Desk, definition=flat), {"number": "x"})


def test_types_that_only_the_function_sees_are_found(shed: Toolshed) -> None:
    class Lamp(BaseModel):
        watts: int

    class More(TypedDict, total=False):
        on: date

    def light(lamp: "Lamp", **more: Unpack[More]) -> dict[str, Any]:
        """Light."""
        return {"watts": lamp.watts, "year": more["on"].year, "kind": Lamp.__name__}

    tool_id = add(shed, light)
    result = shed.call(tool_id, {"lamp": {"watts": 3}, "on": "2026-11-30"})
    assert result.structured == {"watts": 3, "year": 2026, "kind": "Lamp"}


def test_what_only_a_framework_gives_is_said(shed: Toolshed) -> None:
    def with_context(context: object, n: int) -> int:
        """Count."""
        return n

    without = described("c", n={"type": "integer"})
    with pytest.raises(NotCallableError, match="wants 'context', which only its framework"):
        shed.call(add(shed, with_context, definition=without), {"n": 1})


def test_a_default_that_is_a_field_is_what_the_field_says(shed: Toolshed) -> None:
    def count(n: int = Field(3, description="How many.")) -> int:
        """Count."""
        return n

    own = described("f", n={"type": "integer"})
    assert shed.call(add(shed, count, definition=own)).structured == 3


def test_asynchronous_functions_are_awaited(shed: Toolshed) -> None:
    assert shed.call(add(shed, later), {"text": "now"}).text == "now"

    def gives_a_coroutine(text: str) -> Any:
        """Give."""
        return later(text)

    assert shed.call(add(shed, gives_a_coroutine), {"text": "then"}).text == "then"


async def test_an_asynchronous_function_runs_in_the_callers_loop() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def note() -> None:
        """Note."""
        loops.append(asyncio.get_running_loop())

    async with AsyncToolshed("memory:", pipeline="instant") as shed:
        tool_id = add(shed._shed, note)
        await shed.call(tool_id)
        assert (await shed.call(add(shed._shed, later), {"text": "b"})).text == "b"
    assert loops == [asyncio.get_running_loop()]


_may_end = threading.Event()


@pytest.fixture
def _blocked() -> Iterator[None]:
    """What blocks does so until the test has ended."""
    _may_end.clear()
    yield
    _may_end.set()


def block() -> None:
    """Block."""
    _may_end.wait(PATIENCE_SECONDS)


async def block_softly() -> None:
    """Block, and do not let yourself be cancelled."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not _may_end.is_set() and time.monotonic() < end:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("_blocked")
@pytest.mark.parametrize("function", [block, block_softly])
def test_a_deadline_holds_whatever_the_function_does(shed: Toolshed, function: Callable[[], Any]) -> None:
    with pytest.raises(ToolTimeoutError, match=r"within 0\.2 seconds.*may have acted") as late:
        shed.call(add(shed, function), timeout_seconds=0.2)
    assert late.value.may_have_acted


@pytest.mark.usefixtures("_blocked")
@pytest.mark.parametrize("function", [block, block_softly])
async def test_a_deadline_holds_in_asynchronous_programs(function: Callable[[], Any]) -> None:
    async with AsyncToolshed("memory:", pipeline="instant") as shed:
        tool_id = add(shed._shed, function)
        with pytest.raises(ToolTimeoutError):
            await shed.call(tool_id, timeout_seconds=0.2)
        _may_end.set()


async def test_a_cancelled_call_cancels_what_it_awaits() -> None:
    ended: list[str] = []
    began = asyncio.Event()

    async def wait() -> None:
        """Wait."""
        began.set()
        try:
            await asyncio.sleep(100)
        finally:
            ended.append("cancelled")

    async with AsyncToolshed("memory:", pipeline="instant") as shed:
        call = asyncio.create_task(shed.call(add(shed._shed, wait)))
        await asyncio.wait_for(began.wait(), PATIENCE_SECONDS)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await eventually_beside(lambda: ended)
    assert ended == ["cancelled"]


def test_context_variables_go_along(shed: Toolshed) -> None:
    user = contextvars.ContextVar("user", default="nobody")

    def who() -> str:
        """Who."""
        return user.get()

    user.set("ana")
    assert shed.call(add(shed, who)).text == "ana"


def test_many_threads_call_at_once(shed: Toolshed) -> None:
    # Nobody goes on alone.
    two, two_softly = threading.Barrier(2, timeout=PATIENCE_SECONDS), asyncio.Barrier(2)

    def double(n: int) -> int:
        """Double."""
        two.wait()
        return 2 * n

    async def double_softly(n: int) -> int:
        """Double."""
        await asyncio.wait_for(two_softly.wait(), PATIENCE_SECONDS)
        return 2 * n

    tool_ids = [add(shed, double), add(shed, double_softly)]
    got: dict[int, Any] = {}

    def work(n: int) -> None:
        got[n] = shed.call(tool_ids[n % 2], {"n": n}).structured

    threads = [threading.Thread(target=work, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {n: 2 * n for n in range(32)}


def test_a_function_may_call_another_tool(shed: Toolshed) -> None:
    def outer() -> str:
        """Call another."""
        return shed.call(inner, {"text": "in"}).text

    inner = add(shed, later)
    assert shed.call(add(shed, outer)).text == "in"


def test_an_asynchronous_function_that_calls_blockingly_is_told_so(shed: Toolshed) -> None:
    async def outer() -> str:
        """Call another."""
        return shed.call(inner, {"text": "in"}).text

    inner = add(shed, later)
    result = shed.call(add(shed, outer), timeout_seconds=5)
    assert result.is_error
    assert "AsyncToolshed" in result.text


def test_tools_that_nothing_says_how_to_call_say_what_would(shed: Toolshed) -> None:
    shed.add_catalogs([Catalog("tools", (ToolDefinition("a"), described("b")))])
    with pytest.raises(NotCallableError, match="index it from its MCP server, its OpenAPI document"):
        shed.call("tools:a")
    with pytest.raises(NotCallableError, match="add it here with"):
        shed.call("tools:b")


def test_a_closed_knowledge_base_calls_nothing() -> None:
    shed = Toolshed("memory:", pipeline="instant")
    tool_id = add(shed, later)
    definition = shed.get_tool(tool_id)
    shed.close()
    with pytest.raises(ToolCallError, match="closed"):
        shed.caller.call(definition, {"text": "a"}, {})


def test_langchain_tools_are_called_with_what_they_return(shed: Toolshed) -> None:
    @langchain_tool
    def add_up(numbers: list[int]) -> int:
        """Add up."""
        return sum(numbers)

    @langchain_tool(response_format="content_and_artifact")
    def look(place: str) -> tuple[str, dict[str, str]]:
        """Look."""
        return f"looked at {place}", {"place": place}

    @langchain_tool
    def fail() -> None:
        """Fail."""
        raise ToolException("not today")

    assert shed.call(add(shed, add_up), {"numbers": [1, 2]}).structured == 3
    looked = shed.call(add(shed, look), {"place": "here"})
    assert (looked.text, looked.structured) == ("looked at here", {"place": "here"})
    failed = shed.call(add(shed, fail))
    assert (failed.is_error, failed.text) == (True, "ToolException: not today")
    with pytest.raises(InvalidArgumentsError, match="no place for 'more'"):
        shed.call(add(shed, add_up), {"numbers": [], "more": 1})


async def test_langchain_tools_with_a_coroutine_only_are_awaited() -> None:
    softly = StructuredTool.from_function(coroutine=later, name="softly", description="Softly.")
    with Toolshed("memory:", pipeline="instant") as blocking:
        assert (await asyncio.to_thread(blocking.call, add(blocking, softly), {"text": "a"})).text == "a"
    async with AsyncToolshed("memory:", pipeline="instant") as shed:
        assert (await shed.call(add(shed._shed, softly), {"text": "b"})).text == "b"


def test_what_was_found_is_called_by_the_knowledge_base_that_found_it(shed: Toolshed) -> None:
    def read_out(text: str) -> str:
        """Read a text out loud."""
        return text * 30_000 if text == "long" else text

    shed.add_tools(read_out)
    (tool,) = shed.search("read a text out loud", k=1, abstain_below=0).to_langchain()
    assert str(tool.invoke({"text": "hello"})) == "hello"
    message = tool.invoke({"name": tool.name, "args": {"text": "long"}, "id": "1", "type": "tool_call"})
    assert message.content.startswith("longlong")
    assert "[cut: 20,000 of 120,000 characters; the rest by handle" in message.content


async def test_what_was_found_is_awaited_by_the_knowledge_base_that_found_it() -> None:
    async with AsyncToolshed("memory:", pipeline="instant") as shed:
        await shed.add_tools(later)
        found = await shed.search("say it later", k=1, abstain_below=0)
        (tool,) = found.to_langchain()
        assert str(await tool.ainvoke({"text": "hello"})) == "hello"


def test_skills_are_no_calls(shed: Toolshed) -> None:
    shed.add_catalogs([Catalog("s", (ToolDefinition("tidy", source="s", binding={"kind": "skill"}),))])
    with pytest.raises(NotCallableError, match="is a skill, instructions for the model"):
        shed.call("s:tidy")


def test_a_long_answer_is_read_on(shed: Toolshed) -> None:
    def write() -> str:
        """Write."""
        return "".join(f"line {n}\n" for n in range(1_000))

    result = shed.call(add(shed, write), max_characters=100)
    assert len(result.text) == 100
    assert result.read_more().text == write()[100:200]
    assert shed.read_result(result.handle, 8_000).text == write()[8_000:]
