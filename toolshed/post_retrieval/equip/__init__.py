"""Equip an agent: the tools in the form its framework or provider takes.

Every export starts from one normal form (:mod:`normal_schema`) and writes it in the provider's dialect.
"""

from toolshed.post_retrieval.equip.anthropic import to_anthropic
from toolshed.post_retrieval.equip.bedrock import to_bedrock
from toolshed.post_retrieval.equip.exported_tool import Exportable, original_arguments
from toolshed.post_retrieval.equip.gemini import to_gemini
from toolshed.post_retrieval.equip.langchain import to_langchain
from toolshed.post_retrieval.equip.mcp import to_mcp
from toolshed.post_retrieval.equip.names import provider_names
from toolshed.post_retrieval.equip.openai import to_openai, to_openai_responses

__all__ = [
    "Exportable",
    "original_arguments",
    "provider_names",
    "to_anthropic",
    "to_bedrock",
    "to_gemini",
    "to_langchain",
    "to_mcp",
    "to_openai",
    "to_openai_responses",
]
