"""What was reserved is on disk before anything of a reply is handed on."""

import threading

import pytest

from tests.api.gateway.conftest import ServeGateway
from tests.provider_stub import Turn
from toolshed.state import lasting
from toolshed_api.gateway.exchange import Exchange

_SECONDS = 60
_BUDGETS = [{"limit_usd": 1}]


def test_nothing_of_a_stream_is_handed_on_before_what_was_reserved_lasts(
    serve_gateway: ServeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = serve_gateway(lambda body: Turn("Hello."), budgets=_BUDGETS)
    # Opened before the disk is slow.
    gateway.shed.account.refresh()
    order: list[str] = []
    is_awaited, disk_may_go_on = threading.Event(), threading.Event()
    sync, kept = lasting._sync, Exchange.kept

    def slow(file: int) -> None:
        assert disk_may_go_on.wait(_SECONDS)
        sync(file)
        order.append("disk")

    async def watched(exchange: Exchange) -> None:
        is_awaited.set()
        await kept(exchange)
        order.append("handed on")

    monkeypatch.setattr(lasting, "_sync", slow)
    monkeypatch.setattr(Exchange, "kept", watched)
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi."}], "stream": True}

    def ask() -> None:
        assert "Hello" in gateway.http.post("/v1/chat/completions", json=body, timeout=_SECONDS).text
        order.append("answer")

    asking = threading.Thread(target=ask)
    asking.start()
    # The model has answered by then.
    assert is_awaited.wait(_SECONDS)
    assert (len(gateway.seen), order) == (1, [])
    disk_may_go_on.set()
    asking.join(_SECONDS)
    # The reply is booked, on disk, whenever it is.
    assert [one for one in order if one != "disk"] == ["handed on", "answer"]
    assert order[0] == "disk"
