"""An MCP server without any SDK, to misbehave in ways that SDKs do not allow.

Usage: python rough.py MODE, one of the keys of MODES
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

GATE = {
    "name": "open_gate",
    "title": "Open the gate",
    "description": "Open a gate of the depot.",
    "inputSchema": {"type": "object", "properties": {"number": {"type": "integer"}}},
    "outputSchema": {"type": "object", "properties": {"is_open": {"type": "boolean"}}},
    "annotations": {"readOnlyHint": False},
    "icons": [{"src": "https://icons.example/gate.png"}],
    "_meta": {"example/zone": "north"},
}
SERVER = {"name": "depot", "title": "Depot north", "version": "1"}
INSTRUCTIONS = "Gates and docks of the northern depot."
Answer = dict[str, Any]


def send(message: Answer) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def one_bad_tool(cursor: str | None) -> Answer:
    shapes: list[Any] = [
        {"name": "no_schema", "description": "None."},
        {"name": "text_schema", "inputSchema": "object"},
        {"name": "list_schema", "inputSchema": {"type": "array"}},
        {"name": 7, "inputSchema": {"type": "object"}},
        {"name": "number", "description": 5, "inputSchema": {"type": "object"}},
        "not a tool",
    ]
    return {"tools": [GATE, *shapes]}


def loop(cursor: str | None) -> Answer:
    return {"tools": [GATE], "nextCursor": "a" if cursor != "a" else "b"}


def twice(cursor: str | None) -> Answer:
    return {"tools": [GATE, GATE]}


def namesakes(cursor: str | None) -> Answer:
    return {"tools": [GATE, {**GATE, "description": "Open another."}]}


def die_half_way(cursor: str | None) -> Answer:
    if cursor:
        sys.stderr.write(f"no more memory; the key was {os.environ.get('GATE_TOKEN')}\n")
        sys.exit(9)
    return {"tools": [GATE], "nextCursor": "2"}


def huge(cursor: str | None) -> Answer:
    for _ in range(1_000):
        sys.stdout.write("x" * 2**20)
    return {"tools": []}


def dense(cursor: str | None) -> Answer:
    sys.stdout.write('{"jsonrpc": "2.0", "id": 1, "result": {"tools": [' + "[],[{}]," * 600_000)
    sys.stdout.flush()
    time.sleep(600)
    return {}


def garbage(cursor: str | None) -> Answer:
    sys.stdout.write("Loading the gates...\n\n{]\n")
    return {"tools": [GATE]}


_asked: list[str | None] = []


def changing(cursor: str | None) -> Answer:
    """The first listing is overtaken by a change between its pages."""
    _asked.append(cursor)
    if len(_asked) == 1:
        return {"tools": [GATE], "nextCursor": "2"}
    if len(_asked) == 2:
        send({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        return {"tools": [{**GATE, "name": "gone"}]}
    return {"tools": [{**GATE, "name": "close_gate"}]}


def short_lived(cursor: str | None) -> Answer:
    _asked.append(cursor)
    return {"tools": [{**GATE, "name": f"gate_{len(_asked)}"}], "ttlMs": 1, "cacheScope": "private"}


def orphan(cursor: str | None) -> Answer:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return {"tools": [{**GATE, "name": f"child_{child.pid}"}]}


def refuse(cursor: str | None) -> Answer:
    raise ValueError(f"your key {os.environ.get('GATE_TOKEN')} is not valid")


def flood(cursor: str | None) -> Answer:
    while True:
        send({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"message": "x" * 60_000}})


def chatter(cursor: str | None) -> Answer:
    while True:
        sys.stderr.write("still loading\n" * 4_000)


def wordless(cursor: str | None) -> Answer:
    time.sleep(600)
    return {}


def leave(cursor: str | None) -> Answer:
    threading.Timer(0.3, os._exit, [4]).start()
    return {"tools": [GATE]}


def good(cursor: str | None) -> Answer:
    return {"tools": [GATE]}


MODES: dict[str, Callable[[str | None], Answer]] = {
    "bad": one_bad_tool,
    "changing": changing,
    "chatter": chatter,
    "dense": dense,
    "die": die_half_way,
    "flood": flood,
    "garbage": garbage,
    "good": good,
    "huge": huge,
    "leave": leave,
    "loop": loop,
    "namesakes": namesakes,
    "needs-token": good,
    "orphan": orphan,
    "refuse": refuse,
    "short-lived": short_lived,
    "twice": twice,
    "wordless": wordless,
}


def answer(message: Answer, listing: Callable[[str | None], Answer]) -> Answer:
    method, params = message["method"], message.get("params") or {}
    if method == "initialize":
        return {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": SERVER,
            "instructions": INSTRUCTIONS,
        }
    if method == "tools/list":
        return listing(params.get("cursor"))
    if method == "tools/call":
        seen = {"name": params["name"], "arguments": params.get("arguments")}
        # "surprise" is no content of the protocol.
        return {"content": [{"type": "surprise", "of": seen}], "structuredContent": seen, "isError": True}
    raise LookupError(method)


def main(mode: str) -> None:
    if mode == "needs-token" and not os.environ.get("GATE_TOKEN"):
        sys.exit("GATE_TOKEN is not set")
    sys.stderr.write("starting up\n")
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        reply: Answer = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            send({**reply, "result": answer(message, MODES[mode])})
        except LookupError as error:
            send({**reply, "error": {"code": -32601, "message": f"no method {error}"}})
        except ValueError as error:
            send({**reply, "error": {"code": -32001, "message": str(error)}})


if __name__ == "__main__":
    main(sys.argv[1])
