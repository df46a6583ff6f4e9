"""The endpoint of outcomes."""

import httpx

from tests.api.serving import problem
from toolshed.economics.ledger.records import Task
from toolshed.metering.runs import MeteredCall
from toolshed.metering.usage import Usage
from toolshed.shed.shed import Toolshed


def test_an_outcome_is_booked_once_under_its_id(client: httpx.Client, shed: Toolshed) -> None:
    task = shed.account.start_task("billing")
    body = {"task_id": task.task_id, "passed": True, "outcome_id": "o1", "source": "test"}
    first, second = client.post("/v1/outcomes", json=body), client.post("/v1/outcomes", json=body)
    assert first.json() == second.json()
    assert (first.json()["passed"], first.json()["source"]) == (True, "test")
    assert len(shed.account.ledger.task(task.task_id)["outcomes"]) == 1


def test_outcomes_of_nothing_and_of_other_tenants_are_refused_alike(
    client: httpx.Client, shed: Toolshed
) -> None:
    theirs = shed.account.ledger.add_task(Task("billing", tenant="other"))
    unknown = client.post("/v1/outcomes", json={"task_id": "none", "passed": True})
    foreign = client.post("/v1/outcomes", json={"task_id": theirs.task_id, "passed": True})
    assert problem(unknown) == problem(foreign) == (404, "unknown_decision")
    told = foreign.json()["detail"].replace(theirs.task_id, "none")
    assert told == unknown.json()["detail"]
    assert problem(client.post("/v1/outcomes", json={"passed": True})) == (422, "invalid_record")
    assert problem(client.post("/v1/outcomes", json={"task_id": "none"})) == (422, "invalid_request")


def test_calls_are_not_booked_under_another_tenants_task(shed: Toolshed) -> None:
    ours, theirs = shed.account.start_task("a"), shed.account.ledger.add_task(Task("a", tenant="other"))
    for task_id, n_calls in ((ours.task_id, 1), (theirs.task_id, 0)):
        with shed.booking.run("retrieval", task_id) as run:
            run.calls.append(MeteredCall("planner", "gpt-4o", Usage(10, 1), 0.1))
        assert len(shed.account.ledger.task(task_id)["calls"]) == n_calls
        assert bool(run.unbooked) == (n_calls == 0)


def test_what_served_a_search_is_reported_by_its_id(client: httpx.Client, shed: Toolshed) -> None:
    found = client.post("/v1/tools/search", json={"query": "write to Ana by email"}).json()
    body = {"query_id": found["query_id"], "tools_used": ["mail:send_email"], "passed": True}
    first = client.post("/v1/outcomes/search", json=body)
    assert first.json() == {"n_new": 1, "n_repeated": 0, "n_dropped": 0}
    assert client.post("/v1/outcomes/search", json=body).json()["n_repeated"] == 1
    assert shed.outcomes.learn().n_examples == 1


def test_reports_of_no_search_and_of_no_tool_are_refused(client: httpx.Client) -> None:
    found = client.post("/v1/tools/search", json={"query": "write to Ana by email"}).json()
    body = {"query_id": found["query_id"], "tools_used": ["mail:nothing"], "passed": True}
    assert problem(client.post("/v1/outcomes/search", json=body)) == (404, "unknown_tool")
    other = {**body, "query_id": "none", "tools_used": ["mail:send_email"]}
    assert problem(client.post("/v1/outcomes/search", json=other)) == (404, "unknown_query")
    assert problem(client.post("/v1/outcomes/search", json={**body, "tools_used": []})) == (
        422,
        "invalid_request",
    )
