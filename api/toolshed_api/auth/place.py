"""The state that a command works on."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toolshed.errors import ConfigurationError

if TYPE_CHECKING:
    from toolshed.state.database import Database
    from toolshed_api.audit.trail import Note
    from toolshed_api.auth.keys import Keys

Command = TypeVar("Command", bound=Callable[..., Any])
# Who did it, as the audit log of the service calls commands on its machine.
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the state is.

    Attributes:
        kb: The knowledge base that it lies beside, unless it is named.
        state: A file or a SQLAlchemy URL.
    """

    kb: str | None
    state: str | None

    @contextmanager
    def opened(self) -> "Iterator[Database]":
        """The database; a service that is running sees what is changed in it within a second."""
        from toolshed_api.state import open_state

        location = self._location()
        if location == "memory:":
            raise ConfigurationError(
                "where are the keys kept? This knowledge base has no folder: give --state, a file or a URL "
                "such as postgresql+psycopg://user@host/name, as the service has it"
            )
        database = open_state(location)
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def keys(self) -> "Iterator[tuple[Keys, Database]]":
        """The keys in the database, with the pepper that they are stored with, and the database."""
        from toolshed.settings import read_settings
        from toolshed_api.auth.keys import Keys
        from toolshed_api.auth.pepper import find_pepper

        with self.opened() as database:
            keys = Keys(database, find_pepper(read_settings(), self._location()))
            keys.check_pepper()
            yield keys, database

    def _location(self) -> str:
        from toolshed.settings import read_settings
        from toolshed_api.state import state_location

        given = {name: value for name, value in (("kb", self.kb), ("state", self.state)) if value is not None}
        return state_location(read_settings(**given))


@contextmanager
def recorded(database: "Database", action: str, target: str, *, tenant: str) -> "Iterator[Note]":
    """Do something, and write it into the audit log of the service."""
    from toolshed_api.audit.log import AuditLog
    from toolshed_api.audit.trail import AuditTrail
    from toolshed_api.callers import Caller

    log = AuditLog(database)
    try:
        with AuditTrail(log).recording(Caller(COMMAND_LINE, tenant), action, target) as note:
            yield note
    finally:
        log.close()


def place_options(command: Command) -> Callable[..., Any]:
    """Options that say where the state is; they arrive as the argument ``place``."""

    @click.option(
        "--kb",
        envvar="TOOLSHED_KB",
        help="Folder of the knowledge base; its state.db is meant.  [default: ./shed]",
    )
    @click.option("--state", envvar="TOOLSHED_STATE", help="Another state: a file or a SQLAlchemy URL.")
    @functools.wraps(command)
    def with_options(*, kb: str | None, state: str | None, **options: Any) -> Any:
        # Any: the command's own options, passed on unchanged.
        return command(place=Place(kb, state), **options)

    return with_options


class Lifetime(click.ParamType[float]):
    """A time such as ``90d``, ``12h``, ``30m`` or ``45s``, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it."""
        # Any: click's own signature.
        units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
        text = str(value)
        if text[-1:] not in units or not text[:-1].isascii() or not text[:-1].isdigit() or len(text) > 12:
            self.fail(f"{text!r} is no time; give 90d, 12h, 30m or 45s", param, ctx)
        return float(int(text[:-1]) * units[text[-1]])
