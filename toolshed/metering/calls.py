"""How parts of the pipeline tell of the calls they make, without knowing who keeps the books."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from toolshed.metering.usage import Usage


@dataclass(frozen=True, slots=True)
class MeteredCall:
    """A call of a model that someone may have to pay for.

    Attributes:
        component: Kind of the caller, such as ``embedding`` or ``planner``.
        model: What was called.
        usage: Its tokens.
        seconds: How long it took.
        error: What went wrong, if anything.
    """

    component: str
    model: str
    usage: Usage
    seconds: float
    error: str | None = None


_listener: ContextVar[Callable[[MeteredCall], None] | None] = ContextVar("toolshed_metering", default=None)


@contextmanager
def metering(listener: Callable[[MeteredCall], None]) -> Iterator[None]:
    """Tell the listener of calls made while the context is open."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report_call(call: MeteredCall) -> None:
    """Tell whoever listens of a call that was made."""
    listener = _listener.get()
    if listener is not None:
        listener(call)
