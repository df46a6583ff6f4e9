"""Tokens of a model call, as its provider counts them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from toolshed.errors import InvalidRecordError

UsageSource = Literal["provider", "tokenizer", "estimate"]
# English text; tokens of other scripts are shorter, so an estimate is always marked as one.
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. Parts are contained in their totals, never added to them.

    Attributes:
        input_tokens: All of the prompt, cached and cache-written tokens included.
        output_tokens: All that was generated, hidden reasoning included.
        cached_tokens: Part of the prompt that was read from the provider's cache.
        cache_write_tokens: Part of the prompt that was written to it.
        reasoning_tokens: Part of the output that the caller does not see.
        source: Who counted: the provider, a tokenizer, or nobody (an estimate).

    Raises:
        InvalidRecordError: If a count is negative or no integer, or parts exceed their total.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    source: UsageSource = "provider"

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name == "source":
                continue
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InvalidRecordError(f"{field.name} is {value!r}; it must be an integer of 0 or more")
        if self.cached_tokens + self.cache_write_tokens > self.input_tokens:
            raise InvalidRecordError(
                f"{self.cached_tokens} cached and {self.cache_write_tokens} cache-write tokens are more than "
                f"the {self.input_tokens} input tokens; input_tokens counts the whole prompt"
            )
        if self.reasoning_tokens > self.output_tokens:
            raise InvalidRecordError(
                f"{self.reasoning_tokens} reasoning tokens are more than the {self.output_tokens} output "
                "tokens; output_tokens counts hidden reasoning too"
            )
        if self.source not in ("provider", "tokenizer", "estimate"):
            raise InvalidRecordError(
                f"unknown usage source {self.source!r}; choose provider, tokenizer, estimate"
            )

    def __add__(self, other: "Usage") -> "Usage":
        source = self.source if self.source == other.source else "estimate"
        counts = (f.name for f in fields(self) if f.name != "source")
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in counts}, source=source)


def usage_from_openai(reported: Mapping[str, Any] | None) -> Usage | None:
    """Read ``usage`` of an OpenAI-compatible reply: chat completions, responses or embeddings.

    Returns:
        None when the provider reported nothing; estimate it then with :func:`estimated_usage`.
    """
    # Any: providers of compatible APIs leave out, and add, what they like.
    if not reported:
        return None
    into = reported.get("prompt_tokens_details") or reported.get("input_tokens_details") or {}
    out = reported.get("completion_tokens_details") or reported.get("output_tokens_details") or {}
    prompt = reported.get("prompt_tokens", reported.get("input_tokens"))
    if prompt is None:
        return None
    return Usage(
        input_tokens=prompt,
        output_tokens=reported.get("completion_tokens", reported.get("output_tokens")) or 0,
        cached_tokens=into.get("cached_tokens") or 0,
        reasoning_tokens=out.get("reasoning_tokens") or 0,
    )


def usage_from_langchain(reported: Mapping[str, Any] | None) -> Usage | None:
    """Read ``usage_metadata`` of a LangChain message; None when the provider reported nothing."""
    if not reported or not (reported.get("input_tokens") or reported.get("output_tokens")):
        return None
    into = reported.get("input_token_details") or {}
    out = reported.get("output_token_details") or {}
    return Usage(
        input_tokens=reported.get("input_tokens") or 0,
        output_tokens=reported.get("output_tokens") or 0,
        cached_tokens=into.get("cache_read") or 0,
        cache_write_tokens=into.get("cache_creation") or 0,
        reasoning_tokens=out.get("reasoning") or 0,
    )


def estimated_usage(prompt: str, reply: str = "") -> Usage:
    """Usage guessed at four characters a token, for providers that report none."""
    return Usage(estimated_tokens(prompt), estimated_tokens(reply), source="estimate")


def estimated_tokens(text: str) -> int:
    """Tokens of a text at four characters each, rounded up."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)
