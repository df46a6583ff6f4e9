"""Several processes over one knowledge base: one writes, the others search beside it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolshed.errors import KnowledgeBaseError
from toolshed.knowledge_base.asking import Answerer, Asker
from toolshed.knowledge_base.following import FollowingEngine, answered
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.revisions import Revisions
from toolshed.knowledge_base.store import Layout

if TYPE_CHECKING:
    from toolshed.shed.shed import Toolshed


@dataclass(frozen=True, slots=True)
class Sharing:
    """One of the processes that share a knowledge base.

    Attributes:
        folder: Of this run, which only the user of the processes may enter.
        name: This process.
        writer: The process that writes.
    """

    folder: Path
    name: str
    writer: str

    @property
    def writes(self) -> bool:
        """Whether this is the one that writes."""
        return self.name == self.writer

    @property
    def asker(self) -> Asker:
        """Asks the process that writes."""
        return Asker(_socket(self.folder, self.writer))

    def revisions_file(self, tenant: str, kind: str) -> Path:
        """Where it is counted how often records of a kind were written."""
        return self.folder / f"{tenant}.{kind}.revision"

    def revisions(self, tenant: str, kind: str) -> Revisions:
        """Counts writes of a kind of record, here or there."""
        if not self.writes:
            # It counts from when it has opened them.
            self.asker.one(tenant, kind, "manifest")
        return Revisions(self.revisions_file(tenant, kind), writes=self.writes)

    def following(self, tenant: str, layout: Layout, folder: Path, manifest: Manifest) -> FollowingEngine:
        """Records of a kind in a folder that the process that writes has open."""
        return FollowingEngine(
            self.asker,
            (tenant, layout.name),
            folder=folder,
            schema=layout.schema,
            manifest=manifest,
            revisions=self.revisions_file(tenant, layout.name),
        )

    def pending(self, tenant: str, query_id: str) -> Any:
        """A search that another of the processes has answered; None where none has.

        Any: between :class:`~toolshed.shed.usage_library.UsageLibrary` of there and of here.
        """
        own = _socket(self.folder, self.name)
        for socket in sorted(self.folder.glob("*.ask")):
            # One that is just being started again has answered none.
            with suppress(KnowledgeBaseError):
                if socket != own and (found := Asker(socket).one(tenant, "searches", query_id)):
                    return found
        return None

    def answering(self, shed_of: "Callable[[str], Toolshed]") -> Answerer:
        """Answer the other processes.

        Args:
            shed_of: The knowledge base of a tenant.
        """

        def answer(tenant: str, kind: str, *asked: Any) -> Iterator[Any]:
            shed = shed_of(tenant)
            match kind:
                case "searches":
                    yield shed.usage.pending(*asked)
                case "tools":
                    if asked == ("kept",):
                        shed.tools.keep()
                    yield from answered(shed.knowledge_base, *asked)
                case "passages":
                    yield from answered(shed.passages.store, *asked)
                case "examples":
                    yield from answered(shed.usage.store, *asked)
                case "tuned":
                    yield from answered(shed.tuning.store, *asked)
                case _:
                    raise KnowledgeBaseError(f"{kind!r} is no kind of record that processes share")

        return Answerer(_socket(self.folder, self.name), answer)


def _socket(folder: Path, name: str) -> Path:
    return folder / f"{name}.ask"
