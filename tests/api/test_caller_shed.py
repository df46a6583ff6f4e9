"""What a caller may do: every verb asks for a scope, and leaves a trail."""

import inspect
from collections.abc import Iterator

import pytest

from tests.api.serving import TOOLS
from tests.conftest import OpenShed
from toolshed.errors import UnknownToolError
from toolshed.shed.shed import Toolshed
from toolshed_api.audit.log import AuditLog
from toolshed_api.audit.trail import AuditTrail
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import SCOPES, Caller, MissingScopeError
from toolshed_api.state import open_state

VERBS = [name for name, _ in inspect.getmembers(CallerShed, inspect.isfunction) if not name.startswith("_")]
# How verbs work, what they look at first, and a number that tells when to ask again.
VERBS = [name for name in VERBS if name not in ("doing", "check_source", "catalog_version")]


def add(first: int, second: int) -> int:
    """Add two numbers."""
    return first + second


@pytest.fixture
def filled(open_shed: OpenShed) -> Toolshed:
    shed = open_shed()
    shed.add_tools(*TOOLS, add)
    return shed


@pytest.fixture
def log() -> Iterator[AuditLog]:
    database = open_state("memory:")
    opened = AuditLog(database)
    yield opened
    opened.close()
    database.close()


def required(verb: str) -> dict[str, object]:
    """Something for each argument that has no default."""
    parameters = list(inspect.signature(getattr(CallerShed, verb)).parameters.values())[1:]
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    needed = [one.name for one in parameters if one.default is one.empty and one.kind not in kinds]
    given = {"catalogs": (), "slot": {"level": "user", "source": "x", "scheme": ""}}
    return {name: given.get(name, "x") for name in needed}


async def tried(shed: CallerShed, verb: str) -> None:
    done = getattr(shed, verb)(**required(verb))
    if inspect.isawaitable(done):
        await done
    elif inspect.isasyncgen(done):
        await anext(done)
    elif inspect.isgenerator(done):
        next(done)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_verb_refuses_who_has_no_scope_and_writes_it_down(
    filled: Toolshed, log: AuditLog, verb: str
) -> None:
    shed = CallerShed(filled, Caller("nobody", scopes=frozenset()), AuditTrail(log, "r1"))
    with pytest.raises(MissingScopeError):
        await tried(shed, verb)
    assert log.flush()
    (event,) = log.page("default", limit=9)
    assert (event["caller"], event["outcome"], event["request_id"]) == ("nobody", "missing_scope", "r1")


def test_the_trail_tells_what_was_done_and_not_what_was_said(filled: Toolshed, log: AuditLog) -> None:
    shed = CallerShed(filled, Caller("key"), AuditTrail(log, "r1", b"k" * 32))
    shed.search("send an email")
    shed.search("send an email")
    shed.search("weather")
    (added,) = [one for one in shed.list_tools() if one.endswith("add")]
    assert shed.call(added, {"first": 1, "second": 2}).text == "3"
    with pytest.raises(UnknownToolError):
        shed.get_tool("mail:nothing")
    assert log.flush()
    events = log.page("default", limit=9)[::-1]
    told = [(one["action"], one["target"], one["outcome"]) for one in events]
    assert told == [
        ("search", "", "ok"),
        ("search", "", "ok"),
        ("search", "", "ok"),
        ("tools.list", "", "ok"),
        ("call", added, "ok"),
        ("tools.get", "mail:nothing", "unknown_tool"),
    ]
    first, second, third = (one["digest"] for one in events[:3])
    assert first == second != third
    assert {one["text"] for one in events} == {None}


def test_texts_are_kept_where_the_operator_says_so(filled: Toolshed, log: AuditLog) -> None:
    CallerShed(filled, Caller("key"), AuditTrail(log, keeps_texts=True)).search("send an email")
    assert log.flush()
    assert log.page("default", limit=9)[0]["text"] == "send an email"


def test_who_looks_through_the_eyes_of_another_is_named(filled: Toolshed, log: AuditLog) -> None:
    viewed = Caller("groups:a", scopes=frozenset({"search"}), viewed_by="boss")
    CallerShed(filled, viewed, AuditTrail(log)).list_tools()
    assert log.flush()
    (event,) = log.page("default", limit=9)
    assert (event["caller"], event["viewed_as"]) == ("boss", "groups:a")


def test_scopes_are_those_that_verbs_ask_for() -> None:
    assert {"search", "call", "index", "admin", "chat"} == SCOPES
