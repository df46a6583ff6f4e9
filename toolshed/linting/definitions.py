"""What single definitions lack, and what providers refuse of them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from toolshed.backbones.lexical import terms
from toolshed.knowledge_base.exported_names import legal_name
from toolshed.linting.findings import Finding
from toolshed.metering.token_counts import token_counter
from toolshed.post_retrieval.equip.argument_keys import DOTTED_KEYS, PLAIN_KEYS
from toolshed.post_retrieval.equip.shortening import n_tokens, whole
from toolshed.types import ToolDefinition

# What each provider takes for the name of a tool.
_NAMES: Mapping[str, re.Pattern[str]] = {
    "OpenAI, Anthropic, Bedrock": re.compile(r"[a-zA-Z0-9_-]{1,64}"),
    "Gemini": re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}"),
    "MCP": re.compile(r"[a-zA-Z0-9._-]{1,128}"),
}
_KEYS = {"Anthropic, Bedrock, Gemini": DOTTED_KEYS, "Gemini": PLAIN_KEYS}
_AT_THE_TOP = ("oneOf", "anyOf", "allOf", "not", "enum")
_FEWEST_TERMS = 3
_MAX_NAMED = 5


def definition_findings(tools: Sequence[ToolDefinition], *, max_tokens: int) -> Iterator[Finding]:
    """The findings on each definition by itself, and on names that several have."""
    for tool in tools:
        yield from _of_description(tool)
        yield from _of_arguments(tool)
        yield from _of_name(tool)
        yield from _of_schema(tool)
        yield from _of_size(tool, max_tokens)
    yield from _colliding(tools)


def _of_description(tool: ToolDefinition) -> Iterator[Finding]:
    if not tool.description:
        yield Finding("no-description", tool.tool_id, "it has no description; say what it does and for what")
        return
    said = set(terms(tool.description))
    new = said - set(terms(tool.name))
    if not new or len(said) < _FEWEST_TERMS:
        yield Finding(
            "thin-description",
            tool.tool_id,
            f"{tool.description[:80]!r} says hardly more than the name; say what it does, to what, and when "
            "to use it",
        )


def _of_arguments(tool: ToolDefinition) -> Iterator[Finding]:
    properties = tool.parameters.get("properties")
    if not isinstance(properties, dict):
        return
    bare = [name for name, value in properties.items() if not _is_described(value)]
    if bare:
        yield Finding(
            "undescribed-arguments",
            tool.tool_id,
            f"{len(bare)} of {len(properties)} arguments have no description: {_listed(bare)}",
        )
    for providers, legal in _KEYS.items():
        refused = [name for name in properties if not legal.fullmatch(str(name))]
        if refused:
            yield Finding(
                "refused-arguments",
                tool.tool_id,
                f"refused by {providers}: {_listed(refused)}; exports rename them and lead back",
            )
            # What the first ones refuse, Gemini does too.
            break


def _is_described(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return any(isinstance(value.get(key), str) and value[key].strip() for key in ("description", "$ref"))


def _of_name(tool: ToolDefinition) -> Iterator[Finding]:
    refusing = [providers for providers, legal in _NAMES.items() if not legal.fullmatch(tool.name)]
    if refusing:
        yield Finding(
            "illegal-name",
            tool.tool_id,
            f"{tool.name[:80]!r} is refused by {', '.join(refusing)}; exported as "
            f"{tool.exported_name or legal_name(tool.name)!r}",
        )


def _of_schema(tool: ToolDefinition) -> Iterator[Finding]:
    branches = [name for name in _AT_THE_TOP if name in tool.parameters]
    if branches:
        yield Finding(
            "refused-schema",
            tool.tool_id,
            f"OpenAI and Anthropic refuse {' and '.join(branches)} at the top; exports give all arguments of "
            "all branches",
        )
    try:
        Draft202012Validator.check_schema(dict(tool.parameters))
    except SchemaError as error:
        place = "/".join(str(step) for step in error.absolute_path) or "the top"
        yield Finding(
            "refused-schema",
            tool.tool_id,
            f"the schema is no JSON Schema 2020-12, at {place[:200]}: {error.message[:200]}",
        )


def _of_size(tool: ToolDefinition, max_tokens: int) -> Iterator[Finding]:
    counter = token_counter()
    size = n_tokens(whole(tool), counter)
    if size > max_tokens:
        yield Finding(
            "huge-definition",
            tool.tool_id,
            f"it takes {size:,} tokens ({counter.name}), more than {max_tokens:,}; shorten its descriptions, "
            "or search with max_tokens",
        )


def _colliding(tools: Sequence[ToolDefinition]) -> Iterator[Finding]:
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for tool in tools:
        by_name[legal_name(tool.name)].append(tool.tool_id)
    for name, tool_ids in by_name.items():
        if len(tool_ids) > 1:
            first, *others = sorted(tool_ids)
            yield Finding(
                "colliding-names",
                first,
                f"{len(tool_ids)} tools are called {name!r} to providers, and get other names: "
                f"{_listed([first, *others])}",
                others,
            )


def _listed(names: Sequence[Any]) -> str:
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(str(name)[:80] for name in names[:_MAX_NAMED]) + more
