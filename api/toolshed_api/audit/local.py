"""The audit log of a program that serves one user, over standard input and output."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from toolshed.settings import Settings
from toolshed.shed.location import Location
from toolshed_api.audit.log import AuditLog
from toolshed_api.audit.trail import NO_TRAIL, AuditTrail
from toolshed_api.auth.pepper import derived, find_pepper
from toolshed_api.callers import Caller
from toolshed_api.state import open_state, state_location


def local_caller() -> Caller:
    """Whoever started the program, as the audit log calls him."""
    try:
        return Caller(f"local:{getpass.getuser()}"[:200])
    # In a container a user may have no name. KeyError: before Python 3.13.
    except (OSError, KeyError):
        return Caller("local")


@contextmanager
def local_trail(settings: Settings) -> Iterator[Callable[[str], AuditTrail]]:
    """Where it is written down what is done in each request, given the request's id.

    It is the service's own log, where there is one: a database beside the knowledge base, or one that the
    settings name. A folder that has none keeps no log.

    Raises:
        StateError: If there is one, and it cannot be opened.
    """
    location = state_location(settings)
    if not _is_kept(location, settings):
        yield lambda _: NO_TRAIL
        return
    pepper = find_pepper(settings, location)
    key = derived(pepper, "audit") if pepper else None
    with closing(open_state(location)) as database, closing(AuditLog(database)) as log:
        yield lambda request_id: AuditTrail(log, request_id, key, settings.audit_texts)


def _is_kept(location: str, settings: Settings) -> bool:
    if location == "memory:" or "://" in location:
        return location != "memory:"
    folder = Location.of(settings.kb).folder
    books = [] if folder is None else [folder / "ledger.db"]
    return settings.state is not None or any(path.exists() for path in (Path(location), *books))
