"""OpenAI's chat completions, and everything compatible with them."""

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
from toolshed_api.gateway.sse import DONE, Event, json_event
from toolshed_api.problems import Problem

MAX_CHOICES = 128


class ChatCompletions:
    """The dialect of ``/v1/chat/completions``."""

    name: DialectName = "chat"

    def check(self, body: Json) -> None:
        """See :class:`.Dialect`."""
        if not listed(body, "messages"):
            raise UnfitRequestError("messages is empty; give at least one message")
        listed(body, "tools")
        check_nothing_kept(body["messages"], ("file_id",))
        if (self._n_choices(body)) > MAX_CHOICES:
            raise UnfitRequestError(f"n is {body['n']}; at most {MAX_CHOICES} choices are made")
        whole_number(body, "max_completion_tokens", "max_tokens")

    def steps(self, body: Json) -> list[Step]:
        """See :class:`.Dialect`."""
        return [
            Step(
                one["role"] == "user",
                message_text(one.get("content")).strip(),
                tuple(map(_call, objects_in(one.get("tool_calls")))),
            )
            for one in objects_in(body.get("messages"))
            if one.get("role") in ("user", "assistant")
        ]

    def definition(self, tool: Json) -> ToolDefinition | None:
        """See :class:`.Dialect`."""
        return defined(mapping_of(tool.get("function")), "parameters")

    def export(self, tools: Sequence[ToolDefinition]) -> list[Json]:
        """See :class:`.Dialect`."""
        return equip.to_openai(tools)

    def without_marks(self, body: Json) -> Json:
        """See :class:`.Dialect`."""
        return {**body, "messages": [_plain(one) for one in body["messages"]]}

    def turn(self, reply: Json) -> list[Json]:
        """See :class:`.Dialect`."""
        message = dict(mapping_of(next(objects_in(reply.get("choices")), {}).get("message")))
        return [{name: value for name, value in message.items() if value is not None or name == "content"}]

    def continued(self, body: Json, turn: Sequence[Json], results: Mapping[str, str]) -> Json:
        """See :class:`.Dialect`."""
        told = [{"role": "tool", "tool_call_id": one, "content": text} for one, text in results.items()]
        return {**body, "messages": [*body["messages"], *turn, *told]}

    def handed_on(self, reply: Json, hidden: str, names: Sequence[str]) -> Json:
        """See :class:`.Dialect`."""
        choices = list(objects_in(reply.get("choices")))
        return {**reply, "choices": [_handed_on(one, hidden, names) for one in choices]}

    def prompt_tokens(self, body: Json) -> int:
        """See :class:`.Dialect`."""
        formats = [body.get(name) for name in ("tools", "functions", "response_format")]
        return messages_tokens(body.get("messages")) + sum(tokens_of(one) for one in formats if one)

    def output_cap(self, body: Json) -> int | None:
        """See :class:`.Dialect`."""
        cap = whole_number(body, "max_completion_tokens", "max_tokens")
        return None if cap is None else cap * self._n_choices(body)

    def capped(self, body: Json, most: int) -> Json:
        """See :class:`.Dialect`."""
        most = max(1, most // self._n_choices(body))
        name = "max_tokens" if body.get("max_tokens") is not None else "max_completion_tokens"
        given = whole_number(body, name)
        return {**body, name: most if given is None else min(given, most)}

    def as_stream(self, body: Json) -> Json:
        """See :class:`.Dialect`."""
        options = {**mapping_of(body.get("stream_options")), "include_usage": True}
        return {**body, "stream": True, "stream_options": options}

    def schema(self, body: Json) -> Mapping[str, Any] | None:
        """See :class:`.Dialect`."""
        form = mapping_of(body.get("response_format"))
        if form.get("type") == "json_object":
            return {"type": "object"}
        given = mapping_of(form.get("json_schema")).get("schema")
        return given if form.get("type") == "json_schema" and isinstance(given, dict) else None

    def functions(self, body: Json) -> dict[str, Mapping[str, Any]]:
        """See :class:`.Dialect`."""
        given = [mapping_of(one.get("function")) for one in objects_in(body.get("tools"))]
        return {text_of(one.get("name")): mapping_of(one.get("parameters")) for one in given if one}

    def said(self, reply: Json) -> Said:
        """See :class:`.Dialect`."""
        choice = next(objects_in(reply.get("choices")), {})
        message = mapping_of(choice.get("message"))
        return Said(
            message_text(message.get("content")),
            tuple(_call(one) for one in objects_in(message.get("tool_calls"))),
            choice.get("finish_reason") in ("length", "content_filter"),
        )

    def reader(self, body: Json, splice: Splice | None = None) -> Reader:
        """See :class:`.Dialect`."""
        wants_usage = bool(mapping_of(body.get("stream_options")).get("include_usage"))
        return _ChatReader(splice, wants_usage=wants_usage)

    def error_event(self, problem: Problem) -> Event:
        """See :class:`.Dialect`."""
        return json_event(error_content(self.name, problem), is_named=False)

    def _n_choices(self, body: Json) -> int:
        return whole_number(body, "n") or 1


def _call(one: Json) -> ToolCall:
    function = mapping_of(one.get("function")) or mapping_of(one.get("custom"))
    return ToolCall(text_of(one.get("id")), text_of(function.get("name")), text_of(function.get("arguments")))


def _plain(message: Json) -> Json:
    told = dict(message)
    if isinstance(told.get("tool_call_id"), str):
        told["tool_call_id"] = plain(told["tool_call_id"])
    if calls := list(objects_in(told.get("tool_calls"))):
        told["tool_calls"] = [{**call, "id": plain(text_of(call.get("id")))} for call in calls]
    return told


def _handed_on(choice: Json, hidden: str, names: Sequence[str]) -> Json:
    message = dict(mapping_of(choice.get("message")))
    calls = list(objects_in(message.get("tool_calls")))
    if not calls:
        return choice
    shown = [call for call in calls if _call(call).name != hidden]
    message["tool_calls"] = [{**call, "id": marked(text_of(call.get("id")), names)} for call in shown]
    if shown:
        return {**choice, "message": message}
    del message["tool_calls"]
    return {**choice, "message": message, "finish_reason": "stop"}


@dataclass
class _Growing:
    """A call as it is told, piece by piece."""

    call_id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class _ChatReader(Reader):
    """Reads chunks; the one that tells the usage is handed on where it was asked for."""

    wants_usage: bool = False
    _thoughts: list[str] = field(default_factory=list, init=False)
    _texts: list[str] = field(default_factory=list, init=False)
    _shown: dict[int, int] = field(default_factory=dict, init=False)
    _calls: dict[int, _Growing] = field(default_factory=dict, init=False)
    _finish: str = field(default="", init=False)

    def feed(self, event: Event) -> list[Event]:
        """See :class:`.Reader`."""
        if event.data == DONE:
            self.is_ended = True
            return []
        chunk = event.json()
        if chunk is None:
            self.failed = "an event of the stream is no JSON"
            return []
        if chunk.get("error"):
            self.failed = text_of(mapping_of(chunk["error"]).get("message")) or "it gives no reason"
            return []
        if mapping_of(chunk.get("usage")) or chunk.get("x_groq"):
            self._counted.append(chunk)
        for choice in objects_in(chunk.get("choices")):
            self._read(choice)
        if not chunk.get("choices") and chunk.get("usage") and (not self.wants_usage or self.is_search):
            return []
        if self.splice is None or self._is_as_it_came(chunk, self.splice):
            return [event]
        told = self._spliced(chunk, self.splice)
        return [json_event(told, is_named=False)] if told is not None else []

    def _is_as_it_came(self, chunk: Json, splice: Splice) -> bool:
        """Whether a chunk of the first call of a model holds no calls, so that nothing of it is to change."""
        if splice.is_continued or self._calls or splice.reply_id not in ("", chunk.get("id")):
            return False
        splice.reply_id = splice.reply_id or text_of(chunk.get("id"))
        return bool(splice.reply_id) and bool(chunk.get("choices"))

    def _read(self, choice: Json) -> None:
        delta = mapping_of(choice.get("delta"))
        for name in ("reasoning_content", "reasoning", "refusal"):
            if name in delta:
                self._thoughts.append(text_of(delta[name]))
        self._texts.append(text_of(delta.get("content")))
        self._finish = text_of(choice.get("finish_reason")) or self._finish
        for part in objects_in(delta.get("tool_calls")):
            index = part.get("index")
            call = self._calls.setdefault(index if isinstance(index, int) else 0, _Growing())
            function = mapping_of(part.get("function"))
            call.call_id = text_of(part.get("id")) or call.call_id
            call.name += text_of(function.get("name"))
            call.arguments += text_of(function.get("arguments"))

    def _spliced(self, chunk: Json, splice: Splice) -> Json | None:
        """A chunk without searches, as a part of one reply; None where nothing is left."""
        splice.reply_id = splice.reply_id or text_of(chunk.get("id"))
        told = {**chunk, "id": splice.reply_id}
        choices = [
            one for choice in objects_in(chunk.get("choices")) for one in self._shown_of(choice, splice)
        ]
        if chunk.get("choices") and not choices:
            return None
        return {**told, "choices": choices}

    def _shown_of(self, choice: Json, splice: Splice) -> list[Json]:
        delta = dict(mapping_of(choice.get("delta")))
        if splice.is_continued:
            delta.pop("role", None)
        parts = [
            shown for part in objects_in(delta.pop("tool_calls", None)) for shown in self._part(part, splice)
        ]
        if parts:
            delta["tool_calls"] = parts
        is_end = bool(choice.get("finish_reason"))
        if (is_end and self.is_search) or not (delta or is_end):
            return []
        return [{**choice, "delta": delta}]

    def _part(self, part: Json, splice: Splice) -> list[Json]:
        given = part.get("index")
        index = given if isinstance(given, int) else 0
        if self._calls[index].name == splice.hidden:
            return []
        if index not in self._shown:
            self._shown[index], splice.n_shown = splice.n_shown, splice.n_shown + 1
        told = {**part, "index": self._shown[index]}
        if isinstance(part.get("id"), str):
            told["id"] = marked(part["id"], splice.names)
        return [told]

    def turn(self) -> list[Json]:
        """See :class:`.Reader`."""
        calls = [
            {
                "id": one.call_id,
                "type": "function",
                "function": {"name": one.name, "arguments": one.arguments},
            }
            for one in self._calls.values()
        ]
        return [{"role": "assistant", "content": "".join(self._texts) or None, "tool_calls": calls}]

    @property
    def said(self) -> Said:
        """See :class:`.Reader`."""
        calls = tuple(ToolCall(one.call_id, one.name, one.arguments) for one in self._calls.values())
        text = "".join(self._texts if self.is_ended else [*self._thoughts, *self._texts])
        return Said(text, calls, self._finish in ("length", "content_filter"))

    def closing(self) -> list[Event]:
        """See :class:`.Reader`."""
        return [Event("", DONE)]
