"""The old place of :mod:`toolshed.metering`, for code that was written before it moved."""

from toolshed.metering.provider_usage import usage_from_langchain, usage_from_openai, usage_from_provider
from toolshed.metering.usage import Usage, estimated_tokens, estimated_usage

__all__ = [
    "Usage",
    "estimated_tokens",
    "estimated_usage",
    "usage_from_langchain",
    "usage_from_openai",
    "usage_from_provider",
]
