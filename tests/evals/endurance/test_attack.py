"""Slow clients: what is said of a service that they attack."""

import contextlib
import socket
import threading
from pathlib import Path

import pytest

from toolshed_evals.endurance import attack
from toolshed_evals.endurance.trials import Outcome


@pytest.mark.parametrize(
    ("attacked", "ended", "lost"),
    [
        (0.19, 3.0, []),
        (0.21, 3.0, ["normal requests take 2.10 times as long as beside the control"]),
        (0.1, 9.0, ["the service took 9.0 s to end; its grace is 7 s"]),
    ],
    ids=["bar-met", "slow", "does-not-end"],
)
def test_a_service_is_judged_beside_the_control(attacked: float, ended: float, lost: list[str]) -> None:
    outcome, rounds = Outcome(1), attack._Rounds()
    for measured, p99 in ((rounds.quiet, 0.05), (rounds.control, 0.1), (rounds.attacked, attacked)):
        # The median of the rounds counts: one pause of the machine is no fault of the service.
        measured += [attack._Round(one, 10, 0.5) for one in (p99, p99, 30.0)]
    attack._judge(outcome, rounds, ended)
    assert outcome.lost == lost
    assert outcome.answers["in peace: p99 50 ms, 0.50 cores"] == 30


def test_the_control_reads_what_the_service_would_and_hangs_up() -> None:
    with attack._sink() as port, socket.create_connection(("127.0.0.1", port)) as connection:
        sent = threading.Thread(target=_send, args=(connection, attack._SINK_BYTES + 2**16))
        sent.start()
        connection.settimeout(60)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        sent.join()


def _send(connection: socket.socket, n_bytes: int) -> None:
    try:
        connection.sendall(bytes(n_bytes))
    except OSError:
        return


def test_the_processor_time_of_a_process_is_told_where_the_system_tells_it() -> None:
    # A process that is not there, or a system without such files, has taken none.
    assert attack._cpu_seconds(2**22 + 1) == 0
    if Path("/proc/self/stat").exists():
        assert attack._cpu_seconds(1) >= 0
