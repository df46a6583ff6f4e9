"""The service's own database: keys, grants, jobs and the audit log."""

import logging

from toolshed.errors import StateError
from toolshed.settings import Settings
from toolshed.shed.location import Location
from toolshed.state.database import Database

logger = logging.getLogger(__name__)


def state_location(settings: Settings) -> str:
    """A file, a SQLAlchemy URL, or ``memory:`` where nothing says where to keep state."""
    return Location.of(settings.kb).state(settings.state, ledger=settings.ledger)


def open_state(location: str) -> Database:
    """Open the database, with its tables up to date.

    Raises:
        ConfigurationError: If the location is none.
        StateError: If it cannot be opened; TOOLSHED_STATE names another.
    """
    if location == "memory:":
        logger.warning(
            "keys, grants, jobs and the audit log are kept in memory and gone with this process; "
            "set TOOLSHED_STATE to a file or a URL such as postgresql+psycopg://user@host/name"
        )
    return Database.open(location, "state", StateError)
