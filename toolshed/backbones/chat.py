"""Chat models: what a stage asks of one, and the adapters for OpenAI-compatible APIs and LangChain."""

import asyncio
import hashlib
import inspect
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar, get_args

from toolshed.errors import ChatModelError, ConfigurationError
from toolshed.metering.provider_usage import usage_or_estimate
from toolshed.metering.runs import Component, MeteredCall, report_call
from toolshed.metering.usage import Usage, estimated_tokens
from toolshed.waiting import on_background_loop

Role = Literal["system", "user", "assistant"]
Answered = TypeVar("Answered")
ReplyFormat = Literal["json_schema", "json_object", "text"]
# What one reply may hold; no stage asks for more than some thousand words.
MAX_REPLY_CHARACTERS = 400_000


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation with a model."""

    role: Role
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """What a model is asked.

    Attributes:
        messages: The prompt.
        schema: JSON Schema that the reply is to satisfy; the prompt says so in words too, since not every
            server takes schemas.
        max_output_tokens: Longest reply.
        component: What the call is booked under.
    """

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    max_output_tokens: int = 1024
    component: Component = "planner"

    @cached_property
    def prompt(self) -> str:
        """All of the prompt's text."""
        return "\n\n".join(message.content for message in self.messages)

    @property
    def n_tokens(self) -> int:
        """Tokens that the call may take at most, the prompt's estimated."""
        return estimated_tokens(self.prompt) + self.max_output_tokens

    def messages_json(self) -> list[dict[str, str]]:
        """The messages as chat APIs take them."""
        return [{"role": message.role, "content": message.content} for message in self.messages]

    def key(self, model_id: str) -> str:
        """SHA-256 of model and messages: what recorded replies are found by."""
        said = json.dumps([model_id, self.messages_json()], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What a model answered.

    Attributes:
        text: The answer.
        usage: Its tokens.
        model: Which model gave it.
    """

    text: str
    usage: Usage
    model: str


class ChatModel(Protocol):
    """A language model that answers conversations."""

    @property
    def model_id(self) -> str:
        """Name of the model, in prices and in records."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Answer a request, and tell the run of the call (:func:`.report_call`).

        Raises:
            ChatModelError: If no answer came.
        """


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of the calls of one model.

    Attributes:
        seconds: Longest wait for one answer, its retries included.
        n_retries: Times that a failed call is repeated, by the client, with growing waits and jitter.
        n_at_once: Calls that run at the same time; others wait for their turn, within their seconds.
    """

    seconds: float = 30.0
    n_retries: int = 2
    n_at_once: int = 8

    def __post_init__(self) -> None:
        if not (0 < self.seconds <= 3600 and 0 <= self.n_retries <= 10 and 1 <= self.n_at_once <= 256):
            raise ConfigurationError(
                f"{self} is out of bounds: seconds lie between 0 and 3,600, retries between 0 and 10, calls "
                "at once between 1 and 256"
            )


class BoundedModel:
    """Calls within limits, each told to the run.

    They are made on the background loop, whatever loop asks: there they can be cancelled, and a client stays
    on the one loop that it was first used in.
    """

    def __init__(self, model_id: str, limits: CallLimits | None) -> None:
        self.model_id, self.limits = model_id, limits or CallLimits()
        self._turns = asyncio.Semaphore(self.limits.n_at_once)

    async def complete(self, request: ChatRequest) -> ChatReply:
        """See :class:`ChatModel`."""
        text, usage = await on_background_loop(
            self._metered(request.prompt, request.component, lambda: self._answer(request))
        )
        return ChatReply(text[:MAX_REPLY_CHARACTERS], usage, self.model_id)

    async def _bounded(
        self, prompt: str, component: Component, answer: Callable[[], Awaitable[tuple[Answered, Any]]]
    ) -> Answered:
        """An answer of any kind within the limits, without its tokens."""
        answered, _ = await on_background_loop(self._metered(prompt, component, answer))
        return answered

    async def _metered(
        self, prompt: str, component: Component, answer: Callable[[], Awaitable[tuple[Answered, Any]]]
    ) -> tuple[Answered, Usage]:
        """An answer within the limits, and its tokens; the call is told to the run, well or badly."""
        started = time.monotonic()
        # Whether a provider bills a call that failed is not known: its prompt is booked as an estimate.
        usage, error = Usage(estimated_tokens(prompt), source="estimate"), ""
        try:
            async with asyncio.timeout(self.limits.seconds), self._turns:
                answered, reported = await answer()
            text = answered if isinstance(answered, str) else ""
            usage = usage_or_estimate(reported, input_tokens=usage.input_tokens, text=text)
            if isinstance(answered, str) and not text.strip():
                error = "answered nothing"
        except TimeoutError:
            error = f"gave no answer in {self.limits.seconds:g} s"
        except NoAnswerError as raised:
            error = str(raised)
            usage = usage if raised.may_be_billed else Usage()
        except asyncio.CancelledError:
            error = "was not waited for any longer"
            raise
        finally:
            seconds = time.monotonic() - started
            report_call(MeteredCall(component, self.model_id, usage, seconds, error or None))
        if error:
            raise ChatModelError(f"the model {self.model_id!r} {error}")
        return answered, usage

    async def _answer(self, request: ChatRequest) -> tuple[str, Any]:
        """The text of an answer and what was reported of its usage; raises NoAnswerError."""
        raise NotImplementedError


class NoAnswerError(Exception):
    """Why there is no answer, as the end of a sentence, and whether it may have been paid for."""

    def __init__(self, reason: str, *, may_be_billed: bool = True) -> None:
        super().__init__(reason)
        self.may_be_billed = may_be_billed


class OpenAIChat(BoundedModel):
    """A model of OpenAI, or of any server with its API.

    Args:
        model: Name of the model.
        client: An ``openai.AsyncOpenAI`` client of its own; its base URL and key apply.
        api: ``chat`` for chat completions, ``responses`` for the responses API.
        reply_format: How the schema of a reply is told to the server. One that refuses a form is asked
            for the next simpler one from then on.
        limits: Time, retries and calls at once.
        options: Passed to every call, such as ``{"temperature": 0}``.

    Raises:
        ConfigurationError: If an argument makes no sense.
    """

    def __init__(
        self,
        model: str,
        *,
        client: Any,
        api: Literal["chat", "responses"] = "chat",
        reply_format: ReplyFormat = "json_schema",
        limits: CallLimits | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        # Any: the openai package is an optional dependency.
        super().__init__(model, limits)
        if api not in ("chat", "responses"):
            raise ConfigurationError(f"unknown api {api!r}; choose chat or responses")
        if reply_format not in get_args(ReplyFormat):
            formats = ", ".join(get_args(ReplyFormat))
            raise ConfigurationError(f"unknown reply_format {reply_format!r}; choose one of {formats}")
        if not inspect.iscoroutinefunction(client.post):
            raise ConfigurationError("OpenAIChat takes an asynchronous client: openai.AsyncOpenAI()")
        self._client = client.with_options(timeout=self.limits.seconds, max_retries=self.limits.n_retries)
        self._api, self._format = api, reply_format
        self._options = dict(options or {})

    async def _answer(self, request: ChatRequest) -> tuple[str, Any]:
        from openai import APIStatusError

        while True:
            sent = self._format if request.schema is not None else "text"
            try:
                text, usage = await (self._chat if self._api == "chat" else self._respond)(request, sent)
                return text or "", usage
            except APIStatusError as error:
                if error.status_code != 400 or sent == "text" or not _is_about_format(str(error)):
                    raise NoAnswerError(f"was refused: {error}", may_be_billed=False) from error
                self._format = "json_object" if sent == "json_schema" else "text"
            # Broad: servers that are only nearly compatible make the client stumble in ways of its own.
            except Exception as error:
                raise NoAnswerError(f"failed: {type(error).__name__}: {error}") from error

    async def _chat(self, request: ChatRequest, sent: str) -> tuple[Any, Any]:
        options = dict(self._options)
        if sent == "json_schema":
            schema = {"name": "reply", "schema": request.schema, "strict": False}
            options["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif sent == "json_object":
            options["response_format"] = {"type": "json_object"}
        if "max_tokens" not in options:
            options.setdefault("max_completion_tokens", request.max_output_tokens)
        reply = await self._client.chat.completions.create(
            model=self.model_id, messages=request.messages_json(), **options
        )
        return reply.choices[0].message.content, reply.usage

    async def _respond(self, request: ChatRequest, sent: str) -> tuple[Any, Any]:
        options = dict(self._options)
        if sent == "json_schema":
            form = {"type": "json_schema", "name": "reply", "schema": request.schema, "strict": False}
            options["text"] = {"format": form}
        elif sent == "json_object":
            options["text"] = {"format": {"type": "json_object"}}
        options.setdefault("max_output_tokens", request.max_output_tokens)
        reply = await self._client.responses.create(
            model=self.model_id, input=request.messages_json(), **options
        )
        return reply.output_text, reply.usage


def _is_about_format(message: str) -> bool:
    return any(word in message for word in ("response_format", "json_schema", "json_object", "text.format"))


class LangChainChat(BoundedModel):
    """A LangChain chat model, called in worker threads: its asynchronous clients may belong to another loop.

    Args:
        model: A ``BaseChatModel``. Its own time-outs and retries (``timeout``, ``max_retries``) apply too; a
            thread that is not waited for any longer runs until they end it.
        model_id: Name of the model, as prices know it.
        limits: Time and calls at once.
    """

    def __init__(self, model: Any, *, model_id: str, limits: CallLimits | None = None) -> None:
        # Any: langchain is an optional dependency.
        super().__init__(model_id, limits)
        self._model = model
        self._threads = ThreadPoolExecutor(self.limits.n_at_once, thread_name_prefix="toolshed-chat")

    async def _answer(self, request: ChatRequest) -> tuple[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._invoke, request)

    def _invoke(self, request: ChatRequest) -> tuple[str, Any]:
        try:
            reply = self._model.invoke([(message.role, message.content) for message in request.messages])
        # Broad: chat models raise what their providers' clients raise, and futures take no StopIteration.
        except Exception as error:
            raise NoAnswerError(f"failed: {type(error).__name__}: {error}") from error
        return _text_of(getattr(reply, "content", None)), getattr(reply, "usage_metadata", None)


def _text_of(content: Any) -> str:
    """The text of a message: LangChain has it as a string or in blocks."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    texts = (block if isinstance(block, str) else block.get("text", "") for block in blocks)
    return "".join(text for text in texts if isinstance(text, str))
