"""Reading the usage that providers send: each client's object or dict, from a whole reply or a stream."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from toolshed.errors import InvalidRecordError
from toolshed.metering.report import ReportedCounts, as_mapping
from toolshed.metering.totals import reconciled, service_tier
from toolshed.metering.usage import Usage, estimated_tokens

_logger = logging.getLogger(__name__)
# Where replies and events of streams keep their usage.
_INSIDE = ("usage_metadata", "usageMetadata", "usage", "response", "message", "metadata", "x_groq")
_MAX_DEPTH = 4
# Larger counts are no counts of one reply.
_MOST_TOKENS = 10**12
# What only replies and events have; without counts they reported none.
_REPLY = frozenset(
    {"choices", "candidates", "content", "delta", "id", "object", "type", "usage", "usage_metadata"}
)
_GOOGLE = (
    "prompt_token_count", "promptTokenCount", "candidates_token_count", "candidatesTokenCount",
    "total_token_count", "totalTokenCount", "response_token_count", "responseTokenCount",
)  # fmt: skip
_BEDROCK = ("inputTokens", "outputTokens", "inputTokenCount", "inputTextTokenCount")
_ANTHROPIC = (
    "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation", "server_tool_use",
    "inference_geo", "iterations",
)  # fmt: skip
_OPENAI = ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")
_OLLAMA = ("prompt_eval_count", "eval_count")
_COUNTS = (*_GOOGLE, *_BEDROCK, *_OPENAI, *_OLLAMA, "billed_units", "total_tokens", "seconds")


# Any: replies, events and usage objects of any client.
def usage_from_provider(reported: Any) -> Usage | None:
    """Read the usage of a reply, or the reply itself: any client's object or dict.

    Known are OpenAI and what is compatible with it (xAI, DeepSeek, Moonshot, Groq, Mistral, OpenRouter and
    others; chat, responses, embeddings, images, audio, realtime), Anthropic, Google, Bedrock, Cohere, Ollama
    and the ``usage_metadata`` of LangChain. Totals that do not add up follow :func:`.reconciled`.

    Returns:
        None when the provider reported nothing; estimate it then with :func:`.estimated_usage`.

    Raises:
        InvalidRecordError: If the shape is not known, or holds counts of tokens that are not; names them.
    """
    if reported is None or isinstance(reported, Usage):
        return reported
    found = _find(reported)
    if found is None or set(found[0]) == {"total_tokens"}:
        # A bare total could be of a prompt or of a reply: nothing to price it by.
        return None
    values, tier = found
    read = next((read for is_one, read in _SHAPES if is_one(values)), None)
    if read is None:
        if not any(_says_something(value) for value in values.values()):
            return None
        raise InvalidRecordError(
            f"this shape of usage is not known: {type(reported).__name__} with {', '.join(map(repr, values))}"
            f"; give the provider's usage as it was sent, or a toolshed Usage"
        )
    return read(values, tier)


def usage_from_openai(reported: Any) -> Usage | None:
    """Read ``usage`` of an OpenAI-compatible reply; like :func:`usage_from_provider`."""
    return usage_from_provider(reported)


def usage_from_langchain(reported: Any) -> Usage | None:
    """Read ``usage_metadata`` of a LangChain message, or the message; None when nothing was reported."""
    usage = usage_from_provider(reported)
    return usage if usage is not None and (usage.input_tokens or usage.output_tokens) else None


def usage_from_stream(events: Iterable[Any]) -> Usage | None:
    """Read the usage that the events, or chunks, of one streamed reply told.

    Counts of a stream are cumulative: what comes later replaces what came before.
    """
    merged: dict[str, Any] = {}
    tier, added = "", None
    for event in events:
        told = getattr(event, "usage_metadata", None)
        if isinstance(told, Mapping) and "input_tokens" in told:
            # LangChain's chunks each tell their own share.
            usage = usage_from_provider(told)
            added = usage if added is None or usage is None else added + usage
            continue
        found = _find(event)
        if found is not None and any(found[0].get(name) is not None for name in _COUNTS):
            merged.update({name: value for name, value in found[0].items() if value is not None})
            tier = found[1] or tier
    return usage_from_provider({"usage": merged, "service_tier": tier}) if merged else added


def usage_or_estimate(reported: Any, *, input_tokens: int, text: str = "") -> Usage:
    """The usage of a reply that is paid for, whatever was reported: read, salvaged or estimated.

    Args:
        reported: A usage, or what the provider sent.
        input_tokens: Estimate of the prompt, for what reports nothing.
        text: The reply, for the same.
    """
    try:
        usage = usage_from_provider(reported)
    # Broad: whatever a client reports, the reply is paid for.
    except Exception as error:
        _logger.warning("a usage could not be read and is estimated: %s", error)
        into, out = _salvaged(reported)
        return Usage(into or input_tokens, out or estimated_tokens(text), source="estimate")
    if usage is None or usage == Usage(service_tier=usage.service_tier):
        return Usage(input_tokens, estimated_tokens(text), source="estimate")
    return usage


def _salvaged(reported: Any) -> tuple[int, int]:
    """The largest counts of a prompt and of an output in a report that could not be read."""
    try:
        found = _find(reported)
    # Broad: likewise.
    except Exception:
        return 0, 0
    counts = [
        (name.lower(), value)
        for name, value in (found[0] if found else {}).items()
        if isinstance(value, int)
        and not isinstance(value, bool)
        and 0 < value <= _MOST_TOKENS
        and "token" in name.lower()
    ]
    into = [n for name, n in counts if "input" in name or "prompt" in name]
    out = [n for name, n in counts if "output" in name or "completion" in name or "candidates" in name]
    return max(into, default=0), max(out, default=0)


def _find(reported: Any) -> tuple[Mapping[str, Any], str] | None:
    """The mapping that holds the counts, and the service tier that stands beside it; None where none does."""
    tier, one = "", reported
    for _ in range(_MAX_DEPTH):
        get = one.get if isinstance(one, Mapping) else _attribute_of(one)
        tier = service_tier(_tier_beside(get)) or tier
        if any(get(name) is not None for name in _COUNTS):
            break
        if (raw := _raw_anthropic(get("response_metadata"))) is not None:
            return raw, tier
        inside = next((value for name in _INSIDE if _is_nested(value := get(name))), None)
        if inside is None:
            break
        one = inside
    values = as_mapping(one)
    is_bare_reply = _REPLY & values.keys() and not any(values.get(name) is not None for name in _COUNTS)
    return None if is_bare_reply else (values, tier)


def _raw_anthropic(metadata: Any) -> Mapping[str, Any] | None:
    """What ChatAnthropic keeps of the provider's usage: its searches and speed are lost in LangChain's."""
    raw = metadata.get("usage") if isinstance(metadata, Mapping) else None
    is_anthropic = isinstance(raw, Mapping) and "input_tokens" in raw and any(raw.get(n) for n in _ANTHROPIC)
    return raw if is_anthropic else None


def _attribute_of(one: Any) -> Callable[[str], Any]:
    return lambda name: getattr(one, name, None)


def _is_nested(value: Any) -> bool:
    return (
        value is not None and not isinstance(value, str | int | float | list | tuple) and not callable(value)
    )


def _tier_beside(get: Callable[[str], Any]) -> Any:
    named = get("service_tier") or get("serviceTier") or get("speed")
    if isinstance(named, Mapping):
        return named.get("type")
    if named is None and isinstance(beside := get("response_metadata"), Mapping):
        return beside.get("service_tier")
    return named


def _says_something(value: Any) -> bool:
    return bool(value) and not isinstance(value, str)


def _refuse_rest(report: ReportedCounts, shape: str, usage: Usage, total: int) -> Usage:
    """The usage, unless counts were left that could have another price or lie outside the total."""
    left = report.untaken()
    is_whole = bool(total) and usage.input_tokens + usage.output_tokens == total
    unknown = [path for path in left if "." in path or not is_whole]
    if unknown:
        raise InvalidRecordError(
            f"this {shape} usage counts {', '.join(unknown)}, which are not known; they could be priced at a "
            "fraction of their price. Read them yourself and give a toolshed Usage"
        )
    return usage


def _openai(values: Mapping[str, Any], tier: str) -> Usage:
    report = ReportedCounts(values, "OpenAI-compatible")
    total = report.take("total_tokens")
    into = report.part("prompt_tokens_details", "input_tokens_details", "input_token_details",
                       "prompt_token_details")  # fmt: skip
    out = report.part("completion_tokens_details", "output_tokens_details", "output_token_details")
    cached = into.part("cached_tokens_details")
    written = into.part("cache_write_tokens_details")
    written.take("ttl_30m_tokens", "ttl_12h_tokens"), cached.take("text_tokens")
    into.take("text_tokens"), report.take("prompt_cache_miss_tokens", "prompt_text_tokens")
    out.take("text_tokens"), out.take("accepted_prediction_tokens"), out.take("rejected_prediction_tokens")
    counts = {
        "input_tokens": report.take("prompt_tokens", "input_tokens"),
        "output_tokens": report.take("completion_tokens", "output_tokens"),
        # DeepSeek, Moonshot and the SDK of xAI count at the top.
        "cached_tokens": into.take("cached_tokens", "cache_read_input_tokens")
        or report.take("prompt_cache_hit_tokens", "cached_tokens", "cached_prompt_text_tokens"),
        "cache_write_tokens": into.take("cache_write_tokens", "cache_creation_tokens"),
        "reasoning_tokens": out.take("reasoning_tokens") or report.take("reasoning_tokens"),
        "input_audio_tokens": into.take("audio_tokens"),
        "input_image_tokens": into.take("image_tokens") or report.take("prompt_image_tokens"),
        "input_video_tokens": into.take("video_tokens"),
        "cached_audio_tokens": cached.take("audio_tokens"),
        "cached_image_tokens": cached.take("image_tokens"),
        "output_audio_tokens": out.take("audio_tokens"),
        "output_image_tokens": out.take("image_tokens"),
    }
    report.take("prompt_cache_hit_tokens", "cached_tokens", "cached_prompt_text_tokens", "reasoning_tokens")
    report.take("prompt_image_tokens", "max_tokens")
    searches = report.take("num_search_queries", "num_sources_used")
    usage = reconciled(counts, total, service_tier=service_tier(tier), web_searches=searches)
    return _refuse_rest(report, "OpenAI-compatible", usage, total)


def _anthropic(values: Mapping[str, Any], tier: str) -> Usage:
    report = ReportedCounts(values, "Anthropic")
    counts = _anthropic_counts(report)
    for iteration in report.take_any("iterations") or ():
        step = as_mapping(iteration, "iteration")
        if step.get("type") == "compaction":
            # The counts at the top leave out what compacting the context took.
            for name, count in _anthropic_counts(ReportedCounts(step, "Anthropic")).items():
                counts[name] += count
        elif step.get("model"):
            raise InvalidRecordError(
                f"an iteration of this Anthropic usage, {step.get('type')!r}, ran on {step['model']!r}; book "
                "it as a call of that model"
            )
    searches = report.part("server_tool_use")
    n_searches = searches.take("web_search_requests")
    searches.take("web_fetch_requests"), searches.take("code_execution_requests")
    named = service_tier(report.take_any("service_tier")) or service_tier(report.take_any("speed"))
    report.take_any("fallback_credit")
    usage = reconciled(counts, None, service_tier=named or service_tier(tier), web_searches=n_searches)
    return _refuse_rest(report, "Anthropic", usage, 0)


def _anthropic_counts(report: ReportedCounts) -> dict[str, int]:
    read, written = report.take("cache_read_input_tokens"), report.take("cache_creation_input_tokens")
    by_time = report.part("cache_creation")
    hour, minutes = by_time.take("ephemeral_1h_input_tokens"), by_time.take("ephemeral_5m_input_tokens")
    written = max(written, hour + minutes)
    out = report.part("output_tokens_details")
    return {
        # Anthropic counts what the cache gave and took beside the prompt.
        "input_tokens": report.take("input_tokens") + read + written,
        "output_tokens": report.take("output_tokens"),
        "cached_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": hour,
        "reasoning_tokens": out.take("thinking_tokens", "reasoning_tokens"),
    }


def _bedrock(values: Mapping[str, Any], tier: str) -> Usage:
    report = ReportedCounts(values, "Bedrock")
    read = report.take("cacheReadInputTokens", "cacheReadInputTokenCount")
    written = report.take("cacheWriteInputTokens", "cacheWriteInputTokenCount")
    by_time = {
        one.get("ttl"): int(one.get("inputTokens") or 0) for one in report.take_any("cacheDetails") or ()
    }
    written = max(written, sum(by_time.values()))
    total = report.take("totalTokens", "totalTokenCount")
    counts = {
        "input_tokens": report.take("inputTokens", "inputTokenCount", "inputTextTokenCount") + read + written,
        "output_tokens": report.take("outputTokens", "outputTokenCount"),
        "cached_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": by_time.get("1h", 0),
    }
    usage = reconciled(counts, total, service_tier=service_tier(tier))
    return _refuse_rest(report, "Bedrock", usage, total)


def _google(values: Mapping[str, Any], tier: str) -> Usage:
    plain = {_snake_case(name): value for name, value in values.items()}
    report = ReportedCounts(plain, "Google")
    thoughts, tool = report.take("thoughts_token_count"), report.take("tool_use_prompt_token_count")
    into = _modalities(report.take_any("prompt_tokens_details"))
    of_tools = _modalities(report.take_any("tool_use_prompt_tokens_details"))
    cached = _modalities(report.take_any("cache_tokens_details"))
    out = _modalities(report.take_any("candidates_tokens_details", "response_tokens_details"))
    counts = {
        # What tools gave back and what was thought lie beside prompt and candidates.
        "input_tokens": report.take("prompt_token_count") + tool,
        "output_tokens": report.take("candidates_token_count", "response_token_count") + thoughts,
        "cached_tokens": report.take("cached_content_token_count"),
        "reasoning_tokens": thoughts,
        "tool_tokens": tool,
        "output_audio_tokens": out.get("AUDIO", 0),
        "output_image_tokens": out.get("IMAGE", 0),
    }
    for kind in ("audio", "image", "video"):
        counts[f"input_{kind}_tokens"] = into.get(kind.upper(), 0) + of_tools.get(kind.upper(), 0)
        counts[f"cached_{kind}_tokens"] = cached.get(kind.upper(), 0)
    total = report.take("total_token_count")
    named = service_tier(report.take_any("service_tier")) or service_tier(report.take_any("traffic_type"))
    usage = reconciled(counts, total, service_tier=named or service_tier(tier))
    return _refuse_rest(report, "Google", usage, total)


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _modalities(details: Any) -> dict[str, int]:
    """Tokens by modality. Documents are counted as text: they have no rate of their own."""
    tokens: dict[str, int] = {}
    for one in details or ():
        plain = {_snake_case(name): value for name, value in as_mapping(one, "modality").items()}
        modality = str(getattr(plain.get("modality"), "value", plain.get("modality")) or "TEXT").upper()
        if modality not in ("TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT", "MODALITY_UNSPECIFIED"):
            raise InvalidRecordError(f"this Google usage counts tokens of {modality!r}, which is not known")
        tokens[modality] = tokens.get(modality, 0) + int(plain.get("token_count") or 0)
    return tokens


def _langchain(values: Mapping[str, Any], tier: str) -> Usage:
    report = ReportedCounts(values, "LangChain")
    into, out = report.part("input_token_details"), report.part("output_token_details")
    named = service_tier(tier)
    for one in ("flex", "priority", "batch"):
        # Tokens of a tier are counted under it; of several tiers a message can have one.
        inside, outside = into.take(one), out.take(one)
        if inside or outside or any(f"{one}_{part}" in into for part in ("cache_read", "cache_creation")):
            named = service_tier(one)
    hour, minutes = into.take("ephemeral_1h_input_tokens"), into.take("ephemeral_5m_input_tokens")
    prefixes = ("", "flex_", "priority_", "batch_")
    counts = {
        "input_tokens": report.take("input_tokens"),
        "output_tokens": report.take("output_tokens"),
        "cached_tokens": sum(into.take(f"{prefix}cache_read") for prefix in prefixes),
        "cache_write_tokens": max(
            sum(into.take(f"{prefix}cache_creation") for prefix in prefixes), hour + minutes
        ),
        "cache_write_1h_tokens": hour,
        "reasoning_tokens": sum(out.take(f"{prefix}reasoning") for prefix in prefixes),
        "tool_tokens": into.take("tool"),
        "output_audio_tokens": out.take("audio"),
        "output_image_tokens": out.take("image"),
        **{f"input_{kind}_tokens": into.take(kind) for kind in ("audio", "image", "video")},
    }
    into.take("text", "document"), out.take("text")
    into.take("over_200k"), into.take("cache_read_over_200k"), out.take("over_200k")
    total = report.take("total_tokens")
    usage = reconciled(counts, total, service_tier=named)
    return _refuse_rest(report, "LangChain", usage, total)


def _seconds(values: Mapping[str, Any], tier: str) -> Usage:
    return Usage(audio_seconds=float(values["seconds"]), service_tier=service_tier(tier))


def _cohere(values: Mapping[str, Any], tier: str) -> Usage:
    report = ReportedCounts(as_mapping(values["billed_units"]), "Cohere")
    counts = {name: report.take(name) for name in ("input_tokens", "output_tokens")}
    usage = reconciled(counts, None, service_tier=service_tier(tier))
    return _refuse_rest(report, "Cohere", usage, 0)


def _ollama(values: Mapping[str, Any], tier: str) -> Usage:
    report = ReportedCounts(values, "Ollama")
    counts = {"input_tokens": report.take("prompt_eval_count"), "output_tokens": report.take("eval_count")}
    return reconciled(counts, None, service_tier=service_tier(tier))


def _has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda values: any(values.get(name) is not None for name in names)


def _is_langchain(values: Mapping[str, Any]) -> bool:
    """Whether details are LangChain's: OpenAI's realtime and audio replies name theirs ``..._tokens``."""
    details = [values.get("input_token_details"), values.get("output_token_details")]
    names = [name for one in details if isinstance(one, Mapping) for name in one]
    is_openai = any(name.endswith("_tokens") and not name.startswith("ephemeral") for name in names)
    return details != [None, None] and not is_openai


_Shape = tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any], str], Usage]]
_SHAPES: tuple[_Shape, ...] = (
    (lambda values: values.get("type") == "duration" and "seconds" in values, _seconds),
    (_has("billed_units"), _cohere),
    (_has(*_GOOGLE), _google),
    (_has(*_BEDROCK), _bedrock),
    (lambda values: _has(*_ANTHROPIC)(values) and _has("input_tokens", "output_tokens")(values), _anthropic),
    (_is_langchain, _langchain),
    (_has(*_OLLAMA), _ollama),
    (_has(*_OPENAI), _openai),
)
