"""An OpenAI-compatible server on loopback that misbehaves as told: chat completions and responses."""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.qdrant_stub import loopback_server

# What is answered to a body: a text; a status; ``drop`` (the connection), ``half`` (of the JSON),
# ``garbage``; or seconds to wait before an empty answer.
Act = str | int | float
USAGE = {"prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49}


def misbehaving_openai(
    script: Callable[[dict[str, Any]], Act], seen: list[dict[str, Any]]
) -> AbstractContextManager[str]:
    """Serves by the script; bodies of requests are appended to ``seen``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            seen.append(body)
            act = script(body)
            if act == "drop":
                self.connection.close()
            elif isinstance(act, int):
                self._send(act, json.dumps({"error": {"message": f"status {act}: response_format"}}).encode())
            elif isinstance(act, float):
                time.sleep(act)
                self._send(200, self._reply("{}"))
            elif act in ("half", "garbage"):
                whole = self._reply("{}")
                self._send(200, whole[: len(whole) // 2] if act == "half" else b"<html>")
            else:
                self._send(200, self._reply(act))

        def _reply(self, text: str) -> bytes:
            if self.path.endswith("/responses"):
                content = {"type": "output_text", "text": text, "annotations": []}
                message = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
                usage = {
                    "input_tokens": 40,
                    "output_tokens": 9,
                    "total_tokens": 49,
                    "input_tokens_details": {"cached_tokens": 0},
                    "output_tokens_details": {"reasoning_tokens": 0},
                }
                reply = {
                    "id": "r", "object": "response", "created_at": 0, "model": "m", "status": "completed",
                    "output": [{**message, "content": [content]}], "usage": usage, "tool_choice": "auto",
                    "parallel_tool_calls": True, "tools": [],
                }  # fmt: skip
            else:
                choice = {
                    "index": 0,
                    "message": {"role": "assistant", "content": text},
                    "finish_reason": "stop",
                }
                reply = {
                    "id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice],
                    "usage": USAGE,
                }  # fmt: skip
            return json.dumps(reply).encode()

        def _send(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            # What is retried is retried at once.
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    return loopback_server(Handler)
