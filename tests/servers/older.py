"""An MCP server of the protocol of 2025, without any SDK, that asks its user in the middle of calls.

Usage: python older.py
"""

import itertools
import json
import sys
from typing import Any

Json = dict[str, Any]
_SURE = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}
_NAMED = {
    "type": "object",
    "properties": {"username": {"type": "string"}, "email": {"type": "string"}},
    "required": ["username", "email"],
}
_DEFAULTS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    },
}
_TITLED = [{"const": f"value{n}", "title": f"Choice {n}"} for n in (1, 2, 3)]
_CHOICES: Json = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {"type": "string", "oneOf": _TITLED},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2"], "enumNames": ["One", "Two"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2"]}},
        "titledMulti": {"type": "array", "items": {"anyOf": _TITLED}},
    },
}
# The tools that ask: how, and with which form. The conformance package calls those called test_...
ASKING: dict[str, tuple[str, Json]] = {
    "delete_account": ("Really delete {name}?", _SURE),
    "test_elicitation": ("{message}", _NAMED),
    "test_elicitation_sep1034_defaults": (
        "Please review and update the form fields with defaults",
        _DEFAULTS,
    ),
    "test_elicitation_sep1330_enums": ("Please choose", _CHOICES),
}
TOOLS = [*ASKING, "count_files"]


class Server:
    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._can_ask = False

    def send(self, message: Json) -> None:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()

    def ask(self, message: str, schema: Json) -> Json:
        if not self._can_ask:
            raise ValueError("the client cannot ask its user")
        asked = f"ask-{next(self._ids)}"
        params = {"message": message, "requestedSchema": schema}
        self.send({"id": asked, "method": "elicitation/create", "params": params})
        for line in sys.stdin:
            answer = json.loads(line)
            if answer.get("id") == asked and "method" not in answer:
                return dict(answer["result"])
        raise ValueError("nobody answered")

    def call(self, params: Json) -> Json:
        name, arguments = params["name"], params.get("arguments") or {}
        if name == "count_files":
            token = (params.get("_meta") or {}).get("progressToken")
            for i in range(1, arguments["n"] + 1):
                told = {
                    "progressToken": token,
                    "progress": i,
                    "total": arguments["n"],
                    "message": f"file {i}",
                }
                self.send({"method": "notifications/progress", "params": told})
            return {"content": [{"type": "text", "text": f"{arguments['n']} files"}]}
        message, schema = ASKING[name]
        try:
            answer = self.ask(message.format(**arguments), schema)
        except ValueError as error:
            return {"content": [{"type": "text", "text": str(error)}], "isError": True}
        content = answer.get("content") or {}
        said = content.get("sure", json.dumps(content))
        text = f"{answer['action']} {said} {arguments.get('name', '')}".strip()
        return {"content": [{"type": "text", "text": text}]}

    def answer(self, message: Json) -> Json:
        params = message.get("params") or {}
        match message["method"]:
            case "initialize":
                self._can_ask = "elicitation" in params["capabilities"]
                return {
                    "protocolVersion": "2025-06-18",
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "older", "version": "1"},
                }
            case "tools/list":
                schema = {"type": "object"}
                hints = {"readOnlyHint": False}
                said = [
                    {
                        "name": n,
                        "description": f"{n} of the older.",
                        "inputSchema": schema,
                        "annotations": hints,
                    }
                    for n in TOOLS
                ]
                said[-1]["annotations"] = {"readOnlyHint": True}
                return {"tools": said}
            case "tools/call":
                return self.call(params)
        raise LookupError(message["method"])


def main() -> None:
    server = Server()
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        try:
            server.send({"id": message["id"], "result": server.answer(message)})
        except LookupError as error:
            server.send({"id": message["id"], "error": {"code": -32601, "message": f"no method {error}"}})


if __name__ == "__main__":
    main()
