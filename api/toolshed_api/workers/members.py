"""What the processes of a service run."""

import multiprocessing
import os
import shutil
import signal
import socket
import threading
import time
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import uvicorn

from toolshed.settings import Settings
from toolshed_api.server import GRACE_SECONDS, SERVER_OPTIONS
from toolshed_api.workers.crew import Crew
from toolshed_api.workers.handing import BACKLOG, HandedServer

# What tells the process that starts the others that one of them is ready.
READY = b"r"


def serve_writer(settings: Settings, crew: Crew, channel: socket.socket) -> None:
    """Run the process that writes, and answers all but searches, to the other processes."""
    _end_with_parent(crew.folder)
    from toolshed_api.app import create_app

    with socket.socket(socket.AF_UNIX) as listener:
        crew.address.unlink(missing_ok=True)
        listener.bind(str(crew.address))
        listener.listen(BACKLOG)
        # Who asks is a process of ours, which says over what its client came.
        config = _config(create_app(settings, crew=crew), access_log=False, forwarded_allow_ips="*")
        _run(_TellingServer(config, channel, crew.folder), [listener])


def serve_searches(settings: Settings, crew: Crew, channel: socket.socket) -> None:
    """Run a process that answers clients: searches by itself, all else by asking the one that writes."""
    _end_with_parent(crew.folder)
    from toolshed_api.workers.searching import create_search_app

    ended, place = crew.ended, crew.place

    def one_ended() -> None:
        ended[place] += 1

    server = HandedServer(
        _config(create_search_app(settings, crew)),
        channel,
        ended=one_ended,
        started=lambda: channel.sendall(READY),
    )
    _run(server, [])


class _TellingServer(uvicorn.Server):
    """Uvicorn that tells when it answers."""

    def __init__(self, config: uvicorn.Config, channel: socket.socket, folder: Path) -> None:
        super().__init__(config)
        self._channel, self._folder = channel, folder

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._channel.sendall(READY)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        # Here, since uvicorn raises the signal again that ended it.
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            _remove(self._folder)


def _run(server: uvicorn.Server, listeners: list[socket.socket]) -> None:
    # A terminal tells all processes; the server has ended in order by then.
    with suppress(KeyboardInterrupt):
        server.run(listeners)


def _config(app: Any, **more: Any) -> uvicorn.Config:
    # Any: uvicorn's own types.
    return uvicorn.Config(app, **{**SERVER_OPTIONS, **more})


def _remove(folder: Path) -> None:
    """Remove the folder of a run: who made it was killed, and cannot."""
    shutil.rmtree(folder, ignore_errors=True)


def _end_with_parent(folder: Path) -> None:
    """End in order when the process that starts the others is gone, and at the latest after the grace."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        _remove(folder)
        os._exit(1)

    threading.Thread(target=watch, name="toolshed-parent", daemon=True).start()
