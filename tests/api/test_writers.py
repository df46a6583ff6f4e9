"""Writes one after the other."""

import asyncio
import threading

import pytest

from toolshed_api import writers as module
from toolshed_api.problems import OverloadedError
from toolshed_api.writers import Writers


async def test_writes_of_a_tenant_run_in_their_order_and_tenants_beside_each_other() -> None:
    writers, order, gate = Writers(), list[str](), threading.Event()

    def write(name: str) -> str:
        if name == "a0":
            assert gate.wait(60)
        order.append(name)
        return name

    first = [asyncio.ensure_future(writers.run("a", write, f"a{n}")) for n in range(3)]
    await asyncio.sleep(0)
    assert await writers.run("b", write, "b0") == "b0"
    gate.set()
    assert await asyncio.gather(*first) == ["a0", "a1", "a2"]
    assert order == ["b0", "a0", "a1", "a2"]
    writers.close()


async def test_the_queue_has_an_end_and_refuses_before_it_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    writers, gate, written = Writers(), threading.Event(), list[int]()

    def write(n: int) -> None:
        assert gate.wait(60)
        written.append(n)

    waiting = [asyncio.ensure_future(writers.run("a", write, n)) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await writers.run("a", write, 2)
    gate.set()
    await asyncio.gather(*waiting)
    await writers.run("a", write, 3)
    assert written == [0, 1, 3]
    writers.close()


async def test_an_error_of_a_write_is_its_own() -> None:
    writers = Writers()

    def write(fails: bool) -> str:
        if fails:
            raise ValueError("no")
        return "done"

    with pytest.raises(ValueError, match="no"):
        await writers.run("a", write, True)
    assert await writers.run("a", write, False) == "done"
    writers.close()
