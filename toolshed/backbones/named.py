"""Dense encoders and chat models by name, for settings and the command line."""

from collections.abc import Callable

from toolshed.backbones.chat import CallLimits, ChatModel, OpenAIChat
from toolshed.backbones.embedding import DenseEncoder, OpenAIEncoder, SentenceTransformerEncoder
from toolshed.backbones.recorded import PromptFile, ReplayedChat
from toolshed.errors import ConfigurationError, missing_extra


def encoder_named(name: str) -> DenseEncoder:
    """Make the encoder that ``KIND:MODEL`` names; its ``model_id`` is the name again.

    Args:
        name: ``sentence-transformers:MODEL`` with a model's name or folder, or ``openai:MODEL`` or
            ``openai:MODEL:DIMENSION``, which takes key and base URL from ``OPENAI_API_KEY`` and
            ``OPENAI_BASE_URL``.

    Raises:
        ConfigurationError: If there is no such kind, or the encoder cannot be made.
    """
    kind, _, model = name.partition(":")
    make = _KINDS.get(kind)
    if make is None or not model:
        known = ", ".join(f"{kind}:MODEL" for kind in _KINDS)
        raise ConfigurationError(f"unknown encoder {name!r}; write one of {known}")
    return make(model)


def _openai(model: str) -> DenseEncoder:
    try:
        from openai import OpenAI, OpenAIError
    except ImportError as error:
        raise missing_extra("openai", "openai") from error
    model, _, dimension = model.partition(":")
    if dimension and not dimension.isdigit():
        raise ConfigurationError(f"the dimension {dimension!r} is no number; write openai:MODEL:DIMENSION")
    try:
        client = OpenAI()
    except OpenAIError as error:
        raise ConfigurationError(f"the OpenAI client cannot be made: {error}") from error
    return OpenAIEncoder(model, client=client, dimension=int(dimension) if dimension else None)


def chat_named(name: str) -> ChatModel:
    """Make the chat model that ``KIND:MODEL`` names.

    Args:
        name: ``openai:MODEL`` for chat completions or ``openai-responses:MODEL``, which take key and base URL
            from ``OPENAI_API_KEY`` and ``OPENAI_BASE_URL``; ``prompts:FILE`` to write the prompts and ask
            nobody, ``replay:FILE`` for answers to them.

    Raises:
        ConfigurationError: If there is no such kind, or the model cannot be made.
    """
    kind, _, model = name.partition(":")
    if kind == "replay" and model:
        return ReplayedChat(model)
    if kind == "prompts" and model:
        return PromptFile(model, model_id="any")
    if kind not in ("openai", "openai-responses") or not model:
        raise ConfigurationError(
            f"unknown chat model {name!r}; write openai:MODEL, openai-responses:MODEL, prompts:FILE or "
            "replay:FILE"
        )
    try:
        from openai import AsyncOpenAI, OpenAIError
    except ImportError as error:
        raise missing_extra("openai", "openai") from error
    try:
        client = AsyncOpenAI()
    except OpenAIError as error:
        raise ConfigurationError(f"the OpenAI client cannot be made: {error}") from error
    # Whole batches are asked for: long replies, and as many at once as the commands allow.
    limits = CallLimits(seconds=300.0, n_at_once=64)
    return OpenAIChat(model, client=client, api="chat" if kind == "openai" else "responses", limits=limits)


_KINDS: dict[str, Callable[[str], DenseEncoder]] = {
    "sentence-transformers": SentenceTransformerEncoder,
    "openai": _openai,
}
