"""Whether the service says truly that it is alive, and ready."""

import httpx

from tests.api.serving import problem
from toolshed.shed.shed import Toolshed


def test_health(client: httpx.Client, shed: Toolshed) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "n_tools": 3}
    shed.close()
    assert client.get("/healthz").status_code == 200
    assert problem(client.get("/readyz")) == (503, "knowledge_base")
