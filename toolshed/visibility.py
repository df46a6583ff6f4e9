"""What a caller may find: the tools that were granted to him, and nothing that tells of others."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visibility:
    """The tools that may be found: those of some sources, and some besides.

    What is not among them is never scored, counted or named, and has no part in document frequencies.

    Attributes:
        sources: Sources all of whose tools may be found; None stands for every source.
        tool_ids: Tools that may be found whatever their source.
    """

    sources: frozenset[str] | None = None
    tool_ids: frozenset[str] = frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.sources is None

    def shows(self, tool_id: str, source: str) -> bool:
        """Whether a tool may be found."""
        return self.sources is None or source in self.sources or tool_id in self.tool_ids

    def within(self, sources: Iterable[str] | None) -> "Visibility":
        """Only what is of these sources; None stands for every source."""
        if sources is None:
            return self
        wanted = frozenset(sources)
        if self.sources is None:
            return Visibility(wanted)
        # A source holds no colon, so that the first one of an id separates.
        own = frozenset(tool_id for tool_id in self.tool_ids if tool_id.partition(":")[0] in wanted)
        return Visibility(self.sources & wanted, own)


EVERYTHING = Visibility()
