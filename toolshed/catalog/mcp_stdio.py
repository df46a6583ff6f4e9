"""MCP servers that are programs: started, read within bounds, and ended with all that they started.

The transport of the official SDK joins a line of any length in memory, and lets programs write on our stderr.
"""

import asyncio
import atexit
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from toolshed.catalog.mcp_configs import ServerConfig
from toolshed.catalog.mcp_limits import MessageSize, Noise, Received, ServerFaultError

_CHUNK_BYTES = 64 * 2**10
# As in the specification's order of shutting down: close stdin, wait, ask, kill.
_EXIT_SECONDS, _TERMINATION_SECONDS, _KILL_SECONDS = 1.0, 2.0, 2.0
_NOISE_SECONDS, _ANSWER_SECONDS = 0.2, 0.2
_MAX_GARBAGE_LINES = 10_000
# Windows has no other.
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
# Programs and the process that started them: they end with it, also where nothing is left to wait for them.
_running: dict[int, int] = {}


class Wire(NamedTuple):
    """How the installed SDK writes and reads one message."""

    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]


@asynccontextmanager
async def program_streams(
    config: ServerConfig, wire: Wire, received: Received, noise: Noise
) -> AsyncIterator[tuple[Any, Any]]:
    """Start a server and exchange messages with it, one a line.

    Raises:
        ServerFaultError: If the program cannot be started.
    """
    # Any: the SDK's messages, whose types differ by version; here and below.
    import anyio

    process = await _start(config)
    from_server: tuple[Any, Any] = anyio.create_memory_object_stream(0)
    to_server: tuple[Any, Any] = anyio.create_memory_object_stream(0)
    listening = asyncio.create_task(_read_noise(process, received, noise))

    async def read() -> None:
        async with from_server[0]:
            await _read_messages(process, wire, from_server[0], received, noise)
            # Before the session hears of the end, so that its error can tell of it.
            if await _has_ended(process, _EXIT_SECONDS):
                noise.ended = _how_it_ended(process.returncode)
            await asyncio.wait([listening], timeout=_NOISE_SECONDS)
            # What it answered last may still be on its way to who waits for it.
            await asyncio.sleep(_ANSWER_SECONDS)
        # The first version of the SDK waits for answers of a server that is gone.
        received.fail(ServerFaultError("it closed the connection"))
        if received.on_end:
            received.on_end()

    tasks = [
        listening,
        asyncio.create_task(read()),
        asyncio.create_task(_write_messages(process, wire, to_server[1], received)),
    ]
    try:
        yield from_server[1], to_server[0]
    finally:
        with anyio.CancelScope(shield=True):
            await _stop(process, tasks)
            for stream in (*from_server, *to_server):
                await stream.aclose()


async def _start(config: ServerConfig) -> asyncio.subprocess.Process:
    program, *arguments = config.command
    found = shutil.which(program, path=config.environment.get("PATH"))
    if found is None:
        raise ServerFaultError(
            f"there is no program {config.masked(program)!r}; is it installed, and on the PATH?"
        )
    try:
        process = await asyncio.create_subprocess_exec(
            found,
            *arguments,
            env=dict(config.environment),
            cwd=config.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=_CHUNK_BYTES,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ServerFaultError(
            f"the program {config.masked(program)!r} cannot be started: {reason}"
        ) from None
    _running[process.pid] = os.getpid()
    return process


async def _read_messages(
    process: asyncio.subprocess.Process, wire: Wire, messages: Any, received: Received, noise: Noise
) -> None:
    assert process.stdout is not None
    size, line, n_garbage = MessageSize(received), bytearray(), 0
    while chunk := await process.stdout.read(_CHUNK_BYTES):
        for part in chunk.splitlines(keepends=True):
            if not size.add(part):
                return
            line += part
            if not part.endswith(b"\n"):
                continue
            complete = bytes(line)
            line.clear()
            size.begin()
            message = _decoded(complete, wire)
            if message is not None:
                await messages.send(message)
                continue
            noise.add(complete)
            n_garbage += 1
            if n_garbage > _MAX_GARBAGE_LINES:
                return
    noise.add(bytes(line))


def _decoded(line: bytes, wire: Wire) -> Any:
    try:
        return wire.decode(line)
    except (ValueError, RecursionError):
        return None


async def _read_noise(process: asyncio.subprocess.Process, received: Received, noise: Noise) -> None:
    assert process.stderr is not None
    while chunk := await process.stderr.read(_CHUNK_BYTES):
        noise.add(chunk)
        if not received.is_in_bounds(len(chunk)):
            return


async def _write_messages(
    process: asyncio.subprocess.Process, wire: Wire, messages: Any, received: Received
) -> None:
    assert process.stdin is not None
    async with messages:
        async for message in messages:
            received.asked()
            with contextlib.suppress(ConnectionError, RuntimeError):
                process.stdin.write(wire.encode(message))
                await process.stdin.drain()


async def _stop(process: asyncio.subprocess.Process, tasks: list[asyncio.Task[None]]) -> None:
    """Close stdin, wait, ask, kill; then whatever the program left behind in its group."""
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError, RuntimeError):
        process.stdin.close()
    for seconds, number in (
        (_EXIT_SECONDS, signal.SIGTERM),
        (_TERMINATION_SECONDS, _KILL),
        (_KILL_SECONDS, None),
    ):
        if await _has_ended(process, seconds):
            break
        if number is not None:
            _end_group(process.pid, number)
    _end_group(process.pid, _KILL)
    _running.pop(process.pid, None)
    # What it wrote last may still be on the way; a grandchild may hold the pipe open.
    await asyncio.wait(tasks[:1], timeout=_NOISE_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # asyncio closes the pipes at garbage collection only, and warns then.
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()


async def _has_ended(process: asyncio.subprocess.Process, seconds: float) -> bool:
    # Not process.wait(): that waits for the pipes too, which a grandchild may hold open.
    deadline = asyncio.get_running_loop().time() + seconds
    while process.returncode is None:
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(0.01)
    return True


def _how_it_ended(code: int | None) -> str:
    if code is None or code == 0:
        return "it ended"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"it was ended by {signal.Signals(-code).name}"
    return f"it ended with exit code {code}"


def _end_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(pid, number)
        else:
            taskkill = shutil.which("taskkill")
            if taskkill:
                subprocess.run([taskkill, "/F", "/T", "/PID", str(pid)], capture_output=True, check=False)  # noqa: S603  # the pid of a program that we started


@atexit.register
def _end_all() -> None:
    for pid, owner in list(_running.items()):
        if owner == os.getpid():
            _end_group(pid, _KILL)
