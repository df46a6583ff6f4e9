"""A provider on loopback that speaks chat completions, responses and messages by a script."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.qdrant_stub import loopback_server

Json = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """What the model says: a text, calls as (name, arguments), and how it misbehaves.

    In responses, ``tool_search`` is a call of the search that the client executes, and a name with a slash
    has its namespace before it.
    ``fault`` is ``drop`` (the connection, before a word), ``half`` (ends within an event, or within the
    JSON), ``stall`` (says nothing more), ``garbage``, ``error`` (an event that says so), or a status.
    """

    text: str = ""
    calls: list[tuple[str, Json]] = field(default_factory=list)
    fault: str | int = ""
    usage: tuple[int, int] | None = (40, 9)
    delay: float = 0.0
    finish: str = ""
    # Providers give no id twice.
    serial: int = field(default_factory=itertools.count().__next__)


Script = Callable[[Json], Turn]


def scripted_provider(
    script: Script, seen: list[Json] | None = None, headers: list[dict[str, str]] | None = None
) -> AbstractContextManager[str]:
    """Serves by the script; the base URL has ``/v1``. Bodies, and headers, are appended to what is given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if seen is not None:
                seen.append({**body, "_path": self.path})
            if headers is not None:
                headers.append({name.lower(): value for name, value in self.headers.items()})
            turn = script(body)
            self.close_connection = True
            if turn.fault == "drop":
                return
            if isinstance(turn.fault, int):
                said = {"error": {"message": f"status {turn.fault}", "type": "scripted"}}
                self._whole(turn.fault, json.dumps(said).encode())
            elif body.get("stream"):
                self._stream(body, turn)
            else:
                time.sleep(turn.delay)
                self._reply(body, turn)

        def _reply(self, body: Json, turn: Turn) -> None:
            content = json.dumps(_whole_reply(self.path, body, turn)).encode()
            match turn.fault:
                case "half":
                    content = content[: len(content) // 2]
                case "garbage":
                    content = b"<html>"
                case "stall":
                    time.sleep(3)
            self._whole(200, content)

        def _whole(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, body: Json, turn: Turn) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            parts = [part.encode() for part in _events(self.path, body, turn)]
            middle = len(parts) // 2
            for i, part in enumerate(parts):
                if turn.fault and i == middle:
                    match turn.fault:
                        case "half":
                            self._say(part[: len(part) // 2])
                        case "garbage":
                            self._say(b"data: {nonsense\n\n")
                        case "error":
                            self._say(_error_event(self.path))
                        case "stall":
                            time.sleep(3)
                    return
                if not self._say(part):
                    return
                time.sleep(turn.delay)

        def _say(self, part: bytes) -> bool:
            try:
                self.wfile.write(part)
                self.wfile.flush()
            except OSError:
                return False
            return True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    return _with_version(loopback_server(Handler))


class _with_version(AbstractContextManager[str]):  # noqa: N801  # reads as a function
    def __init__(self, server: AbstractContextManager[str]) -> None:
        self._server = server

    def __enter__(self) -> str:
        return f"{self._server.__enter__()}/v1"

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(*error)  # type: ignore[arg-type]  # as it was given


def _whole_reply(path: str, body: Json, turn: Turn) -> Json:
    if path.endswith("/messages"):
        return _message(body, turn)
    if path.endswith("/responses"):
        return _response(body, turn)
    finish = turn.finish or ("tool_calls" if turn.calls else "stop")
    message: Json = {"role": "assistant", "content": turn.text or None}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": f"call_{turn.serial}_{i}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(given)},
            }
            for i, (name, given) in enumerate(turn.calls)
        ]
    return {
        "id": "x", "object": "chat.completion", "created": 0, "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        **({"usage": _chat_usage(turn)} if turn.usage else {}),
    }  # fmt: skip


def _chat_usage(turn: Turn) -> Json:
    into, out = turn.usage or (0, 0)
    return {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}


def _message(body: Json, turn: Turn) -> Json:
    blocks: list[Json] = [{"type": "text", "text": turn.text}] if turn.text else []
    blocks += [
        {"type": "tool_use", "id": f"toolu_{turn.serial}_{i}", "name": name, "input": given}
        for i, (name, given) in enumerate(turn.calls)
    ]
    into, out = turn.usage or (0, 0)
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": blocks,
        "stop_reason": turn.finish or ("tool_use" if turn.calls else "end_turn"), "stop_sequence": None,
        **({"usage": {"input_tokens": into, "output_tokens": out}} if turn.usage else {}),
    }  # fmt: skip


def _response(body: Json, turn: Turn, status: str = "completed") -> Json:
    into, out = turn.usage or (0, 0)
    usage = {
        "input_tokens": into, "output_tokens": out, "total_tokens": into + out,
        "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    return {
        "id": f"resp_{turn.serial}", "object": "response", "created_at": 0, "model": body["model"],
        "status": status,
        "output": _items(turn), "usage": usage if turn.usage else None, "tool_choice": "auto",
        "parallel_tool_calls": True, "tools": [], "error": None, "instructions": None, "metadata": {},
    }  # fmt: skip


