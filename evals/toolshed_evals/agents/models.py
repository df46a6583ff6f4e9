"""What answers as an agent: a model behind an OpenAI-compatible endpoint, a recording of one, or rules."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from toolshed.backbones.recorded import Recording, read_recording, usage_json
from toolshed.errors import ChatModelError, ConfigurationError, MissingReplyError, missing_extra
from toolshed.metering.provider_usage import usage_or_estimate
from toolshed.metering.usage import Usage, estimated_tokens

Json = dict[str, Any]
_SECONDS, _N_RETRIES, _MAX_OUTPUT_TOKENS = 120.0, 2, 2_000


@dataclass(frozen=True, slots=True)
class AgentReply:
    """What an agent does next.

    Attributes:
        message: The message of the assistant as chat completions have it; with ``tool_calls`` or an answer.
        usage: Its tokens; marked as an estimate where nobody counted them.
    """

    message: Json
    usage: Usage


class AgentModel(Protocol):
    """What goes on in a conversation with the tools that it is given."""

    @property
    def model_id(self) -> str:
        """Its name in tables and recordings."""

    def reply(self, messages: Sequence[Json], tools: Sequence[Json]) -> AgentReply:
        """Go on in a conversation.

        Args:
            messages: The conversation, as chat completions take it.
            tools: The tools at hand, likewise.

        Raises:
            ChatModelError: If no answer came.
            MissingReplyError: If it is a recording without an answer to this.
        """


class OpenAIAgent:
    """A model of OpenAI, or of any server with its chat completions.

    Args:
        model: Its name.
        base_url: Of the server; what ``OPENAI_BASE_URL`` says when not given.
    """

    def __init__(self, model: str, base_url: str | None = None) -> None:
        try:
            from openai import OpenAI, OpenAIError
        except ImportError as error:
            raise missing_extra("openai", "openai") from error
        try:
            self._client = OpenAI(base_url=base_url, timeout=_SECONDS, max_retries=_N_RETRIES)
        except OpenAIError as error:
            raise ConfigurationError(f"the OpenAI client cannot be made: {error}") from error
        self.model_id = model

    def reply(self, messages: Sequence[Json], tools: Sequence[Json]) -> AgentReply:
        """See :class:`AgentModel`."""
        from openai import OpenAIError

        given: Json = {"tools": list(tools)} if tools else {}
        try:
            completion = self._client.chat.completions.create(
                model=self.model_id,
                messages=list(messages),  # type: ignore[arg-type]  # its types are those of one version
                max_completion_tokens=_MAX_OUTPUT_TOKENS,
                **given,
            )
            message = completion.choices[0].message.model_dump(exclude_none=True)
        except (OpenAIError, ValueError, TypeError, IndexError, AttributeError) as error:
            raise ChatModelError(f"the model {self.model_id!r} failed: {error}") from error
        asked = estimated_tokens(prompt_text(messages, tools))
        said = json.dumps(message)
        usage = usage_or_estimate(completion.usage, input_tokens=asked, text=said)
        kept: Json = {name: message.get(name) for name in ("role", "content", "tool_calls")}
        return AgentReply({name: value for name, value in kept.items() if value or name == "content"}, usage)


class RecordedAgent:
    """Asks a model, and adds every answer to a recording.

    Args:
        model: The model.
        path: The file.
    """

    def __init__(self, model: AgentModel, path: Path) -> None:
        self._model, self._recording, self.model_id = model, Recording(path), model.model_id

    def reply(self, messages: Sequence[Json], tools: Sequence[Json]) -> AgentReply:
        """See :class:`AgentModel`."""
        reply = self._model.reply(messages, tools)
        self._recording.add(
            {
                "key": _key(self.model_id, messages, tools),
                "model": self.model_id,
                "messages": list(messages),
                # Of a thousand definitions in every line a recording would have gigabytes.
                "tools": [tool["function"]["name"] for tool in tools],
                "reply": json.dumps(reply.message, ensure_ascii=False),
                "usage": usage_json(reply.usage),
            }
        )
        return reply


class ReplayedAgent:
    """Answers from a recording.

    Args:
        model: Whose answers.
        path: The file.
    """

    def __init__(self, model: str, path: Path) -> None:
        self.model_id, self._path, self._replies = model, path, read_recording(path)

    def reply(self, messages: Sequence[Json], tools: Sequence[Json]) -> AgentReply:
        """See :class:`AgentModel`."""
        found = self._replies.get(_key(self.model_id, messages, tools))
        if found is None:
            task = next((str(one["content"]) for one in messages if one["role"] == "user"), "")
            raise MissingReplyError(
                f"{str(self._path)!r} has no answer of {self.model_id!r} to step {len(messages) - 1} of "
                f"{task[:120]!r}; record it with: toolshed eval agents --model {self.model_id} "
                f"--record {self._path}"
            )
        return AgentReply(json.loads(found.text), found.usage)


def prompt_text(messages: Sequence[Json], tools: Sequence[Json]) -> str:
    """A request as one text, in the order in which providers cache prompts: tools, then messages."""
    # One by one, without the bracket that ends a list: what was only added to keeps its prefix.
    parts: list[Mapping[str, Any]] = [*tools, *messages]
    return "\n".join(json.dumps(part, ensure_ascii=False) for part in parts)


def _key(model_id: str, messages: Sequence[Json], tools: Sequence[Json]) -> str:
    said = json.dumps([model_id, list(messages), list(tools)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
