"""The process that hands out connections."""

import asyncio
import logging
import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from toolshed.settings import Settings
from toolshed_api.workers.handing import BEAT
from toolshed_api.workers.members import READY
from toolshed_api.workers.supervisor import Supervisor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix sockets")


def test_connections_are_accepted_after_one_could_not_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("toolshed_api.workers.supervisor._PAUSES", (0.0, 0.0))
    # Where a server has run in this process, its log may say less, and goes no further than its own handlers.
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "propagate", True)
    caplog.set_level(logging.WARNING, "uvicorn.error")

    async def handed() -> int:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.setblocking(False)
            supervisor = Supervisor(Settings(), [listener], n_searching=1, folder=tmp_path)
            (member,) = supervisor._searching
            member.channel, theirs = socket.socketpair()
            member.is_up = True
            with member.channel, theirs, socket.socket() as client:
                accepting = asyncio.create_task(supervisor._accept(listener))
                # Nothing is accepted by who does not listen.
                while "could not be accepted" not in caplog.text:
                    await asyncio.sleep(0)
                listener.listen()
                client.connect(listener.getsockname())
                _, handles, _, _ = await asyncio.to_thread(socket.recv_fds, theirs, 1, 1)
                accepting.cancel()
                with suppress(asyncio.CancelledError):
                    await accepting
            for handle in handles:
                socket.close(handle)
            return len(handles)

    assert asyncio.run(asyncio.wait_for(handed(), 60)) == 1


def test_a_service_whose_processes_cannot_be_started_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object) -> None:
        raise OSError("out of processes")

    monkeypatch.setattr(Supervisor, "_start", start)
    supervisor = Supervisor(Settings(), [], n_searching=1, folder=tmp_path)
    assert asyncio.run(asyncio.wait_for(supervisor.run(), 60)) == 1


class HungProcess:
    """A process that says nothing until it is killed."""

    def __init__(self) -> None:
        self.is_killed = False

    def kill(self) -> None:
        self.is_killed = True


@pytest.mark.parametrize("says", [True, False], ids=["goes-on", "hangs"])
def test_a_process_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: bool) -> None:
    # Silence is long enough here to hear who speaks, and short where nobody will.
    monkeypatch.setattr("toolshed_api.workers.supervisor._SILENT_SECONDS", 60 if says else 0.01)
    process = HungProcess()

    async def watched() -> None:
        supervisor = Supervisor(Settings(), [], n_searching=1, folder=tmp_path)
        (member,) = supervisor._searching
        member.channel, theirs = socket.socketpair()
        member.channel.setblocking(False)
        member.is_up = True
        with member.channel, theirs:
            watching = asyncio.create_task(supervisor._watch(member, process))  # type: ignore[arg-type]  # all that is used
            if says:
                theirs.sendall(BEAT * 3)
                theirs.close()
            await watching
        assert member.is_up is says

    asyncio.run(asyncio.wait_for(watched(), 60))
    assert process.is_killed is not says


@pytest.mark.parametrize("says", [True, False], ids=["is-ready", "hangs"])
def test_a_process_that_never_gets_ready_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: bool
) -> None:
    monkeypatch.setattr("toolshed_api.workers.supervisor._START_SECONDS", 60 if says else 0.01)
    process = HungProcess()

    async def started() -> bool:
        supervisor = Supervisor(Settings(), [], n_searching=1, folder=tmp_path)
        (member,) = supervisor._searching
        member.channel, theirs = socket.socketpair()
        member.channel.setblocking(False)
        with member.channel, theirs:
            if says:
                theirs.sendall(READY)
            await supervisor._wait_until_up(member, process)  # type: ignore[arg-type]  # all that is used
        return member.is_up

    assert asyncio.run(asyncio.wait_for(started(), 60)) is says
    assert process.is_killed is not says
