"""Usage as clients send it: their own types, and the dicts that they become."""

from types import SimpleNamespace
from typing import Any

import pytest
from anthropic.types import CacheCreation, Message, MessageDeltaUsage, ServerToolUsage
from anthropic.types import Usage as AnthropicUsage
from google.genai.types import GenerateContentResponse, GenerateContentResponseUsageMetadata
from langchain_core.messages import AIMessage
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion
from openai.types.responses import ResponseUsage

from toolshed.errors import InvalidRecordError
from toolshed.metering.provider_usage import (
    usage_from_langchain,
    usage_from_openai,
    usage_from_provider,
    usage_from_stream,
    usage_or_estimate,
)
from toolshed.metering.usage import Usage

CHAT = {
    "prompt_tokens": 700,
    "completion_tokens": 60,
    "total_tokens": 760,
    "prompt_tokens_details": {"cached_tokens": 512, "audio_tokens": 40, "cache_write_tokens": 100},
    "completion_tokens_details": {"reasoning_tokens": 44, "audio_tokens": 6, "rejected_prediction_tokens": 3},
}
OF_CHAT = Usage(
    700,
    60,
    cached_tokens=512,
    cache_write_tokens=100,
    reasoning_tokens=44,
    input_audio_tokens=40,
    output_audio_tokens=6,
)
RESPONSES = {
    "input_tokens": 700,
    "output_tokens": 60,
    "total_tokens": 760,
    "input_tokens_details": {"cached_tokens": 12, "cache_write_tokens": 100},
    "output_tokens_details": {"reasoning_tokens": 44},
}
OF_RESPONSES = Usage(700, 60, cached_tokens=12, cache_write_tokens=100, reasoning_tokens=44)
ANTHROPIC = AnthropicUsage(
    input_tokens=7,
    output_tokens=90,
    cache_read_input_tokens=1000,
    cache_creation_input_tokens=500,
    cache_creation=CacheCreation(ephemeral_1h_input_tokens=300, ephemeral_5m_input_tokens=200),
    server_tool_use=ServerToolUsage(web_search_requests=2, web_fetch_requests=5),
    service_tier="batch",
)
OF_ANTHROPIC = Usage(
    1507,
    90,
    cached_tokens=1000,
    cache_write_tokens=500,
    cache_write_1h_tokens=300,
    web_searches=2,
    service_tier="batch",
)
GOOGLE = {
    "promptTokenCount": 900,
    "candidatesTokenCount": 50,
    "thoughtsTokenCount": 25,
    "toolUsePromptTokenCount": 100,
    "cachedContentTokenCount": 300,
    "totalTokenCount": 1075,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 400},
        {"modality": "AUDIO", "tokenCount": 450},
        {"modality": "DOCUMENT", "tokenCount": 50},
    ],
    "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 300}],
    "trafficType": "ON_DEMAND_FLEX",
}
OF_GOOGLE = Usage(
    1000,
    75,
    cached_tokens=300,
    reasoning_tokens=25,
    input_audio_tokens=450,
    cached_audio_tokens=300,
    tool_tokens=100,
    service_tier="flex",
)
BEDROCK = {
    "inputTokens": 20,
    "outputTokens": 30,
    "totalTokens": 1050,
    "cacheReadInputTokens": 600,
    "cacheWriteInputTokens": 400,
    "cacheDetails": [{"ttl": "1h", "inputTokens": 150}, {"ttl": "5m", "inputTokens": 250}],
}
OF_BEDROCK = Usage(1020, 30, cached_tokens=600, cache_write_tokens=400, cache_write_1h_tokens=150)


