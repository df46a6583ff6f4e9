"""An MCP server without any SDK, whose tools end calls in every way there is.

Usage: python calls.py JOURNAL, a file that a line is written to at every start and every call
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
READ_ONLY = {"readOnlyHint": True}
TOOLS = {
    "echo": {},
    "count": {},
    "die": {},
    "die_once": READ_ONLY,
    "die_always": {"idempotentHint": True},
    "hang": {},
    "huge": {},
    "long": {},
    "mixed": {},
    "refuse": {},
    "ask": {},
    "environment": {},
    "null": {},
    "quit_after": {},
}


def listed(name: str) -> Answer:
    schema = {"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "integer"}}}
    return {"name": name, "description": f"{name}.", "inputSchema": schema, "annotations": TOOLS[name]}


def mixed() -> Answer:
    return {
        "content": [
            {"type": "text", "text": "a map"},
            {"type": "image", "data": "AAEC", "mimeType": "image/png"},
            {"type": "audio", "data": "%%%", "mimeType": "audio/wav"},
            {"type": "resource", "resource": {"uri": "file:///a.txt", "text": "inside"}},
            {"type": "resource", "resource": {"uri": "file:///a.bin", "blob": "AA==", "mimeType": "x/y"}},
            {"type": "resource_link", "uri": "file:///b", "name": "b", "mimeType": "text/plain"},
            {"type": "surprise", "of": 1},
            7,
        ],
        "structuredContent": {"n": 1},
        "_meta": {"example/cost": 3},
    }


class Server:
    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._n_calls = 0
        self.note("start")

    def note(self, line: str) -> None:
        with self._journal.open("a") as file:
            file.write(f"{line} {os.getpid()}\n")

    def call(self, name: str, arguments: Answer) -> Answer:
        self.note(name)
        self._n_calls += 1
        if name in ("die", "die_always") or (name == "die_once" and self._n_died() == 1):
            sys.stderr.write(f"dying with {os.environ.get('DEPOT_TOKEN')}\n")
            os._exit(7)
        if name == "hang":
            time.sleep(600)
        if name == "huge":
            for _ in range(1_000):
                sys.stdout.write("x" * 2**20)
        if name == "refuse":
            raise ValueError(f"the key {os.environ.get('DEPOT_TOKEN')} may not do this")
        if name == "mixed":
            return mixed()
        if name == "ask":
            return {
                "resultType": "input_required",
                "inputRequests": {"confirm": {"method": "elicitation/create"}},
            }
        if name == "null":
            return {"content": [], "structuredContent": None}
        text = {
            "echo": json.dumps(arguments, sort_keys=True),
            "count": str(self._n_calls),
            "long": "line\n" * 20_000,
            "environment": os.environ.get("DEPOT_TOKEN", "none"),
        }.get(name, "done")
        return {"content": [{"type": "text", "text": text}], "isError": arguments.get("text") == "fail"}

    def _n_died(self) -> int:
        return self._journal.read_text().count("die_once")

    def answer(self, message: Answer) -> Answer:
        method, params = message["method"], message.get("params") or {}
        if method == "initialize":
            return {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "depot", "version": "1"},
            }
        if method == "tools/list":
            return {"tools": [listed(name) for name in TOOLS]}
        if method == "tools/call":
            return self.call(params["name"], params.get("arguments") or {})
        raise LookupError(method)


def main(journal: str) -> None:
    server = Server(Path(journal))
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        reply: Answer = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            reply["result"] = server.answer(message)
        except LookupError as error:
            reply["error"] = {"code": -32601, "message": f"no method {error}"}
        except ValueError as error:
            reply["error"] = {"code": -32001, "message": str(error)}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
        if message.get("params", {}).get("name") == "quit_after":
            sys.exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
