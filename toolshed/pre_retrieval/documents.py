"""From a tool definition to a tool document: the texts that are indexed, before any encoder."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from toolshed.backbones.lexical import split_identifier
from toolshed.pre_retrieval.topics import key_topics
from toolshed.types import Enhancement, JsonObject, ToolDefinition

# Encoders see 256 tokens; what stands further down is reached by the key topics and by words.
_MAX_DESCRIPTION = 800
_MAX_QUESTION = 300
_MAX_ARGUED = 500
_MAX_SCHEMA_TEXT = 4_000
_MAX_SCHEMA_NODES = 500
_MAX_NAME = 512
_MAX_ARGUMENTS = 64
_MAX_SERVICE = 400
# Descriptions of fewer words, such as "Calls endpoint seven.", seldom say what for.
_TELLING_WORDS = 8
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\((?:https?://|/|#)[^()\s]{0,2000}\)")
_WORD_RUN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class ToolDocument:
    """The texts of a tool as they are indexed.

    Attributes:
        views: Sayings of what the tool does, whose vectors are averaged into one: its name, a
            statement and a rule-made hypothetical question. Averaging ranks better than the
            best-matching view (Re-Invoke, arXiv 2408.01875).
        described: Name and description, the view that says most.
        argued: Name and arguments; the name alone where there are none.
        topics: Key topics, each matched on its own: a tool of many uses is found by any of them.
            None when the description names a single one.
        summary: Name, description, arguments and results in one text, for static vectors.
        name: The name as words.
        fields: The fields of BM25, by the names of :data:`~toolshed.presets.TOOL_WORDS`.
        ngram_text: What character n-grams are made of.
    """

    views: tuple[str, ...]
    described: str
    argued: str
    topics: tuple[str, ...]
    summary: str
    name: str
    fields: Mapping[str, str]
    ngram_text: str


def build_tool_document(tool: ToolDefinition, enhancement: Enhancement | None = None) -> ToolDocument:
    """Write the document of a tool. No field that is missing leaves an empty slot behind.

    Args:
        tool: Its definition.
        enhancement: What was written of it besides. Its questions are views like the rule-made one, its
            topics key topics; all of it is words.
    """
    if enhancement is not None:
        return _enhanced(_plain(_described(tool, enhancement)), enhancement)
    return _plain(tool)


def _described(tool: ToolDefinition, enhancement: Enhancement) -> ToolDefinition:
    return replace(tool, description=enhancement.description) if enhancement.description else tool


def _enhanced(document: ToolDocument, enhancement: Enhancement) -> ToolDocument:
    questions = enhancement.hypothetical_questions
    topics = tuple(f"{document.name}: {topic}" for topic in enhancement.key_topics)
    about = " ".join([*enhancement.key_topics, enhancement.when_to_use])
    said = " ".join([about, *questions])
    return replace(
        document,
        views=document.views + questions,
        topics=tuple(dict.fromkeys(document.topics + topics)),
        summary=f"{document.summary} {said}",
        # As weighty as arguments: words that a user may say, and the tool does not.
        fields={**document.fields, "arguments": f"{document.fields['arguments']} {said}".strip()},
    )


def _plain(tool: ToolDefinition) -> ToolDocument:
    name = _shown_name(tool)
    said = _without_addresses(tool.description)
    description = said[:_MAX_DESCRIPTION].strip()
    argument_text = _arguments(tool.parameters)
    result_text = _arguments(tool.output_schema or {})
    topics = key_topics(said)
    path = str(tool.annotations.get("path", ""))
    service = _service(tool)
    return ToolDocument(
        views=tuple(_views(name, description, service)),
        described=f"{name}: {description}" if description else name,
        argued=f"{name}: {argument_text[:_MAX_ARGUED]}" if argument_text else name,
        topics=tuple(f"{name}: {topic}" for topic in topics) if len(topics) > 1 else (),
        summary=" ".join(filter(None, (f"{name}.", description, argument_text, result_text, service))),
        # Static vectors are moved towards it.
        name=name if _has_a_word(name) or not service else service,
        fields={
            "name": f"{tool.name} {tool.title} {path}" if tool.title else f"{tool.name} {path}",
            "description": tool.description,
            "arguments": argument_text,
            "results": " ".join(filter(None, (result_text, _service_text(tool)))),
        },
        ngram_text=f"{tool.name} {tool.description}",
    )


def _without_addresses(text: str) -> str:
    """A text whose Markdown links are their words: addresses say nothing of the use and fill the encoder."""
    return _LINK.sub(r"\1", text) if "](" in text else text


def readable_name(name: str) -> str:
    """``getHTTPResponse2`` and ``get_http_response_2`` as ``get http response 2``."""
    name = name[:_MAX_NAME]
    words = [word for run in _WORD_RUN.findall(name) for word in split_identifier(run) or [run]]
    return " ".join(words).lower() or name


def _shown_name(tool: ToolDefinition) -> str:
    """The name as words, after the title where that says something else."""
    name = readable_name(tool.name)
    title = " ".join(tool.title[:_MAX_NAME].split())
    if not title or readable_name(title) == name:
        return name
    return f"{title} ({name})"


def _service(tool: ToolDefinition) -> str:
    """What offers the tool and what that is for, where the tool says little of itself."""
    name = _shown_name(tool)
    is_described = len(tool.description.split()) >= _TELLING_WORDS
    # A description of an API speaks of all its thousand operations, a server's of its ten tools.
    is_one_of_many = (tool.binding or {}).get("kind") == "openapi"
    if _has_a_word(name) and (is_described or is_one_of_many):
        return ""
    return _service_text(tool)


def _service_text(tool: ToolDefinition) -> str:
    parts = (tool.service, tool.service_description[:_MAX_SERVICE])
    return ": ".join(" ".join(part.split()) for part in parts if part.strip())


def _views(name: str, description: str, service: str) -> Iterator[str]:
    if service:
        yield f"{service} {name}: {description}" if description else f"{service} {name}"
    if service and not _has_a_word(name):
        yield service
        return
    yield name
    if description:
        yield f"{name}: {description}"
        yield f"I want to {_as_clause(description[:_MAX_QUESTION])}."
    else:
        yield f"I want to {name}."


def _has_a_word(name: str) -> bool:
    """Whether a name says anything; ``q 7`` does not."""
    return any(len(run) > 2 for run in _WORD_RUN.findall(name))


def _as_clause(sentence: str) -> str:
    """``Retrieve the slope.`` as ``retrieve the slope``; acronyms keep their capitals."""
    is_acronym = sentence[1:2].isupper()
    return (sentence if is_acronym else sentence[:1].lower() + sentence[1:]).rstrip(".!?。 ")


def _arguments(schema: JsonObject) -> str:
    """Readable names, descriptions and choices of the arguments, nested ones after their parent."""
    return " ".join(islice(_described_arguments(schema), _MAX_ARGUMENTS))[:_MAX_SCHEMA_TEXT]


def _described_arguments(root: JsonObject) -> Iterator[str]:
    """Walk a schema depth first; each definition it refers to is described once."""
    pending: list[tuple[str, Any]] = [("", root)]
    expanded: set[str] = set()
    for _ in range(_MAX_SCHEMA_NODES):
        if not pending:
            return
        name, value = pending.pop()
        schema = value if isinstance(value, dict) else {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            schema = {} if reference in expanded else {**_definition(reference, root), **schema}
            expanded.add(reference)
        if name:
            yield f"{name} {_argument_text(schema)}".strip()
        pending.extend(reversed([*islice(_children(schema), _MAX_ARGUMENTS)]))


def _definition(reference: str, root: JsonObject) -> JsonObject:
    """What a reference inside the document stands for; nothing when it leads elsewhere."""
    found: Any = root
    for key in reference.removeprefix("#/").split("/"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _children(schema: JsonObject) -> Iterator[tuple[str, Any]]:
    properties = schema.get("properties")
    for name, value in properties.items() if isinstance(properties, dict) else ():
        yield readable_name(str(name)), value
    if "items" in schema:
        yield "", schema["items"]
    for key in ("allOf", "anyOf", "oneOf"):
        variants = schema.get(key)
        for variant in variants if isinstance(variants, list) else ():
            yield "", variant


def _argument_text(schema: JsonObject) -> str:
    description = schema.get("description")
    choices = schema.get("enum")
    texts = [description] if isinstance(description, str) else []
    if isinstance(choices, list):
        texts.extend(readable_name(choice) for choice in choices[:12] if isinstance(choice, str))
    return " ".join(texts)