def as_object(value: Any) -> Any:
    """A client's object that is neither a dict nor of pydantic."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: as_object(one) for name, one in value.items()})
    return [as_object(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        pytest.param(CHAT, OF_CHAT, id="chat"),
        pytest.param(CompletionUsage.model_validate(CHAT), OF_CHAT, id="chat-type"),
        pytest.param(as_object(CHAT), OF_CHAT, id="chat-object"),
        pytest.param(RESPONSES, OF_RESPONSES, id="responses"),
        pytest.param(ResponseUsage.model_validate(RESPONSES), OF_RESPONSES, id="responses-type"),
        pytest.param({"prompt_tokens": 9, "total_tokens": 9}, Usage(9), id="embeddings"),
        pytest.param(
            {
                "input_tokens": 300,
                "output_tokens": 80,
                "total_tokens": 380,
                "input_token_details": {
                    "text_tokens": 100,
                    "audio_tokens": 200,
                    "cached_tokens": 150,
                    "cached_tokens_details": {"text_tokens": 50, "audio_tokens": 100},
                },
                "output_token_details": {"text_tokens": 20, "audio_tokens": 60},
            },
            Usage(
                300,
                80,
                cached_tokens=150,
                input_audio_tokens=200,
                cached_audio_tokens=100,
                output_audio_tokens=60,
            ),
            id="realtime",
        ),
        pytest.param(
            {
                "type": "tokens",
                "input_tokens": 40,
                "output_tokens": 8,
                "total_tokens": 48,
                "input_token_details": {"audio_tokens": 33, "text_tokens": 7},
            },
            Usage(40, 8, input_audio_tokens=33),
            id="transcription-by-tokens",
        ),
        pytest.param(
            {"type": "duration", "seconds": 61.5}, Usage(audio_seconds=61.5), id="transcription-by-time"
        ),
        pytest.param(
            {
                "prompt_tokens": 90,
                "completion_tokens": 10,
                "total_tokens": 400,
                "prompt_tokens_details": {"text_tokens": 90, "cached_tokens": 64},
                "completion_tokens_details": {"reasoning_tokens": 300},
                "num_sources_used": 3,
                "cost_in_usd_ticks": 12345,
            },
            Usage(90, 310, cached_tokens=64, reasoning_tokens=300, web_searches=3),
            id="xai",
        ),
        pytest.param(
            {
                "prompt_tokens": 900,
                "completion_tokens": 10,
                "total_tokens": 910,
                "prompt_cache_hit_tokens": 640,
                "prompt_cache_miss_tokens": 260,
            },
            Usage(900, 10, cached_tokens=640),
            id="deepseek",
        ),
        pytest.param(
            {"prompt_tokens": 900, "completion_tokens": 10, "total_tokens": 910, "cached_tokens": 640},
            Usage(900, 10, cached_tokens=640),
            id="moonshot",
        ),
        pytest.param(
            {
                "prompt_tokens": 18,
                "completion_tokens": 9,
                "total_tokens": 27,
                "queue_time": 0.2,
                "total_time": 0.4,
            },
            Usage(18, 9),
            id="groq",
        ),
        pytest.param(ANTHROPIC, OF_ANTHROPIC, id="anthropic-type"),
        pytest.param(ANTHROPIC.model_dump(), OF_ANTHROPIC, id="anthropic"),
        pytest.param(
            {
                "input_tokens": 5,
                "output_tokens": 6,
                "cache_read_input_tokens": None,
                "cache_creation": None,
                "inference_geo": "eu",
                "iterations": [
                    {"type": "message", "input_tokens": 5, "output_tokens": 6},
                    {
                        "type": "compaction",
                        "input_tokens": 100,
                        "output_tokens": 20,
                        "cache_read_input_tokens": 30,
                    },
                ],
            },
            Usage(135, 26, cached_tokens=30),
            id="anthropic-compaction",
        ),
        pytest.param(GOOGLE, OF_GOOGLE, id="google"),
        pytest.param(
            GenerateContentResponseUsageMetadata.model_validate(GOOGLE), OF_GOOGLE, id="google-type"
        ),
        pytest.param(
            GenerateContentResponse.model_validate({"usageMetadata": GOOGLE}), OF_GOOGLE, id="google-reply"
        ),
        pytest.param(BEDROCK, OF_BEDROCK, id="bedrock"),
        pytest.param(
            {"output": {}, "usage": BEDROCK, "serviceTier": {"type": "priority"}},
            OF_BEDROCK + Usage(),
            id="bedrock-reply",
        ),
        pytest.param(
            {"billed_units": {"input_tokens": 5.0, "output_tokens": 6.0}, "tokens": {"input_tokens": 70}},
            Usage(5, 6),
            id="cohere",
        ),
        pytest.param(
            {"model": "m", "message": {"role": "assistant"}, "prompt_eval_count": 11, "eval_count": 4},
            Usage(11, 4),
            id="ollama",
        ),
        pytest.param({}, None, id="empty"),
        pytest.param({"usage": None, "choices": []}, None, id="none-in-a-chunk"),
        pytest.param({"total_tokens": 3}, None, id="a-bare-total"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_usage_is_read_as_clients_send_it(reported: Any, usage: Usage | None) -> None:
    read = usage_from_provider(reported)
    if read is not None and read.service_tier == "priority":
        assert (read.input_tokens, read.cache_write_1h_tokens) == (1020, 150)
        return
    assert read == usage
    assert usage_from_openai(reported) == usage


def details(of_input: dict[str, int], of_output: dict[str, int] | None = None) -> dict[str, Any]:
    return {
        "input_tokens": 900,
        "output_tokens": 50,
        "total_tokens": 950,
        "input_token_details": of_input,
        "output_token_details": of_output or {},
    }


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        pytest.param(
            details(
                {
                    "cache_read": 100,
                    "cache_creation": 0,
                    "ephemeral_5m_input_tokens": 40,
                    "ephemeral_1h_input_tokens": 60,
                }
            ),
            Usage(900, 50, cached_tokens=100, cache_write_tokens=100, cache_write_1h_tokens=60),
            id="anthropic-and-aws",
        ),
        pytest.param(
            details({"cache_read": 100, "cache_creation": 70}),
            Usage(900, 50, cached_tokens=100, cache_write_tokens=70),
            id="cache-creation",
        ),
        pytest.param(
            details({"audio": 30, "cache_read": 64}, {"audio": 5, "reasoning": 20}),
            Usage(
                900, 50, cached_tokens=64, reasoning_tokens=20, input_audio_tokens=30, output_audio_tokens=5
            ),
            id="openai",
        ),
        pytest.param(
            details({"flex_cache_read": 64, "flex": 836}, {"flex_reasoning": 20, "flex": 30}),
            Usage(900, 50, cached_tokens=64, reasoning_tokens=20, service_tier="flex"),
            id="openai-flex",
        ),
        pytest.param(
            details({"cache_read": 64}, {"reasoning": 20}),
            Usage(900, 50, cached_tokens=64, reasoning_tokens=20),
            id="google-and-groq",
        ),
        pytest.param(
            {"input_tokens": 900, "output_tokens": 50, "total_tokens": 0}, Usage(900, 50), id="mistral-stream"
        ),
        pytest.param(
            {
                "input_tokens": 40,
                "output_tokens": 5,
                "total_tokens": 445,
                "output_token_details": {"reasoning": 400},
            },
            Usage(40, 405, reasoning_tokens=400),
            id="xai-without-its-package",
        ),
    ],
)
def test_usage_of_langchain_is_read_as_each_partner_writes_it(reported: dict[str, Any], usage: Usage) -> None:
    assert usage_from_langchain(reported) == usage
    assert usage_from_langchain(AIMessage("x", usage_metadata=reported)) == usage


def test_a_message_of_langchain_tells_tier_and_searches_beside_its_usage() -> None:
    told = AIMessage(
        "x",
        usage_metadata={"input_tokens": 7, "output_tokens": 3, "total_tokens": 10},
        response_metadata={
            "usage": {
                "input_tokens": 7,
                "output_tokens": 3,
                "speed": "fast",
                "server_tool_use": {"web_search_requests": 4},
            }
        },
    )
    assert usage_from_langchain(told) == Usage(7, 3, web_searches=4, service_tier="fast")
    assert usage_from_langchain(AIMessage("x")) is None
    assert usage_from_langchain({"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}) is None


def test_replies_tell_their_tier_beside_the_usage() -> None:
    reply = ChatCompletion.model_validate(
        {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-5",
            "choices": [],
            "service_tier": "flex",
            "usage": CHAT,
        }
    )
    read = usage_from_provider(reply)
    assert read is not None
    assert (read.service_tier, read.input_tokens) == ("flex", 700)


def test_streams_are_cumulative() -> None:
    start = Message.model_validate(
        {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 12, "output_tokens": 1, "cache_read_input_tokens": 80},
        }
    )
    events = [
        SimpleNamespace(type="message_start", message=start),
        SimpleNamespace(type="content_block_delta", delta=SimpleNamespace(text="hi")),
        SimpleNamespace(type="message_delta", usage=MessageDeltaUsage(output_tokens=33)),
    ]
    assert usage_from_stream(events) == Usage(92, 33, cached_tokens=80)
    chunks = [
        {"choices": [{"delta": {}}], "usage": None},
        {"choices": [], "usage": CHAT, "service_tier": "flex"},
    ]
    read = usage_from_stream(chunks)
    assert read is not None
    assert (read.output_tokens, read.service_tier) == (60, "flex")
    assert usage_from_stream([{"contentBlockDelta": {}}, {"metadata": {"usage": BEDROCK}}]) == OF_BEDROCK
    assert usage_from_stream([]) is None
    assert usage_from_stream([{"contentBlockDelta": {"delta": {"text": "hi"}}}]) is None


@pytest.mark.parametrize(
    ("reported", "named"),
    [
        pytest.param({"tokens_in": 9, "tokens_out": 3}, "tokens_in", id="shape"),
        pytest.param(
            {"inputTokens": 9, "outputTokens": 3, "cachedInputTokens": 5}, "cachedInputTokens", id="beside"
        ),
        pytest.param(
            {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "total_tokens": 10,
                "prompt_tokens_details": {"hologram_tokens": 4},
            },
            "hologram_tokens",
            id="part",
        ),
        pytest.param(
            {"promptTokenCount": 9, "promptTokensDetails": [{"modality": "SMELL", "tokenCount": 4}]},
            "SMELL",
            id="modality",
        ),
        pytest.param({"prompt_tokens": -1, "completion_tokens": 2}, "prompt_tokens", id="negative"),
        pytest.param({"prompt_tokens": "9", "completion_tokens": 2}, "prompt_tokens", id="text"),
        pytest.param({"prompt_tokens": 10**30, "completion_tokens": 2}, "prompt_tokens", id="huge"),
        pytest.param(17, "int", id="number"),
        pytest.param(
            {
                "input_tokens": 1,
                "output_tokens": 1,
                "iterations": [{"type": "advisor_message", "model": "claude-x", "input_tokens": 5}],
            },
            "claude-x",
            id="another-model",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name_and_estimated_once_it_is_paid(
    reported: Any, named: str
) -> None:
    with pytest.raises(InvalidRecordError, match=named):
        usage_from_provider(reported)
    usage = usage_or_estimate(reported, input_tokens=50, text="x" * 40)
    assert usage.source == "estimate"
    assert usage.input_tokens
    assert usage.output_tokens


def test_what_could_be_counted_of_a_usage_that_is_refused_is_kept() -> None:
    odd = {"inputTokens": 90, "outputTokens": 30, "cachedInputTokens": 5}
    assert usage_or_estimate(odd, input_tokens=7, text="x") == Usage(90, 30, source="estimate")
    assert usage_or_estimate({"prompt_tokens": 0, "completion_tokens": 0}, input_tokens=7).input_tokens == 7
    assert usage_or_estimate(CHAT, input_tokens=7) == OF_CHAT


@pytest.mark.parametrize(
    "reported",
    [
        {"type": "duration", "seconds": "abc"},
        {"prompt_token_count": 5, "prompt_tokens_details": [{"modality": "AUDIO", "token_count": "x"}]},
        {"input_tokens": 3, "output_tokens": 4, "iterations": 3},
        {"prompt_tokens": 10**31, "completion_tokens": -1},
    ],
)
def test_no_report_loses_a_paid_reply(reported: dict[str, object]) -> None:
    usage = usage_or_estimate(reported, input_tokens=7, text="eight characters")
    assert 0 < usage.input_tokens <= 10**12
    assert usage.output_tokens >= 0


def test_chunks_of_langchain_each_tell_their_share() -> None:
    class Chunk:
        def __init__(self, into: int, out: int) -> None:
            self.usage_metadata = {"input_tokens": into, "output_tokens": out, "total_tokens": into + out}

    usage = usage_from_stream([Chunk(1000, 0), Chunk(0, 50)])
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (1000, 50)
