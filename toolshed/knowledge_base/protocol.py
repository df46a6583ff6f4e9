"""What a knowledge base stores and what it must be able to do."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np

from toolshed.errors import KnowledgeBaseMismatchError
from toolshed.types import ToolDefinition
from toolshed.vectors import SparseVector, Vectors

# Raise when stored vectors or texts change meaning: older knowledge bases are then refused.
SCHEMA_VERSION = 1
_NAMESPACE = uuid.UUID("6f0a4dc4-5c5f-5f0e-9d39-3a1f6a1c6f55")

Channel = str
MULTI_VECTOR_CHANNELS = frozenset({"topics", "static_topics"})


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """A tool document: the definition and its vectors.

    Attributes:
        definition: The tool as its source gave it.
        static: float32 ``[static_dimension]``, of the whole document.
        static_topics: float32 ``[n_topics, static_dimension]``, one row per key topic; none for a
            tool of a single topic, which its document already says.
        words: BM25 term weights; the inverse document frequency is applied when searching.
        ngrams: Character n-gram weights, likewise.
        dense: float32 ``[dimension]``, or None in a knowledge base without a dense encoder.
        topics: float32 ``[n_topics, dimension]`` likewise.
    """

    definition: ToolDefinition
    static: Vectors
    static_topics: Vectors
    words: SparseVector
    ngrams: SparseVector
    dense: Vectors | None = None
    topics: Vectors | None = None

    @property
    def tool_id(self) -> str:
        """Id of the tool."""
        return self.definition.tool_id


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a knowledge base was written with. All of it must agree before anything is read.

    Attributes:
        encoder: ``model_id`` of the dense encoder, or None when it holds static vectors only.
        dimension: Length of a dense vector; 0 without an encoder.
        static_encoder: ``model_id`` of the static encoder.
        static_dimension: Length of a static vector.
        schema_version: :data:`SCHEMA_VERSION` of the release that wrote it.
    """

    encoder: str | None
    dimension: int
    static_encoder: str
    static_dimension: int
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> dict[str, object]:
        """The manifest as a JSON object."""
        return asdict(self)

    def accept(self, wanted: "Manifest", *, location: str) -> "Manifest":
        """Return this stored manifest if it serves what is ``wanted``.

        A pipeline that wants no dense encoder can read a knowledge base that has one.

        Raises:
            KnowledgeBaseMismatchError: Naming every field that differs.
        """
        stored, expected = self.to_json(), wanted.to_json()
        ignored = {"encoder", "dimension"} if wanted.encoder is None else set()
        differing = [key for key in expected.keys() - ignored if stored[key] != expected[key]]
        if differing:
            detail = ", ".join(
                f"{key} {stored[key]!r} instead of {expected[key]!r}" for key in sorted(differing)
            )
            raise KnowledgeBaseMismatchError(
                f"the knowledge base {location!r} was written with {detail}; open it with the encoder "
                "and pipeline that wrote it, or index the tools into a new location"
            )
        return self


@dataclass(frozen=True, slots=True)
class StoredTool:
    """Identity and content hash of a stored tool: all that a sync needs to read."""

    tool_id: str
    source: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class ChannelQuery:
    """One nearest-neighbour query on one channel."""

    channel: Channel
    vector: Vectors | SparseVector


@dataclass(frozen=True, slots=True)
class Hit:
    """A tool and its similarity on the queried channel; sparse channels include the IDF."""

    tool_id: str
    score: float


class KnowledgeBase(Protocol):
    """Stores tool documents and finds the nearest of them, channel by channel.

    Implementations are safe to call from several threads. Every write is durable when the method
    returns, and one tool is always written whole or not at all.
    """

    @property
    def location(self) -> str:
        """Where it is, for messages."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write to it while it is open."""

    @property
    def manifest(self) -> Manifest:
        """What it was written with."""

    @property
    def revision(self) -> int:
        """Grows with every write of this process; readers reload when it does."""

    def upsert(self, records: Sequence[ToolRecord]) -> None:
        """Insert records, replacing those of the same tool id."""

    def delete(self, tool_ids: Sequence[str]) -> None:
        """Remove tools; ids that are not there are passed over."""

    def stored_tools(self) -> list[StoredTool]:
        """Every tool's identity and content hash, ordered by tool id."""

    def fetch(self, tool_ids: Sequence[str]) -> list[ToolRecord]:
        """The records of these ids, in this order; ids that are not there are left out."""

    def scan(self) -> Iterator[ToolRecord]:
        """Every record, in no particular order."""

    def search(self, queries: Sequence[ChannelQuery], *, limit: int) -> list[list[Hit]]:
        """The ``limit`` nearest tools for each query, best first; ties ordered by tool id."""

    def count(self) -> int:
        """How many tools there are."""

    def close(self) -> None:
        """Release files and connections; calling it again does nothing."""


def point_id(tool_id: str) -> str:
    """The id a tool has inside Qdrant: uuid5, so that writing twice writes once."""
    return str(uuid.uuid5(_NAMESPACE, tool_id))


def ordered_hits(hits: list[Hit]) -> list[Hit]:
    """Best first, ties by tool id, so equal stores give equal answers."""
    return sorted(hits, key=lambda hit: (-hit.score, hit.tool_id))


def check_records(records: Sequence[ToolRecord], manifest: Manifest) -> None:
    """Refuse vectors that the store would accept and never find again.

    Raises:
        KnowledgeBaseMismatchError: If a vector is missing, of another length, or not finite.
    """
    for record in records:
        expected = {
            name: (getattr(record, name), manifest.static_dimension) for name in ("static", "static_topics")
        }
        if manifest.encoder is not None:
            expected["dense"] = (_present(record.dense, record), manifest.dimension)
            expected["topics"] = (_present(record.topics, record), manifest.dimension)
        for name, (vector, dimension) in expected.items():
            if vector.shape[-1] != dimension:
                raise KnowledgeBaseMismatchError(
                    f"tool {record.tool_id!r}: the {name} vector has shape {vector.shape}, "
                    f"the knowledge base expects length {dimension}; nothing was written"
                )
            if not np.isfinite(vector).all():
                raise KnowledgeBaseMismatchError(
                    f"tool {record.tool_id!r}: the {name} vector holds NaN or infinity; nothing was written"
                )


def _present(vector: Vectors | None, record: ToolRecord) -> Vectors:
    if vector is None:
        raise KnowledgeBaseMismatchError(
            f"tool {record.tool_id!r} has no dense vector, but the knowledge base was made with a dense "
            "encoder; nothing was written. Index with the pipeline that made it"
        )
    return vector
