"""Names of models as clouds, gateways and frameworks write them, as provider and model of a price list."""

import re
from collections.abc import Iterator

# What others call the providers of the public list. Sources: LiteLLM's provider prefixes, LangChain's
# init_chat_model, Pydantic AI.
_PROVIDERS = {
    "amazon_bedrock": "aws",
    "azure_ai": "azure",
    "azure_openai": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "google-gla": "google",
    "google-vertex": "google",
    "google_anthropic_vertex": "google",
    "google_genai": "google",
    "google_vertexai": "google",
    "mistralai": "mistral",
    "models": "google",
    "moonshot": "moonshotai",
    "publishers": "google",
    "projects": "google",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "vertex_ai": "google",
    "vertex_ai_beta": "google",
    "voyage": "voyageai",
    "xai": "x-ai",
    "z-ai": "zai",
}
# Ids of Bedrock: an optional region or profile, the vendor, the model.
_BEDROCK = re.compile(
    r"(?:(?:us|eu|ap|apac|au|ca|jp|sa|us-gov|global|regional)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshotai|moonshot|nvidia|openai|qwen"
    r"|stability|twelvelabs|writer|zai)\.[a-z]"
)
_MAX_NAME = 300


def price_names(name: str, known: frozenset[str]) -> Iterator[tuple[str | None, str]]:
    """Provider, None where any will do, and model to look for; the surest reading first.

    Args:
        name: As it is written: ``MODEL``, ``PROVIDER:MODEL``, ``azure/gpt-4o``, an id or ARN of Bedrock,
            ``ft:gpt-4o-mini-2024-07-18:acme::1``.
        known: Ids of the providers of the list.
    """
    name = name.strip()[:_MAX_NAME]
    if name.startswith("arn:"):
        # arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-...
        yield "aws", name.rpartition("/")[2]
        return
    if name.startswith("ft:"):
        yield "openai", ":".join(name.split(":")[:2])
        return
    provider, rest = _split(name, known)
    if provider is not None:
        for model in _models(provider, rest):
            yield provider, model
    if _BEDROCK.match(name):
        yield "aws", name
    yield None, name
    if "/" in name:
        yield "openrouter", name


def _split(name: str, known: frozenset[str]) -> tuple[str | None, str]:
    """The provider that a name begins with, before a colon or slash, and what follows."""
    for mark in (":", "/"):
        prefix, found, rest = name.partition(mark)
        provider = prefix.lower() if prefix.lower() in known else _PROVIDERS.get(prefix.lower())
        if found and rest and provider is not None:
            return provider, rest
    return None, name


def _models(provider: str, rest: str) -> Iterator[str]:
    yield rest
    last = rest.rpartition("/")[2]
    if last == rest:
        return
    if provider == "openrouter":
        return
    # bedrock/us-west-2/..., azure/eu/..., publishers/google/models/...: regions and folders go before.
    if provider in ("aws", "azure", "google") or rest.startswith("models/"):
        yield last
