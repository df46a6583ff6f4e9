"""Running a service of several processes."""

import asyncio
import logging
import os
import socket
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import uvicorn

from toolshed.errors import ConfigurationError
from toolshed.settings import Settings
from toolshed.shed.location import Location
from toolshed_api.state import state_location
from toolshed_api.workers.handing import BACKLOG
from toolshed_api.workers.supervisor import METRICS, Supervisor

# Of a Unix socket, with the zero at its end: 104 on macOS, 108 on Linux.
_MAX_ADDRESS_BYTES = 103


def run_workers(settings: Settings, *, host: str, port: int, n_searching: int) -> int:
    """Serve with several processes until a signal comes; returns the exit status.

    Raises:
        ConfigurationError: If they could not share what they need, or the address cannot be bound to.
    """
    _check(settings)
    uvicorn.Config("").configure_logging()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="toolshed-run-")))
        _check_length(folder, n_searching)
        (folder / METRICS).mkdir()
        # Read by prometheus_client where it is imported first: in the processes that are started.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder / METRICS)
        listeners = [stack.enter_context(one) for one in _listeners(host, port)]
        for listener in listeners:
            address, bound = listener.getsockname()[:2]
            shown = f"[{address}]" if ":" in address else address
            logging.getLogger("uvicorn.error").info(
                "Toolshed running on http://%s:%d with %d processes that search (Press CTRL+C to quit)",
                shown,
                bound,
                n_searching,
            )
        return asyncio.run(_supervised(settings, listeners, n_searching, folder))


async def _supervised(
    settings: Settings, listeners: list[socket.socket], n_searching: int, folder: Path
) -> int:
    return await Supervisor(settings, listeners, n_searching=n_searching, folder=folder).run()


def _check(settings: Settings) -> None:
    if sys.platform == "win32":
        raise ConfigurationError("several workers need Unix; leave out --workers (TOOLSHED_WORKERS)")
    if Location.of(settings.kb).is_memory or state_location(settings) == "memory:":
        raise ConfigurationError(
            "several workers share the knowledge base and the service's state, which cannot be in memory "
            "then; set TOOLSHED_STATE to a file or a database URL, or leave out --workers (TOOLSHED_WORKERS)"
        )


def _check_length(folder: Path, n_searching: int) -> None:
    """Refuse a folder in which no socket can be made, since its address would be too long for the system."""
    longest = str(folder / f"search-{n_searching}.ask")
    if len(os.fsencode(longest)) > _MAX_ADDRESS_BYTES:
        raise ConfigurationError(
            f"the folder for temporary files, {str(folder.parent)!r}, has too long a name for the sockets of "
            "several workers; set TMPDIR to a shorter one, or leave out --workers (TOOLSHED_WORKERS)"
        )


def _listeners(host: str, port: int) -> list[socket.socket]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        made = [
            socket.create_server(address[:2], family=family, backlog=BACKLOG)
            for family, _, _, _, address in dict.fromkeys(found)
        ]
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} cannot be bound to ({error.strerror or error}); choose another --host or --port"
        ) from error
    for listener in made:
        listener.setblocking(False)
    return made
