"""Requests that are sent again."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from tests.api.serving import problem
from toolshed.errors import StateError
from toolshed.shed.shed import Toolshed
from toolshed.state.database import Database
from toolshed_api import idempotency as module
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import Caller
from toolshed_api.idempotency import Idempotency, KeptAnswer, ReusedKeyError, UnansweredError

ANA, BEN = Caller("ana"), Caller("ben")
TOOL = {"name": "get_tides", "description": "Tide tables of a harbour."}
KEY = {"idempotency-key": "k1"}
ANSWER = KeptAnswer(200, {"content-type": "application/json"}, b"{}")


def test_a_request_that_is_sent_again_does_nothing_and_gets_the_first_answer(client: httpx.Client) -> None:
    first = client.put("/v1/tools/sea:get_tides", json=TOOL, headers=KEY)
    again = client.put("/v1/tools/sea:get_tides", json=TOOL, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert first.json()["added"] == ["sea:get_tides"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    other = client.put("/v1/tools/sea:get_tides", json={**TOOL, "description": "x"}, headers=KEY)
    assert problem(other) == (409, "reused_key")
    elsewhere = client.put("/v1/tools/sea:other", json=TOOL, headers=KEY)
    assert problem(elsewhere) == (409, "reused_key")


def test_a_refusal_is_given_again_and_what_may_pass_is_tried_again(client: httpx.Client) -> None:
    for _ in range(2):
        refused = client.delete("/v1/tools/sea:none", headers=KEY)
        assert problem(refused) == (404, "unknown_tool")
    wrong = client.post("/v1/tools", json={"tools": []}, headers={"idempotency-key": "k2"})
    assert problem(wrong) == (422, "invalid_request")
    right = client.post("/v1/tools", json={"tools": [TOOL]}, headers={"idempotency-key": "k2"})
    assert right.status_code == 200


def test_a_call_that_is_sent_again_acts_once(client: httpx.Client, shed: Toolshed) -> None:
    calls: list[str] = []

    def pay(to: str) -> str:
        """Pay somebody."""
        calls.append(to)
        return f"paid {to}"

    shed.add_tools(pay, source_name="bank")
    body = {"arguments": {"to": "Ana"}}
    answers = [client.post("/v1/tools/bank:pay/call", json=body, headers=KEY).json() for _ in range(3)]
    assert [answer["text"] for answer in answers] == ["paid Ana"] * 3
    assert calls == ["Ana"]


def test_a_call_that_failed_in_a_way_nobody_thought_of_is_not_made_again(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    async def acted(shed: CallerShed, tool_id: str, *_given: object, **_options: object) -> None:
        calls.append(tool_id)
        raise RuntimeError("a mistake of ours, after it acted")

    monkeypatch.setattr(CallerShed, "acall", acted)
    answers = [client.post("/v1/tools/mail:send_email/call", json={}, headers=KEY) for _ in range(2)]
    assert [problem(answer) for answer in answers] == [(500, "internal_error")] * 2
    assert calls == ["mail:send_email"]


@pytest.mark.parametrize("key", ["", "two words", "x" * 201], ids=["empty", "space", "long"])
def test_keys_that_are_none_are_refused(client: httpx.Client, key: str) -> None:
    refused = client.put("/v1/tools/sea:get_tides", json=TOOL, headers={"idempotency-key": key})
    assert problem(refused) == (422, "invalid_request")


def test_keys_are_their_callers(location: str) -> None:
    answers = Idempotency(Database.open(location, "state", StateError))
    assert answers.begin(ANA, "k", "f") is None
    with pytest.raises(UnansweredError):
        answers.begin(ANA, "k", "f")
    assert answers.begin(BEN, "k", "g") is None
    assert answers.begin(Caller("ana", "other"), "k", "g") is None
    answers.end(ANA, "k", ANSWER)
    assert answers.begin(ANA, "k", "f") == ANSWER
    with pytest.raises(ReusedKeyError):
        answers.begin(ANA, "k", "g")
    answers.forget(BEN, "k")
    assert answers.begin(BEN, "k", "other") is None
    answers.database.close()


def test_of_many_at_once_one_is_the_first(location: str) -> None:
    answers = Idempotency(Database.open(location, "state", StateError))

    def begin(_: int) -> bool:
        try:
            return answers.begin(ANA, "k", "f") is None
        except UnansweredError:
            return False

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(begin, range(32))) == 1
    finally:
        sys.setswitchinterval(before)
    answers.database.close()


def test_what_a_dead_process_left_unanswered_is_done_again_and_old_keys_are_forgotten(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Idempotency(Database.open(location, "state", StateError))
    answers.begin(ANA, "k", "f")
    monkeypatch.setattr(module, "_GONE_AFTER", timedelta(seconds=-1))
    assert answers.begin(ANA, "k", "f") is None
    answers.end(ANA, "k", ANSWER)
    monkeypatch.setattr(module, "KEPT", timedelta(seconds=-1))
    assert answers.begin(ANA, "k", "another") is None
    answers.database.close()