def _items(turn: Turn) -> list[Json]:
    items: list[Json] = []
    if turn.text:
        content = {"type": "output_text", "text": turn.text, "annotations": [], "logprobs": []}
        items.append(
            {
                "type": "message",
                "id": f"m{turn.serial}",
                "role": "assistant",
                "status": "completed",
                "content": [content],
            }
        )
    for i, (name, given) in enumerate(turn.calls):
        call = {"id": f"fc_{turn.serial}_{i}", "call_id": f"call_{turn.serial}_{i}", "status": "completed"}
        if name == "tool_search":
            items.append({"type": "tool_search_call", **call, "execution": "client", "arguments": given})
            continue
        namespace, _, bare = name.rpartition("/")
        within = {"namespace": namespace} if namespace else {}
        items.append(
            {"type": "function_call", **call, "name": bare, **within, "arguments": json.dumps(given)}
        )
    return items


def _events(path: str, body: Json, turn: Turn) -> Iterator[str]:
    if path.endswith("/messages"):
        for value in _message_events(body, turn):
            yield f"event: {value['type']}\ndata: {json.dumps(value)}\n\n"
    elif path.endswith("/responses"):
        for i, value in enumerate(_response_events(body, turn)):
            yield f"event: {value['type']}\ndata: {json.dumps({**value, 'sequence_number': i})}\n\n"
    else:
        for value in _chunks(body, turn):
            yield f"data: {json.dumps(value)}\n\n"
        yield "data: [DONE]\n\n"


def _words(text: str) -> list[str]:
    return [f"{word} " for word in text.split(" ")[:-1]] + text.split(" ")[-1:] if text else []


def _chunks(body: Json, turn: Turn) -> Iterator[Json]:
    head = {"id": f"c{turn.serial}", "object": "chat.completion.chunk", "created": 0, "model": body["model"]}

    def chunk(delta: Json, finish: str | None = None) -> Json:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for word in _words(turn.text):
        yield chunk({"content": word})
    for i, (name, given) in enumerate(turn.calls):
        arguments = json.dumps(given)
        function = {"name": name, "arguments": ""}
        yield chunk(
            {
                "tool_calls": [
                    {"index": i, "id": f"call_{turn.serial}_{i}", "type": "function", "function": function}
                ]
            }
        )
        for half in (arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]):
            yield chunk({"tool_calls": [{"index": i, "function": {"arguments": half}}]})
    yield chunk({}, turn.finish or ("tool_calls" if turn.calls else "stop"))
    if turn.usage and (body.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": _chat_usage(turn)}


def _message_events(body: Json, turn: Turn) -> Iterator[Json]:
    whole = _message(body, turn)
    into, out = turn.usage or (0, 0)
    usage = {"input_tokens": into, "output_tokens": 1}
    start = {**whole, "content": [], "stop_reason": None, "usage": usage}
    yield {"type": "message_start", "message": start}
    for i, block in enumerate(whole["content"]):
        if block["type"] == "text":
            yield {"type": "content_block_start", "index": i, "content_block": {"type": "text", "text": ""}}
            for word in _words(block["text"]):
                yield {
                    "type": "content_block_delta", "index": i, "delta": {"type": "text_delta", "text": word},
                }  # fmt: skip
        else:
            yield {"type": "content_block_start", "index": i, "content_block": {**block, "input": {}}}
            yield {
                "type": "content_block_delta", "index": i,
                "delta": {"type": "input_json_delta", "partial_json": json.dumps(block["input"])},
            }  # fmt: skip
        yield {"type": "content_block_stop", "index": i}
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": out}}
    yield {"type": "message_stop"}


def _response_events(body: Json, turn: Turn) -> Iterator[Json]:
    empty = {**_response(body, turn, "in_progress"), "output": [], "usage": None}
    yield {"type": "response.created", "response": empty}
    for i, item in enumerate(_items(turn)):
        at = {"output_index": i, "item_id": item["id"]}
        bare = {**item, "status": "in_progress"}
        if item["type"] == "message":
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            yield {"type": "response.output_item.added", "output_index": i, "item": {**bare, "content": []}}
            yield {"type": "response.content_part.added", **at, "content_index": 0, "part": part}
            for word in _words(turn.text):
                yield {
                    "type": "response.output_text.delta", **at, "content_index": 0, "delta": word,
                    "logprobs": [],
                }  # fmt: skip
            done = item["content"][0]
            yield {
                "type": "response.output_text.done", **at, "content_index": 0, "text": turn.text,
                "logprobs": [],
            }  # fmt: skip
            yield {"type": "response.content_part.done", **at, "content_index": 0, "part": done}
        elif item["type"] == "tool_search_call":
            yield {"type": "response.output_item.added", "output_index": i, "item": {**bare, "arguments": {}}}
        else:
            yield {"type": "response.output_item.added", "output_index": i, "item": {**bare, "arguments": ""}}
            yield {"type": "response.function_call_arguments.delta", **at, "delta": item["arguments"]}
            yield {
                "type": "response.function_call_arguments.done", **at, "arguments": item["arguments"],
                "name": item["name"],
            }  # fmt: skip
        yield {"type": "response.output_item.done", "output_index": i, "item": item}
    yield {"type": "response.completed", "response": _response(body, turn)}


def _error_event(path: str) -> bytes:
    error = {"type": "overloaded_error", "message": "too busy"}
    if path.endswith("/messages"):
        return f"event: error\ndata: {json.dumps({'type': 'error', 'error': error})}\n\n".encode()
    if path.endswith("/responses"):
        told = {"type": "error", "code": "x", "message": "too busy", "param": None, "sequence_number": 9}
        return f"event: error\ndata: {json.dumps(told)}\n\n".encode()
    return f"data: {json.dumps({'error': error})}\n\n".encode()
