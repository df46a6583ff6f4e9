"""Where a knowledge base is: the one place that tells ``memory:``, a folder and a URL apart."""

from dataclasses import dataclass
from pathlib import Path

from toolshed.errors import ConfigurationError

_MEMORY = "memory:"
_SCHEMES = ("http://", "https://")
STATE_FILE = "state.db"
# Folder with the knowledge bases of the other tenants, inside the default one's.
TENANTS = "tenants"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a knowledge base is.

    Attributes:
        text: As it was given: ``memory:``, a folder, or ``http(s)://`` of a Qdrant server.
    """

    text: str

    @classmethod
    def of(cls, given: "str | Path | Location") -> "Location":
        """Read a location.

        Raises:
            ConfigurationError: If it is empty, or a URL of another kind.
        """
        text = given.text if isinstance(given, Location) else str(given)
        if text == f":{_MEMORY}":
            raise ConfigurationError(
                f"the location {text!r} is written {_MEMORY!r} here, or './{text}' if a folder"
            )
        scheme, separator, _ = text.partition("://")
        if not text.strip() or (separator and not text.startswith(_SCHEMES)):
            what = f"a location {scheme}:// is not known" if separator else "the location is empty"
            raise ConfigurationError(f"{what}; give a folder, http(s)://HOST:6333, or memory:")
        return cls(text)

    @property
    def is_memory(self) -> bool:
        """Whether it is gone when the process ends."""
        return self.text == _MEMORY

    @property
    def is_server(self) -> bool:
        """Whether it is a Qdrant server."""
        return self.text.startswith(_SCHEMES)

    @property
    def folder(self) -> Path | None:
        """The folder of an embedded knowledge base; None for the others."""
        return None if self.is_memory or self.is_server else Path(self.text)

    def holds(self, kind: str = "") -> bool:
        """Whether anything was ever stored; of a kind with a folder of its own, such as ``passages``.

        Only a folder can be looked into without opening it: the others always may.
        """
        return self.folder is None or (self.folder / kind / "manifest.json").exists()

    def ledger(self, given: str | Path | None = None) -> str:
        """Where costs are booked: what was given, or beside the knowledge base.

        Raises:
            ConfigurationError: If it is a server, which keeps no books, and nothing was given.
        """
        if given is not None:
            return str(given)
        if self.is_server:
            raise ConfigurationError(
                f"where shall costs be booked? A Qdrant server ({self.text!r}) keeps no ledger; give one "
                "(ledger=, --ledger): a file, or a URL such as postgresql+psycopg://user@host/name"
            )
        return _MEMORY if self.folder is None else str(self.folder / "ledger.db")

    def state(self, given: str | None = None, *, ledger: str | None = None) -> str:
        """Where a service keeps its keys, grants, jobs and audit log.

        Args:
            given: What was asked for.
            ledger: Where costs are booked. A database server keeps both.

        Returns:
            What was given; the ledger's server; ``state.db`` beside an embedded knowledge base, or beside a
            ledger that is a file. Where there is none of them it is ``memory:``, gone with the process.
        """
        if given is not None:
            return given
        if ledger is not None and "://" in ledger and not ledger.startswith("sqlite"):
            return ledger
        if self.folder is not None:
            return str(self.folder / STATE_FILE)
        if ledger is None or "://" in ledger or ledger == _MEMORY:
            return _MEMORY
        return str(Path(ledger).with_name(STATE_FILE))


def emptied(database: str, noun: str) -> list[str]:
    """What is to be told of the file of a database that holds nothing: opening it makes it a new one."""
    file = Path(database)
    if "://" in database or not file.is_file() or file.stat().st_size:
        return []
    return [
        f"the {noun} {database!r} is empty; restore it from a backup, or remove it if it never held anything"
    ]
