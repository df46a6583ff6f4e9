"""A knowledge base that another process has open: searched here, written there."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from toolshed.errors import KnowledgeBaseError
from toolshed.kept_arrays import KeptArrays
from toolshed.knowledge_base.asking import Asker
from toolshed.knowledge_base.edge_folder import MATRICES
from toolshed.knowledge_base.engine import Filter, Hit, Point, SchemaOf, VectorQuery
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.revisions import Revisions
from toolshed.knowledge_base.tools import StoredTool, ToolStore


class FollowingEngine:
    """One kind of record in a folder that another process has open.

    The arrays that are kept beside the engine are mapped here; all else is asked of that process.

    Args:
        asker: Asks the process that writes.
        asked: What each question begins with: whose knowledge base, and which records.
        folder: Where the engine is.
        schema: What the points are, by what they are written with.
        manifest: What they are to be written with; what is stored must agree.
        revisions: Counts what is written there.

    Raises:
        KnowledgeBaseMismatchError: If it was written with another encoder or schema.
        KnowledgeBaseError: If that process does not answer.
    """

    is_shared = False
    is_suspect = False

    def __init__(
        self,
        asker: Asker,
        asked: tuple[str, str],
        *,
        folder: Path,
        schema: SchemaOf,
        manifest: Manifest,
        revisions: Path,
    ) -> None:
        self.location, self._folder = str(folder), folder
        self._one, self._each = partial(asker.one, *asked), partial(asker.each, *asked)
        self.manifest = self._one("manifest").accept(manifest, location=self.location)
        self.schema = schema(self.manifest)
        # The process that writes has made it by now.
        self._revisions = Revisions(revisions, writes=False)

    @property
    def revision(self) -> int:
        return self._revisions.now

    def trust(self) -> None:
        return

    def upsert(self, points: Sequence[Point]) -> NoReturn:
        raise KnowledgeBaseError(f"{self.location!r} is written by another process; {len(points)} were not")

    def delete(self, point_ids: Sequence[str]) -> NoReturn:
        raise KnowledgeBaseError(f"{self.location!r} is written by another process; {len(point_ids)} stay")

    def retrieve(self, point_ids: Sequence[str], *, vectors: bool | Sequence[str] = True) -> list[Point]:
        return [*self._each("retrieve", [*point_ids], vectors)]

    def scroll(
        self, *, only: Filter | None = None, fields: Sequence[str] | None = None, vectors: bool = False
    ) -> Iterator[Point]:
        return self._each("scroll", only, fields, vectors)

    def query(
        self, queries: Sequence[VectorQuery], *, limit: int, only: Filter | None = None
    ) -> list[list[Hit]]:
        return [*self._each("query", [*queries], limit, only)]

    def count(self, only: Filter | None = None) -> int:
        return int(self._one("count", only))

    def kept(self) -> KeptArrays | None:
        version = self._one("kept")
        return KeptArrays(self._folder / MATRICES, version, is_read_only=True) if version else None

    def changed_since(self, revision: int) -> frozenset[str] | None:
        """See :meth:`ToolStore.changed_since`."""
        changed: frozenset[str] | None = self._one("changed", revision)
        return changed

    def close(self) -> None:
        """Nothing is held."""


class FollowingToolStore(ToolStore):
    """The tool documents of a knowledge base that another process writes."""

    def __init__(self, engine: FollowingEngine) -> None:
        super().__init__(engine)
        self._following = engine
        self._stored: tuple[int, Sequence[StoredTool]] = (-1, ())

    def changed_since(self, revision: int) -> frozenset[str] | None:
        """See :meth:`ToolStore.changed_since`."""
        return self._following.changed_since(revision)

    def stored_tools(self) -> Sequence[StoredTool]:
        """See :meth:`ToolStore.stored_tools`; read again when it has changed."""
        revision, stored = self._stored
        if revision != self.revision:
            revision = self.revision
            stored = self._read_table()
            self._stored = revision, stored
        return stored

    def close(self) -> None:
        """Keep nothing: the process that writes does."""


# Any: stores of every kind of record.
def answered(store: Any, verb: str, *given: Any) -> Iterator[Any]:
    """What the process that writes answers of a store to the others.

    Args:
        store: The store; see :class:`~toolshed.knowledge_base.store.Store`.
        verb: What is asked.
        given: By verb.
    """
    engine = store.engine
    match verb, given:
        case "manifest", ():
            yield engine.manifest
        case "kept", ():
            kept = store.kept()
            yield kept.version if kept else None
        case "changed", (revision,):
            yield store.changed_since(revision)
        case "retrieve", (point_ids, vectors):
            yield from engine.retrieve(point_ids, vectors=vectors)
        case "scroll", (only, fields, vectors):
            yield from engine.scroll(only=only, fields=fields, vectors=vectors)
        case "query", (queries, limit, only):
            yield from engine.query(queries, limit=limit, only=only)
        case "count", (only,):
            yield engine.count(only)
        case _:
            raise KnowledgeBaseError(f"{verb!r} is nothing that is asked of a store")
