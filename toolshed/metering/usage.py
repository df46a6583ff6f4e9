"""Tokens of a model call, as its provider counts them."""

from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, Literal, get_args

from toolshed.errors import InvalidRecordError

UsageSource = Literal["provider", "tokenizer", "estimate"]
ServiceTier = Literal["", "batch", "flex", "priority", "fast"]
# English text; tokens of other scripts are shorter, so an estimate is always marked as one.
CHARACTERS_PER_TOKEN = 4


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
        cache_write_1h_tokens: Part of what was written to the cache for an hour, not five minutes.
        input_audio_tokens, input_image_tokens, input_video_tokens: Parts of the prompt that are no text.
        cached_audio_tokens, cached_image_tokens, cached_video_tokens: Parts of these read from the cache.
        output_audio_tokens, output_image_tokens: Parts of the output that are no text.
        tool_tokens: Part of the prompt that server-side tools gave back.
        web_searches: Searches that the provider made and bills apart.
        audio_seconds: Seconds of audio, where these are billed instead of tokens.
        service_tier: ``batch``, ``flex``, ``priority`` or ``fast``; empty for the standard one.
        unexplained_tokens: Tokens by which the provider's total differs from its parts; already taken into
            ``output_tokens``, negative where the total says less.

    Raises:
        InvalidRecordError: If a count is negative or no integer, or parts exceed their total.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    source: UsageSource = "provider"
    _: KW_ONLY
    cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    input_image_tokens: int = 0
    input_video_tokens: int = 0
    cached_audio_tokens: int = 0
    cached_image_tokens: int = 0
    cached_video_tokens: int = 0
    output_audio_tokens: int = 0
    output_image_tokens: int = 0
    tool_tokens: int = 0
    web_searches: int = 0
    audio_seconds: float = 0.0
    service_tier: ServiceTier = ""
    unexplained_tokens: int = 0

    def __post_init__(self) -> None:
        for name in _COUNTS:
            value = getattr(self, name)
            is_signed = name == "unexplained_tokens"
            if isinstance(value, bool) or not isinstance(value, int) or (value < 0 and not is_signed):
                raise InvalidRecordError(f"{name} is {value!r}; it must be an integer of 0 or more")
        if not 0 <= self.audio_seconds < float("inf"):
            raise InvalidRecordError(f"audio_seconds is {self.audio_seconds!r}; it must be 0 or more")
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
        for whole, parts in _PARTS.items():
            if sum(getattr(self, part) for part in parts) > getattr(self, whole):
                raise InvalidRecordError(
                    f"{' and '.join(parts)} are more than the {getattr(self, whole)} of {whole}, which "
                    "counts them too"
                )
        if self.source not in ("provider", "tokenizer", "estimate"):
            raise InvalidRecordError(
                f"unknown usage source {self.source!r}; choose provider, tokenizer, estimate"
            )
        if self.service_tier not in get_args(ServiceTier):
            tiers = ", ".join(get_args(ServiceTier)[1:])
            raise InvalidRecordError(
                f"unknown service tier {self.service_tier!r}; choose of {tiers}, or leave it empty"
            )

    def __add__(self, other: "Usage") -> "Usage":
        is_alike = self.source == other.source and self.service_tier == other.service_tier
        counts: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in _SUMS}
        return Usage(
            **counts,
            source=self.source if is_alike else "estimate",
            service_tier=self.service_tier if self.service_tier == other.service_tier else "",
        )

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in (*_BASIC, "source", *self.details)]
        return f"Usage({', '.join(shown)})"

    @property
    def details(self) -> dict[str, int | float | str]:
        """What is not zero beyond the five counts that every call has."""
        return {name: value for name in _DETAILS if (value := getattr(self, name))}


_COUNTS = tuple(
    one.name for one in fields(Usage) if one.name not in ("source", "audio_seconds", "service_tier")
)
_BASIC = _COUNTS[:5]
_SUMS = (*_COUNTS, "audio_seconds")
_DETAILS = tuple(one.name for one in fields(Usage) if one.kw_only)
_PARTS = {
    "cache_write_tokens": ("cache_write_1h_tokens",),
    "input_tokens": ("input_audio_tokens", "input_image_tokens", "input_video_tokens"),
    "cached_tokens": ("cached_audio_tokens", "cached_image_tokens", "cached_video_tokens"),
    "input_audio_tokens": ("cached_audio_tokens",),
    "input_image_tokens": ("cached_image_tokens",),
    "input_video_tokens": ("cached_video_tokens",),
    "output_tokens": ("output_audio_tokens", "output_image_tokens"),
}


def estimated_usage(prompt: str, reply: str = "") -> Usage:
    """Usage guessed at four characters a token, for providers that report none."""
    return Usage(estimated_tokens(prompt), estimated_tokens(reply), source="estimate")


def estimated_tokens(text: str) -> int:
    """Tokens of a text at four characters each, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)
