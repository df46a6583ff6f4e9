"""OpenAI's responses."""

from collections.abc import Iterable, Mapping, Sequence
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

_ENDS = ("response.completed", "response.incomplete", "response.failed")


class Responses:
    """The dialect of ``/v1/responses``."""

    name: DialectName = "responses"

    def check(self, body: Json) -> None:
        """See :class:`.Dialect`."""
        given = body.get("input")
        if not isinstance(given, str) and not listed(body, "input"):
            raise UnfitRequestError("input is empty; give a text, or a list of items")
        for name in ("background", "conversation", "previous_response_id", "prompt"):
            if body.get(name):
                raise UnfitRequestError(
                    f"{name} is not served: what the upstream keeps can be neither planned nor counted here; "
                    "send the whole conversation as input"
                )
        listed(body, "tools")
        check_nothing_kept(given, ("file_id",), ("item_reference",))
        check_nothing_kept(body.get("tools"), ("file_id", "file_ids", "vector_store_ids"))
        whole_number(body, "max_output_tokens")

    def steps(self, body: Json) -> list[Step]:
        """See :class:`.Dialect`."""
        given = body.get("input")
        if isinstance(given, str):
            return [Step(is_user=True, text=given.strip())]
        steps = []
        for item in objects_in(given):
            if item.get("type") == "function_call":
                steps.append(Step(is_user=False, text="", calls=(_call(item),)))
            elif item.get("role") in ("user", "assistant"):
                steps.append(Step(item["role"] == "user", message_text(item.get("content")).strip()))
        return steps

    def definition(self, tool: Json) -> ToolDefinition | None:
        """See :class:`.Dialect`."""
        return defined(tool, "parameters") if tool.get("type") == "function" else None

    def export(self, tools: Sequence[ToolDefinition]) -> list[Json]:
        """See :class:`.Dialect`."""
        return equip.to_openai_responses(tools)

    def without_marks(self, body: Json) -> Json:
        """See :class:`.Dialect`."""
        given = body["input"]
        if isinstance(given, str):
            return body
        return {**body, "input": [_plain(item) for item in given]}

    def turn(self, reply: Json) -> list[Json]:
        """See :class:`.Dialect`."""
        return list(objects_in(reply.get("output")))

    def continued(self, body: Json, turn: Sequence[Json], results: Mapping[str, str]) -> Json:
        """See :class:`.Dialect`."""
        given = body["input"]
        before = [{"role": "user", "content": given}] if isinstance(given, str) else given
        told = [
            {"type": "function_call_output", "call_id": one, "output": text} for one, text in results.items()
        ]
        return {**body, "input": [*before, *turn, *told]}

    def handed_on(self, reply: Json, hidden: str, names: Sequence[str]) -> Json:
        """See :class:`.Dialect`."""
        return {**reply, "output": shown_items(objects_in(reply.get("output")), hidden, names)}

    def prompt_tokens(self, body: Json) -> int:
        """See :class:`.Dialect`."""
        given = body.get("input")
        said = tokens_of(given) if isinstance(given, str) else messages_tokens(given)
        return said + sum(
            tokens_of(one) for name in ("instructions", "tools", "text") if (one := body.get(name))
        )

    def output_cap(self, body: Json) -> int | None:
        """See :class:`.Dialect`."""
        return whole_number(body, "max_output_tokens")

    def capped(self, body: Json, most: int) -> Json:
        """See :class:`.Dialect`."""
        given = whole_number(body, "max_output_tokens")
        return {**body, "max_output_tokens": most if given is None else min(given, most)}

    def as_stream(self, body: Json) -> Json:
        """See :class:`.Dialect`."""
        return {**body, "stream": True}

    def schema(self, body: Json) -> Mapping[str, Any] | None:
        """See :class:`.Dialect`."""
        form = mapping_of(mapping_of(body.get("text")).get("format"))
        if form.get("type") == "json_object":
            return {"type": "object"}
        given = form.get("schema")
        return given if form.get("type") == "json_schema" and isinstance(given, dict) else None

    def functions(self, body: Json) -> dict[str, Mapping[str, Any]]:
        """See :class:`.Dialect`."""
        given = [one for one in objects_in(body.get("tools")) if one.get("type") in ("function", "custom")]
        return {text_of(one.get("name")): mapping_of(one.get("parameters")) for one in given}

    def said(self, reply: Json) -> Said:
        """See :class:`.Dialect`."""
        return _said(list(objects_in(reply.get("output"))), is_cut=reply.get("status") == "incomplete")

    def reader(self, body: Json, splice: Splice | None = None) -> Reader:  # noqa: ARG002  # as others do
        """See :class:`.Dialect`."""
        return _ResponseReader(splice)

    def error_event(self, problem: Problem) -> Event:
        """See :class:`.Dialect`."""
        error = error_content(self.name, problem)["error"]
        # The SDK raises for what has an ``error``; others read what stands beside it.
        told = {"type": "error", "code": problem.code, "message": problem.detail, "param": None}
        return json_event({**told, "sequence_number": 0, "error": error}, is_named=True)


