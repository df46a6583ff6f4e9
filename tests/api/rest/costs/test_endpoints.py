"""The endpoint of costs."""

import httpx
import pytest

from tests.api.serving import problem
from toolshed.economics.ledger.records import Task
from toolshed.errors import UnknownDecisionError
from toolshed.metering.usage import Usage
from toolshed.shed.shed import Toolshed
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import Caller, MissingScopeError


@pytest.fixture
def _booked(shed: Toolshed) -> None:
    for tenant, model in (("default", "gpt-4o-mini"), ("other", "gpt-4o")):
        task = shed.account.ledger.add_task(Task("billing", tenant=tenant))
        shed.account.book_call(task.task_id, "agent", model, Usage(1000, 10))


@pytest.mark.usefixtures("_booked")
def test_costs_are_those_of_ones_own_tenant_and_an_administrator_asks_for_others(
    client: httpx.Client,
) -> None:
    def groups(**query: str) -> list[str]:
        return [row["group"] for row in client.get("/v1/costs/report", params=query).json()["rows"]]

    assert groups() == ["gpt-4o-mini"]
    assert groups(tenant="other") == ["gpt-4o"]
    assert set(groups(tenant="*", by="tenant")) == {"default", "other"}
    assert groups(until="2001-01-01T00:00:00") == []
    assert problem(client.get("/v1/costs/report", params={"by": "colour"})) == (422, "invalid_request")


@pytest.mark.usefixtures("_booked")
@pytest.mark.parametrize(
    "caller",
    [Caller("searcher", scopes=frozenset({"search"})), Caller("foreign administrator", tenant="third")],
    ids=lambda caller: caller.name,
)
def test_nobody_else_learns_what_others_spend(shed: Toolshed, caller: Caller) -> None:
    for tenant in ("other", None):
        with pytest.raises(MissingScopeError):
            CallerShed(shed, caller).cost_report(tenant=tenant)


def test_reports_need_the_scope_of_calls(shed: Toolshed) -> None:
    with pytest.raises(MissingScopeError):
        CallerShed(shed, Caller("x", scopes=frozenset({"search"}))).report_outcome("t", True)
    with pytest.raises(UnknownDecisionError):
        CallerShed(shed, Caller("x")).report_outcome("t", True)
