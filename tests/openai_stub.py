"""An OpenAI-compatible server on loopback with scripted replies: paid models cannot be had here."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.qdrant_stub import loopback_server

# What the server answers to a request's body: the message, and its usage or None.
Script = Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, Any] | None]]


def scripted_openai(script: Script, seen: list[dict[str, Any]] | None = None) -> AbstractContextManager[str]:
    """Serves ``/v1/chat/completions`` by the script; bodies of requests are appended to ``seen``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if seen is not None:
                seen.append(body)
            try:
                message, usage = script(body)
                status, content = 200, self._completion(body, message, usage)
            except Exception as error:  # whatever the script raises is the provider's refusal
                status, content = 400, {"error": {"message": str(error), "type": "scripted"}}
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        @staticmethod
        def _completion(body: dict[str, Any], message: dict[str, Any], usage: object) -> dict[str, Any]:
            finish = "tool_calls" if message.get("tool_calls") else "stop"
            choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
            content = {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"]}
            return {**content, "choices": [choice], **({"usage": usage} if usage else {})}

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    return loopback_server(Handler)
