"""Replies recorded and replayed: a paid model is asked once, and evaluations can be run again by anyone.

A recording is JSON Lines, one reply a line: ``key`` (SHA-256 of model and messages), ``model``, ``messages``,
``reply`` and ``usage``. A file of prompts has the same lines without a reply, for any model to answer.
"""

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolshed.backbones.chat import ChatModel, ChatReply, ChatRequest
from toolshed.errors import ChatModelError, ConfigurationError, InvalidRecordError, MissingReplyError
from toolshed.metering.runs import MeteredCall, report_call
from toolshed.metering.usage import Usage, estimated_usage

# A line with a prompt and a reply of the longest kind.
_MAX_LINE_CHARACTERS = 8_000_000


class Recording:
    """A file of prompts and replies that is only ever added to; threads may share one.

    Args:
        path: The file; it need not exist. A last line that a kill cut off is removed.

    Raises:
        ConfigurationError: If it cannot be read, or a line is none of a recording.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        lines = _lines(_mended(self.path)) if self.path.exists() else []
        self._replied = {line["key"] for line in lines if line.get("reply") is not None}
        self._keys = {line["key"] for line in lines}

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, line: Mapping[str, Any]) -> None:
        """Append a line; a prompt that is there already only if it has its reply now."""
        has_reply = line.get("reply") is not None
        with self._lock:
            if line["key"] in (self._replied if has_reply else self._keys):
                return
            _append(self.path, line)
            self._keys.add(line["key"])
            if has_reply:
                self._replied.add(line["key"])


class RecordedChat:
    """Asks a model and appends each answer to a file; what is in the file already is not asked again.

    Args:
        chat: The model.
        path: The file.
    """

    def __init__(self, chat: ChatModel, path: str | Path) -> None:
        self._chat, self._recording = chat, Recording(path)
        self._known = read_recording(path) if Path(path).exists() else {}

    @property
    def model_id(self) -> str:
        """Name of the model."""
        return self._chat.model_id

    async def complete(self, request: ChatRequest) -> ChatReply:
        """See :class:`.ChatModel`."""
        key = request.key(self.model_id)
        known = self._known.get(key)
        if known is not None:
            return known
        reply = await self._chat.complete(request)
        line = {**prompt_line(request, self.model_id), "reply": reply.text, "usage": usage_json(reply.usage)}
        self._recording.add(line)
        self._known[key] = reply
        return reply


class ReplayedChat:
    """Answers from a recording.

    Args:
        path: The file.
        model_id: Whose answers; the one model of the file when not given.

    Raises:
        ConfigurationError: If the file cannot be read, or has answers of several models.
    """

    def __init__(self, path: str | Path, *, model_id: str | None = None) -> None:
        self._path = Path(path)
        self._replies = read_recording(self._path)
        models = sorted({reply.model for reply in self._replies.values()})
        if model_id is None and len(models) != 1:
            told = ", ".join(models) or "no model"
            raise ConfigurationError(f"{str(path)!r} has answers of {told}; say whose to replay")
        self.model_id = model_id or models[0]

    async def complete(self, request: ChatRequest) -> ChatReply:
        """See :class:`.ChatModel`.

        Raises:
            MissingReplyError: If the recording has no answer to this prompt.
        """
        reply = self._replies.get(request.key(self.model_id))
        if reply is None:
            raise MissingReplyError(
                f"{str(self._path)!r} has no answer of {self.model_id!r} to the prompt "
                f"{request.messages[-1].content[:200]!r} (of the {request.component}); record it, or write "
                "the prompts anew if they have changed"
            )
        report_call(MeteredCall(request.component, self.model_id, reply.usage, 0.0, is_local=True))
        return reply


class AwaitedReplies:
    """Answers what has an answer, and writes down what has none; what asked for that goes no further.

    A later prompt depends on the answers to earlier ones, so nothing falls back: prompts are written in
    rounds, each with the answers to those before it.

    Args:
        out: The file that prompts are added to.
        replies: The recording with the answers so far, if there are any.
        model_id: Whose answers are wanted; part of the key.
    """

    def __init__(self, out: str | Path, replies: str | Path | None, *, model_id: str) -> None:
        self._recording, self.model_id = Recording(out), model_id
        self._replayed = None if replies is None else ReplayedChat(replies, model_id=model_id)

    async def complete(self, request: ChatRequest) -> ChatReply:
        """See :class:`.ChatModel`.

        Raises:
            MissingReplyError: If there is no answer; the prompt is in the file then.
        """
        try:
            if self._replayed is not None:
                return await self._replayed.complete(request)
            raise MissingReplyError("nothing is answered yet")
        except MissingReplyError:
            self._recording.add(prompt_line(request, self.model_id))
            raise


class PromptFile:
    """Writes every prompt to a file and answers none, so that each stage goes on with its fallback.

    Args:
        path: The file; prompts that it has already are not written again.
        model_id: Whose answers are wanted; part of the key.
    """

    def __init__(self, path: str | Path, *, model_id: str) -> None:
        self._recording, self.model_id = Recording(path), model_id

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Write the prompt.

        Raises:
            ChatModelError: Always.
        """
        self._recording.add(prompt_line(request, self.model_id))
        raise ChatModelError("the prompt was written to a file and not answered")


