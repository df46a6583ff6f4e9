"""Whether the service says truly that it is alive, and ready."""

import httpx

from tests.api.serving import TOOLS, problem, served
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed


def test_health(client: httpx.Client, shed: Toolshed) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "n_tools": 3}
    shed.close()
    assert client.get("/healthz").status_code == 200
    assert problem(client.get("/readyz")) == (503, "knowledge_base")


def test_where_keys_are_set_ready_tells_strangers_no_more_than_that(shed: Toolshed) -> None:
    shed.add_tools(*TOOLS)
    settings = Settings(api_keys=["one"])  # type: ignore[list-item]  # pydantic makes them secrets
    shown = {"x-api-key": "one"}
    with served(settings, shed) as client:
        assert client.get("/readyz").json() == {"status": "ok"}
        assert client.get("/readyz", headers=shown).json() == {"status": "ok", "n_tools": 3}
        shed.close()
        strangers, ours = client.get("/readyz"), client.get("/readyz", headers=shown)
        assert problem(strangers) == problem(ours) == (503, "knowledge_base")
        assert strangers.json()["detail"] == "the knowledge base does not answer; the log has the reason"
        assert ours.json()["detail"] != strangers.json()["detail"]


def test_an_empty_service_is_alive_and_not_ready(shed: Toolshed) -> None:
    with served(Settings(), shed) as client:
        assert client.get("/healthz").status_code == 200
        assert problem(client.get("/readyz")) == (503, "empty")
        client.post("/v1/tools", json={"tools": [{"name": "get_forecast", "description": "Weather."}]})
        assert client.get("/readyz").json() == {"status": "ok", "n_tools": 1}


def test_an_operator_may_call_an_empty_service_ready(shed: Toolshed) -> None:
    with served(Settings(ready_when_empty=True), shed) as client:
        assert client.get("/readyz").json() == {"status": "ok", "n_tools": 0}