def _call(item: Json) -> ToolCall:
    return ToolCall(text_of(item.get("call_id")), text_of(item.get("name")), text_of(item.get("arguments")))


def _plain(item: Json) -> Json:
    call_id = item.get("call_id")
    return {**item, "call_id": plain(call_id)} if isinstance(call_id, str) else item


def shown_items(items: Iterable[Json], hidden: str, names: Sequence[str]) -> list[Json]:
    """The items of a reply that are handed on, their calls marked."""
    shown = []
    for item in items:
        if item.get("type") != "function_call":
            shown.append(item)
        elif item.get("name") != hidden:
            shown.append({**item, "call_id": marked(text_of(item.get("call_id")), names)})
    return shown


def _said(items: list[Json], *, is_cut: bool) -> Said:
    texts = [message_text(item.get("content")) for item in items if item.get("type") == "message"]
    calls = [_call(item) for item in items if item.get("type") == "function_call"]
    return Said("".join(texts), tuple(calls), is_cut)


@dataclass
class _ResponseReader(Reader):
    """Reads the events of a response."""

    _deltas: list[str] = field(default_factory=list, init=False)
    _items: list[Json] = field(default_factory=list, init=False)
    _hidden: set[object] = field(default_factory=set, init=False)
    _shown: dict[object, int] = field(default_factory=dict, init=False)
    _is_cut: bool = field(default=False, init=False)

    def feed(self, event: Event) -> list[Event]:
        """See :class:`.Reader`."""
        if event.data == DONE:
            return []
        value = event.json()
        if value is None:
            self.failed = "an event of the stream is no JSON"
            return []
        kind, response = text_of(value.get("type")), mapping_of(value.get("response"))
        if kind == "error" or value.get("error"):
            error = mapping_of(value.get("error")) or value
            self.failed = text_of(error.get("message")) or "it gives no reason"
            return []
        if mapping_of(response.get("usage")):
            self._counted.append(value)
        if kind.endswith(".delta"):
            self._deltas.append(text_of(value.get("delta")))
        elif kind == "response.output_item.done":
            self._items.append(dict(mapping_of(value.get("item"))))
        elif kind in _ENDS:
            self.is_ended, self._is_cut = True, kind != "response.completed"
        if self.splice is None:
            return [event]
        told = self._spliced(value, kind, self.splice)
        if told is None:
            return []
        self.splice.n_events += 1
        return [json_event({**told, "sequence_number": self.splice.n_events - 1}, is_named=True)]

    def _spliced(self, value: Json, kind: str, splice: Splice) -> Json | None:
        """An event without searches, as a part of one response; None where it is not told."""
        response = mapping_of(value.get("response"))
        if kind in _ENDS:
            splice.items += shown_items(self._items, splice.hidden, splice.names)
            whole = {**response, "id": splice.reply_id, "output": splice.items}
            return None if self.is_search else {**value, "response": whole}
        if response:
            splice.reply_id = splice.reply_id or text_of(response.get("id"))
            return None if splice.is_continued else value
        index, item = value.get("output_index"), mapping_of(value.get("item"))
        if item.get("type") == "function_call":
            if item.get("name") == splice.hidden:
                self._hidden.add(index)
            told = {**item, "call_id": marked(text_of(item.get("call_id")), splice.names)}
            value = {**value, "item": told}
        if index is None or index in self._hidden:
            return value if index is None else None
        if index not in self._shown:
            self._shown[index], splice.n_shown = splice.n_shown, splice.n_shown + 1
        return {**value, "output_index": self._shown[index]}

    def turn(self) -> list[Json]:
        """See :class:`.Reader`."""
        return self._items

    @property
    def said(self) -> Said:
        """See :class:`.Reader`."""
        if self.is_ended:
            return _said(self._items, is_cut=self._is_cut)
        return Said("".join(self._deltas), is_cut=True)