def prompt_line(request: ChatRequest, model_id: str) -> dict[str, Any]:
    """The line of a prompt without its reply."""
    return {
        "key": request.key(model_id),
        "model": model_id,
        "component": request.component,
        "messages": request.messages_json(),
        "schema": request.schema,
        "max_output_tokens": request.max_output_tokens,
    }


def read_recording(path: str | Path) -> dict[str, ChatReply]:
    """Read the replies of a recording by their keys; the last one of a key counts.

    Raises:
        ConfigurationError: If a line is none of a recording; prompts without a reply are left out.
    """
    replies: dict[str, ChatReply] = {}
    for line in _lines(Path(path)):
        text = line.get("reply")
        if text is None:
            continue
        if not isinstance(text, str) or not isinstance(line.get("model"), str):
            raise ConfigurationError(
                f"{str(path)!r}: the reply of {line['key']!r} is no text, or has no model"
            )
        replies[line["key"]] = ChatReply(text, _usage(line, text), line["model"])
    return replies


def read_prompts(path: str | Path) -> list[dict[str, Any]]:
    """The lines of a file of prompts.

    Raises:
        ConfigurationError: If it cannot be read, or a line is no prompt.
    """
    return _lines(Path(path))


def _usage(line: Mapping[str, Any], text: str) -> Usage:
    try:
        return Usage(**line["usage"])
    except (KeyError, TypeError, InvalidRecordError):
        prompt = "".join(str(message.get("content", "")) for message in line.get("messages") or [])
        return estimated_usage(prompt, text)


def usage_json(usage: Usage) -> dict[str, Any]:
    """The counts of a usage that are not zero, for a line."""
    return {name: value for name, value in asdict(usage).items() if value}


def _lines(path: Path) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    try:
        with path.open(encoding="utf-8", errors="surrogatepass") as file:
            for number, text in enumerate(iter(lambda: file.readline(_MAX_LINE_CHARACTERS), ""), start=1):
                # A last line that was cut off by a kill was never acknowledged.
                if text.strip() and (text.endswith("\n") or _is_json(text)):
                    lines.append(_line(text, path, number))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{str(path)!r} cannot be read as a recording: {error}") from error
    return lines


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _line(text: str, path: Path, number: int) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{str(path)!r}, line {number} is not JSON: {error}") from error
    if not isinstance(line, dict) or not isinstance(line.get("key"), str):
        raise ConfigurationError(f"{str(path)!r}, line {number} is no prompt or reply: it has no 'key'")
    return line


def _append(path: Path, line: Mapping[str, Any]) -> None:
    # One write of a whole line, so that processes which share the file do not mix theirs.
    data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
    with path.open("ab", buffering=0) as file:
        file.write(data)


def _mended(path: Path) -> Path:
    """The file, without a last line that a kill cut off."""
    if not path.exists():
        return path
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    last = content[whole:]
    if last and _is_json(last.decode("utf-8", "replace")):
        # Written by hand, without its line end.
        with path.open("ab") as file:
            file.write(b"\n")
    elif last:
        os.truncate(path, whole)
    return path
