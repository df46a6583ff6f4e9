"""Answers in JSON: asked for, checked against a schema, repaired once, within what a search may spend."""

import asyncio
import json
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from toolshed.backbones.chat import ChatModel, ChatRequest, Message
from toolshed.errors import BudgetExceededError, ChatModelError, NoEligibleBackboneError
from toolshed.metering.runs import current_run

Answer = TypeVar("Answer")
_MAX_REASON_CHARACTERS = 500
# What is shown to a model of its own answer when it is asked to repair it.
_MAX_SHOWN_CHARACTERS = 8_000


class Budgeted(Protocol):
    """A call that a budget can be asked for."""

    @property
    def n_tokens(self) -> int:
        """Tokens that it may take at most."""


@dataclass(slots=True)
class CallBudget:
    """What the model calls of one search may come to; a call that would exceed it is not made.

    Attributes:
        n_calls: Most calls.
        n_tokens: Most tokens, prompts (estimated) and longest replies together.
    """

    n_calls: int
    n_tokens: int
    # Appending is safe from threads and loops alike.
    _taken: list[int] = field(default_factory=list)

    def take(self, request: Budgeted) -> None:
        """Reserve a call.

        Raises:
            ChatModelError: If the budget has too little left.
        """
        self._taken.append(request.n_tokens)
        if len(self._taken) > self.n_calls or sum(self._taken) > self.n_tokens:
            self._taken.remove(request.n_tokens)
            raise ChatModelError(
                f"the search may make {self.n_calls} model calls of {self.n_tokens:,} tokens together, and "
                f"{len(self._taken)} calls of {sum(self._taken):,} were made; give it a larger budget"
            )


_budget: ContextVar[CallBudget | None] = ContextVar("toolshed_call_budget", default=None)


@contextmanager
def call_budget(budget: CallBudget | None) -> Iterator[None]:
    """Hold the model calls that are made while the context is open to a budget."""
    token = _budget.set(budget)
    try:
        yield
    finally:
        _budget.reset(token)


def take_from_budget(request: Budgeted) -> None:
    """Reserve a call in the budget that is open, if one is.

    Raises:
        ChatModelError: If it has too little left.
    """
    budget = _budget.get()
    if budget is not None:
        budget.take(request)


async def answer_or_none(
    answer: Awaitable[Answer], *, seconds: float, otherwise: str, budget: CallBudget | None = None
) -> Answer | None:
    """What a model answers in time and within a budget; None where the stage must do without.

    Args:
        answer: What is waited for.
        seconds: Longest wait.
        otherwise: What the stage does without an answer: told to the run, with the reason.
        budget: What it may come to.
    """
    try:
        with call_budget(budget):
            async with asyncio.timeout(seconds):
                return await answer
    except TimeoutError:
        current_run().fallbacks.append(f"{otherwise}: no answer within {seconds:g} s")
    except (ChatModelError, BudgetExceededError, NoEligibleBackboneError) as error:
        current_run().fallbacks.append(f"{otherwise}: {error}")
    return None


async def ask(chat: ChatModel, request: ChatRequest) -> Any:
    """Ask for an answer in JSON that satisfies the request's schema.

    An answer that does not is shown to the model once, with what is wrong with it.

    Raises:
        ChatModelError: If no answer came, or the second one cannot be used either, or the budget of the
            search has too little left.
    """
    schema = request.schema or {}
    text = await _complete(chat, request)
    try:
        return parsed(text, schema)
    except ValueError as error:
        reason = str(error)
    repair = (
        f"This answer cannot be used: {reason}. Answer again with one JSON value and nothing else, for this "
        f"JSON Schema: {json.dumps(schema, ensure_ascii=False)}"
    )
    said = (Message("assistant", text[:_MAX_SHOWN_CHARACTERS]), Message("user", repair))
    text = await _complete(chat, replace(request, messages=(*request.messages, *said)))
    try:
        return parsed(text, schema)
    except ValueError as error:
        raise ChatModelError(
            f"the model {chat.model_id!r} answered twice what cannot be used: {error}"
        ) from error


async def _complete(chat: ChatModel, request: ChatRequest) -> str:
    take_from_budget(request)
    return (await chat.complete(request)).text


def parsed(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value in a model's answer, also inside a code fence or between sentences.

    Raises:
        ValueError: If there is none, or none satisfies the schema; says what is wrong with the first.
    """
    reason = ""
    validator = Draft202012Validator(schema)
    for value in _values(text):
        error: ValidationError | None = best_match(validator.iter_errors(value))
        if error is None:
            return value
        where = "/".join(map(str, error.absolute_path)) or "the answer"
        reason = reason or f"{where}: {error.message}"[:_MAX_REASON_CHARACTERS]
    raise ValueError(reason or "it holds no JSON")


def _values(text: str) -> Iterator[Any]:
    """The JSON objects and lists in a text, the outermost ones, from the left."""
    decoder = json.JSONDecoder(parse_constant=_refused)
    start, n_tries = 0, 0
    # Brackets in prose begin no JSON; a text of nothing but brackets is given up on.
    while n_tries < 100:
        openings = [at for at in (text.find("{", start), text.find("[", start)) if at >= 0]
        if not openings:
            return
        n_tries += 1
        start = min(openings)
        try:
            value, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start += 1
            continue
        yield value


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
