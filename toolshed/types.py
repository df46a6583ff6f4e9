"""The nouns of indexing: tool definitions as given, and what a sync changed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

# Start and end of a stretch of text.
Span = tuple[int, int]
# A JSON value as it came from outside: its shape is only known to whoever wrote it.
JsonObject = Mapping[str, Any]

EMPTY_SCHEMA: JsonObject = {"type": "object", "properties": {}}

_ALWAYS_WRITTEN = (
    "name",
    "description",
    "parameters",
    "source",
    "tags",
    "output_schema",
    "annotations",
    "key",
)
_GIVEN_BY_INDEXER = ("location", "exported_name")
_SAID_BY_SOURCE = ("title", "service", "service_description", "binding", "extras")
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


@dataclass(frozen=True)
class ToolDefinition:
    """A tool as its source defines it.

    Attributes:
        name: The name the tool is called by, as the source spells it.
        description: What the tool does, for the model; may be empty.
        parameters: JSON Schema of the arguments, ``{"type": "object", "properties": ...}``.
        source: Where it comes from: a file, a server, a module. First half of ``tool_id``.
        tags: Categories given by the source.
        output_schema: JSON Schema of the result, where the source states one.
        annotations: Hints of the source, such as MCP's ``readOnlyHint``.
        key: What tells the tool from the others of its source, where that is not its name.
        title: Its name for people, where the source gives one beside the name.
        service: What offers it, for people: a server's title or name, the title of an OpenAPI document.
        service_description: What that is for: a server's instructions, the description of a document.
        binding: How it is called: ``{"kind": "openapi" | "mcp" | "python" | "skill", ...}``; None where the
            source does not say. Holds names of credentials, never a credential.
        extras: What the source says besides, verbatim: ``icons``, ``_meta``, ``strict``; of a skill its
            ``instructions``.
        location: Where its source was read from; given by the indexer, and no part of what the tool is.
        exported_name: What providers call it, one name a tool and knowledge base; given by the indexer.
    """

    name: str
    description: str = ""
    parameters: JsonObject = field(default_factory=lambda: dict(EMPTY_SCHEMA))
    source: str = "tools"
    tags: tuple[str, ...] = ()
    output_schema: JsonObject | None = None
    annotations: JsonObject = field(default_factory=dict)
    key: str = ""
    title: str = ""
    service: str = ""
    service_description: str = ""
    binding: JsonObject | None = None
    extras: JsonObject = field(default_factory=dict)
    location: str = field(default="", compare=False)
    exported_name: str = field(default="", compare=False)

    @property
    def tool_id(self) -> str:
        """``source:name``, or ``source:key``; a source holds no colon, so the first one separates."""
        return f"{self.source}:{self.key or self.name}"

    @property
    def kind(self) -> Literal["tool", "skill"]:
        """Whether it is called, or a skill: instructions that an agent follows."""
        return "skill" if (self.binding or {}).get("kind") == "skill" else "tool"

    @property
    def instructions(self) -> str:
        """What a skill tells an agent to do; empty of tools."""
        said = self.extras.get("instructions") if self.kind == "skill" else None
        return said if isinstance(said, str) else ""

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of everything the definition says; equal definitions hash equally."""
        written = _canonical(self._written(_SAID_BY_SOURCE))
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()

    def located(self, location: str) -> "ToolDefinition":
        """The same definition, read elsewhere; a hash that was made stays, which the place is no part of."""
        if self.location == location:
            return self
        moved = object.__new__(type(self))
        vars(moved).update(vars(self), location=location)
        return moved

    def to_json(self) -> dict[str, Any]:
        """The definition as a JSON object; :meth:`from_json` reads it back."""
        return self._written((*_SAID_BY_SOURCE, *_GIVEN_BY_INDEXER))

    def _written(self, if_said: Sequence[str]) -> dict[str, Any]:
        own = vars(self)
        said = {name: own[name] for name in _ALWAYS_WRITTEN}
        # What came later stands there only where it says something: older definitions keep their hashes.
        for name in if_said:
            if value := own[name]:
                said[name] = value
        said["tags"] = list(self.tags)
        return said

    @classmethod
    def from_json(cls, value: JsonObject) -> "ToolDefinition":
        """Read what :meth:`to_json` wrote."""
        return cls(**{**value, "tags": tuple(value["tags"])})


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What indexing changed.

    Attributes:
        added: Ids of tools that were not there before.
        changed: Ids of tools whose definition differs from the one stored.
        removed: Ids of tools their source no longer has.
        unchanged: How many tools needed no work.
        n_embedded: Texts that were sent through an encoder; 0 when nothing is new.
        invalid: Reasons for the entries that were left out.
        failed: Reasons for the sources that could not be read; what is stored of them stays.
        warnings: What is worth knowing though nothing is missing: tools of one name that were told apart,
            tools that were kept.
        unbooked: Why calls are not in the ledger, where they should be.
        quarantined: Ids of tools of which a new definition is held back; what was there before serves on.
    """

    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    removed: Sequence[str] = ()
    unchanged: int = 0
    n_embedded: int = 0
    invalid: Sequence[str] = ()
    unbooked: Sequence[str] = ()
    failed: Sequence[str] = ()
    warnings: Sequence[str] = ()
    quarantined: Sequence[str] = ()

    @property
    def is_complete(self) -> bool:
        """Whether everything that was given is in the knowledge base."""
        return not (self.invalid or self.failed)


@dataclass(frozen=True, slots=True)
class IndexedSource:
    """A source of tools in a knowledge base.

    Attributes:
        name: First half of its tools' ids.
        locations: Where it was read; more than one only where older releases mixed them, none where they
            did not record it.
        n_tools: How many tools of it are stored.
    """

    name: str
    locations: Sequence[str]
    n_tools: int


@dataclass(frozen=True, slots=True)
class Enhancement:
    """What a language model, or a person, wrote of a tool so that it is found.

    Attributes:
        tool: Id of the tool, or its name alone.
        tool_hash: Hash of the definition it was written for; empty where it holds for any.
        hypothetical_questions: Requests that the tool serves, in users' words (Re-Invoke, arXiv 2408.01875;
            Toolshed, arXiv 2410.14594, section 3.1).
        key_topics: Themes and intents, a few words each.
        when_to_use: When it is the right tool, in a sentence.
        when_not_to_use: When another one is; kept for readers, and never searched.
        description: A better description, where the source's is poor; it is searched and never exported.
        model: Who wrote it.
        prompt_version: Which prompt it answers.
    """

    tool: str
    tool_hash: str = ""
    hypothetical_questions: tuple[str, ...] = ()
    key_topics: tuple[str, ...] = ()
    when_to_use: str = ""
    when_not_to_use: str = ""
    description: str = ""
    model: str = ""
    prompt_version: int = 0

    @property
    def text_hash(self) -> str:
        """SHA-256 of what is searched; who wrote it and when does not matter."""
        said = [self.hypothetical_questions, self.key_topics, self.when_to_use, self.description]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The enhancement as a JSON object; :meth:`from_json` reads it back."""
        return {
            **asdict(self),
            "hypothetical_questions": list(self.hypothetical_questions),
            "key_topics": list(self.key_topics),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> "Enhancement":
        """Read what :meth:`to_json` wrote."""
        lists = {name: tuple(value.get(name, ())) for name in ("hypothetical_questions", "key_topics")}
        return cls(**{**value, **lists})
