"""Anthropic's messages."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolshed.post_retrieval import equip
from toolshed.types import ToolDefinition
from toolshed_api.gateway.dialects.dialect import (
    Json,
    Reader,
    Said,
    Splice,
    Step,
    ToolCall,
    check_nothing_kept,
    defined,
    listed,
    mapping_of,
    message_text,
    messages_tokens,
    objects_in,
    text_of,
    tokens_of,
    whole_number,
)
from toolshed_api.gateway.errors import DialectName, UnfitRequestError, error_content
from toolshed_api.gateway.marks import marked, plain
from toolshed_api.gateway.sse import Event, json_event
from toolshed_api.problems import Problem

_CUT = ("max_tokens", "refusal", "model_context_window_exceeded", "pause_turn")


class Messages:
    """The dialect of ``/v1/messages``."""

    name: DialectName = "messages"

    def check(self, body: Json) -> None:
        """See :class:`.Dialect`."""
        if not listed(body, "messages"):
            raise UnfitRequestError("messages is empty; give at least one message")
        listed(body, "tools")
        if body.get("container"):
            raise UnfitRequestError("container is not served: what the upstream keeps cannot be counted here")
        check_nothing_kept(body["messages"], ("file_id",))
        check_nothing_kept(body.get("system"), ("file_id",))
        if whole_number(body, "max_tokens") is None:
            raise UnfitRequestError("max_tokens is missing; give the most tokens that the reply may have")

    def steps(self, body: Json) -> list[Step]:
        """See :class:`.Dialect`."""
        steps = []
        for message in objects_in(body.get("messages")):
            content = message.get("content")
            text = message_text(content).strip()
            calls = tuple(_call(one) for one in objects_in(content) if one.get("type") == "tool_use")
            if message.get("role") in ("user", "assistant"):
                steps.append(Step(message["role"] == "user", text, calls))
        return steps

    def definition(self, tool: Json) -> ToolDefinition | None:
        """See :class:`.Dialect`."""
        return defined(tool, "input_schema") if tool.get("type") in (None, "custom") else None

    def export(self, tools: Sequence[ToolDefinition]) -> list[Json]:
        """See :class:`.Dialect`."""
        return equip.to_anthropic(tools)

    def without_marks(self, body: Json) -> Json:
        """See :class:`.Dialect`."""
        return {**body, "messages": [_plain(message) for message in body["messages"]]}

    def turn(self, reply: Json) -> list[Json]:
        """See :class:`.Dialect`."""
        return [{"role": "assistant", "content": list(objects_in(reply.get("content")))}]

    def continued(self, body: Json, turn: Sequence[Json], results: Mapping[str, str]) -> Json:
        """See :class:`.Dialect`."""
        told = [{"type": "tool_result", "tool_use_id": one, "content": text} for one, text in results.items()]
        return {**body, "messages": [*body["messages"], *turn, {"role": "user", "content": told}]}

    def handed_on(self, reply: Json, hidden: str, names: Sequence[str]) -> Json:
        """See :class:`.Dialect`."""
        shown = []
        for block in objects_in(reply.get("content")):
            if block.get("type") != "tool_use":
                shown.append(block)
            elif block.get("name") != hidden:
                shown.append({**block, "id": marked(text_of(block.get("id")), names)})
        is_call = any(block.get("type") == "tool_use" for block in shown)
        was_call = reply.get("stop_reason") == "tool_use"
        reason = "end_turn" if was_call and not is_call else reply.get("stop_reason")
        return {**reply, "content": shown, "stop_reason": reason}

    def prompt_tokens(self, body: Json) -> int:
        """See :class:`.Dialect`."""
        rest = [body.get(name) for name in ("system", "tools", "output_config", "output_format")]
        return messages_tokens(body.get("messages")) + sum(tokens_of(one) for one in rest if one)

    def output_cap(self, body: Json) -> int | None:
        """See :class:`.Dialect`."""
        return whole_number(body, "max_tokens")

    def capped(self, body: Json, most: int) -> Json:
        """See :class:`.Dialect`."""
        return {**body, "max_tokens": min(whole_number(body, "max_tokens") or most, most)}

    def as_stream(self, body: Json) -> Json:
        """See :class:`.Dialect`."""
        return {**body, "stream": True}

    def schema(self, body: Json) -> Mapping[str, Any] | None:
        """See :class:`.Dialect`."""
        form = mapping_of(mapping_of(body.get("output_config")).get("format"))
        form = form or mapping_of(body.get("output_format"))
        given = form.get("schema")
        return given if form.get("type") == "json_schema" and isinstance(given, dict) else None

    def functions(self, body: Json) -> dict[str, Mapping[str, Any]]:
        """See :class:`.Dialect`."""
        given = objects_in(body.get("tools"))
        return {text_of(one.get("name")): mapping_of(one.get("input_schema")) for one in given}

    def said(self, reply: Json) -> Said:
        """See :class:`.Dialect`."""
        blocks = list(objects_in(reply.get("content")))
        return _said(blocks, is_cut=reply.get("stop_reason") in _CUT)

    def reader(self, body: Json, splice: Splice | None = None) -> Reader:  # noqa: ARG002  # as others do
        """See :class:`.Dialect`."""
        return _MessageReader(splice)

    def error_event(self, problem: Problem) -> Event:
        """See :class:`.Dialect`."""
        return json_event(error_content(self.name, problem), is_named=True)


def _call(block: Json) -> ToolCall:
    return ToolCall(text_of(block.get("id")), text_of(block.get("name")), json.dumps(block.get("input")))


def _plain(message: Json) -> Json:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_plain_block(one) if isinstance(one, dict) else one for one in content]}


def _plain_block(block: Json) -> Json:
    name = {"tool_use": "id", "tool_result": "tool_use_id"}.get(text_of(block.get("type")))
    return {**block, name: plain(text_of(block.get(name)))} if name else block


def _said(blocks: list[Json], *, is_cut: bool) -> Said:
    texts = [text_of(block.get("text")) for block in blocks if block.get("type") == "text"]
    calls = [_call(block) for block in blocks if block.get("type") == "tool_use"]
    return Said("".join(texts), tuple(calls), is_cut)


@dataclass
class _MessageReader(Reader):
    """Reads the events of a message."""

    _blocks: dict[int, Json] = field(default_factory=dict, init=False)
    _inputs: dict[int, str] = field(default_factory=dict, init=False)
    _shown: dict[int, int] = field(default_factory=dict, init=False)
    _stop: str = field(default="", init=False)

    def feed(self, event: Event) -> list[Event]:
        """See :class:`.Reader`."""
        value = event.json()
        if value is None:
            self.failed = "an event of the stream is no JSON"
            return []
        index = value["index"] if isinstance(value.get("index"), int) else 0
        match value.get("type"):
            case "error":
                self.failed = text_of(mapping_of(value.get("error")).get("message")) or "it gives no reason"
                return []
            case "message_start" | "message_delta":
                self._counted.append(value)
                self._stop = text_of(mapping_of(value.get("delta")).get("stop_reason")) or self._stop
            case "content_block_start":
                self._blocks[index] = dict(mapping_of(value.get("content_block")))
            case "content_block_delta":
                self._grow(index, mapping_of(value.get("delta")))
            case "message_stop":
                self.is_ended = True
        if self.splice is None:
            return [event]
        told = self._spliced(value, index, self.splice)
        return [json_event(told, is_named=True)] if told is not None else []

    def _spliced(self, value: Json, index: int, splice: Splice) -> Json | None:
        """An event without searches, as a part of one message; None where it is not told."""
        match text_of(value.get("type")):
            case "message_start":
                return None if splice.is_continued else value
            case "message_delta" | "message_stop":
                return None if self.is_search else value
            case "content_block_start":
                block = self._blocks[index]
                if block.get("type") == "tool_use" and block.get("name") == splice.hidden:
                    return None
                self._shown[index], splice.n_shown = splice.n_shown, splice.n_shown + 1
                if block.get("type") == "tool_use":
                    block = {**block, "id": marked(text_of(block.get("id")), splice.names)}
                return {**value, "index": self._shown[index], "content_block": block}
            case "content_block_delta" | "content_block_stop":
                return {**value, "index": self._shown[index]} if index in self._shown else None
            case _:
                return value

    def turn(self) -> list[Json]:
        """See :class:`.Reader`."""
        return [{"role": "assistant", "content": self._whole_blocks()}]

    def _whole_blocks(self) -> list[Json]:
        return [self._whole(index, block) for index, block in sorted(self._blocks.items())]

    def _grow(self, index: int, delta: Mapping[str, Any]) -> None:
        block = self._blocks.setdefault(index, {})
        for name in ("text", "thinking", "signature"):
            if name in delta:
                block[name] = text_of(block.get(name)) + text_of(delta[name])
        self._inputs[index] = self._inputs.get(index, "") + text_of(delta.get("partial_json"))

    def _whole(self, index: int, block: Json) -> Json:
        """A block with the input that was told piece by piece."""
        told = self._inputs.get(index, "")
        if block.get("type") not in ("tool_use", "server_tool_use") or not told:
            return block
        try:
            return {**block, "input": json.loads(told)}
        except (ValueError, RecursionError):
            return {**block, "input": told}

    @property
    def said(self) -> Said:
        """See :class:`.Reader`."""
        blocks = self._whole_blocks()
        said = _said(blocks, is_cut=self._stop in _CUT)
        thought = "".join(text_of(block.get("thinking")) for block in blocks) if not self.is_ended else ""
        return Said(thought + said.text, said.calls, said.is_cut)
