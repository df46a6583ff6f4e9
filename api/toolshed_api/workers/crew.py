"""The processes of one service, and where they meet: a folder of the run that only their user may enter."""

from dataclasses import dataclass
from pathlib import Path

from toolshed.shared_numbers import SharedNumbers
from toolshed.shed.sharing import Sharing

WRITER = "writer"


@dataclass(frozen=True, slots=True)
class Crew:
    """One process among those of a service.

    Attributes:
        folder: Of the run.
        name: This process: ``writer``, or ``search-0`` and so on.
        n_searching: How many processes answer searches beside the one that writes.
    """

    folder: Path
    name: str
    n_searching: int

    @property
    def writes(self) -> bool:
        """Whether this is the process that writes."""
        return self.name == WRITER

    @property
    def sharing(self) -> Sharing:
        """How the process shares the knowledge base with the others."""
        return Sharing(self.folder, self.name, WRITER)

    @property
    def place(self) -> int:
        """Its place among those that search."""
        return int(self.name.rpartition("-")[2])

    @property
    def address(self) -> Path:
        """Where the process that writes answers HTTP."""
        return self.folder / "writer.http"

    @property
    def rates_file(self) -> Path:
        """Where requests are counted, those of all processes together."""
        return self.folder / "rates.db"

    @property
    def changes(self) -> SharedNumbers:
        """How often the process that writes changed who may do what."""
        return SharedNumbers(self.folder / "changes")

    @property
    def running(self) -> SharedNumbers:
        """How many searches each of the processes that search has to do."""
        return SharedNumbers(self.folder / "running", self.n_searching)

    @property
    def ended(self) -> SharedNumbers:
        """How many connections each of the processes that search has ended."""
        return SharedNumbers(self.folder / "ended", self.n_searching)
