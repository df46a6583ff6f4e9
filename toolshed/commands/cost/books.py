"""The ledger and the prices that a command works on."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toolshed.errors import SourceError
from toolshed.shed.location import Location

if TYPE_CHECKING:
    from toolshed.economics.running.account import CostAccount

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Books:
    """Where the books of a command are.

    Attributes:
        kb: The knowledge base; its ledger is meant where none is named.
        ledger: A file or a SQLAlchemy URL.
        prices: Price file, beside the public list.
    """

    kb: str
    ledger: str | None
    prices: str | None

    @contextmanager
    def opened(self, *, tenant: str | None = None) -> "Iterator[CostAccount]":
        """The account of a ledger that exists."""
        from toolshed.economics.ledger.ledger import Ledger
        from toolshed.economics.prices.pricing import PriceSheet
        from toolshed.economics.running.account import CostAccount

        location = ledger_location(self.kb, self.ledger)
        if "://" not in location and not Path(location).is_file():
            raise SourceError(
                f"there is no ledger at {location!r}; it is made by the first task that is booked. Name "
                "another with --ledger, or its knowledge base with --kb"
            )
        sheet = PriceSheet() if self.prices is None else PriceSheet.from_file(self.prices)
        account = CostAccount(Ledger(location), sheet, tenant or "default")
        try:
            yield account
        finally:
            account.close()


def ledger_location(kb: str, ledger: str | None) -> str:
    """The ledger that is meant: the one named, or that of the knowledge base.

    Raises:
        ConfigurationError: If the knowledge base is on a server, which keeps none.
    """
    return Location.of(kb).ledger(ledger)


def books_options(command: Command) -> Callable[..., Any]:
    """Options that say where the books are; they arrive as the argument ``books``."""

    @click.option(
        "--kb",
        default="./shed",
        show_default=True,
        envvar="TOOLSHED_KB",
        help="Folder of the knowledge base; its ledger.db is read.",
    )
    @click.option("--ledger", envvar="TOOLSHED_LEDGER", help="Another ledger: a file or a SQLAlchemy URL.")
    @click.option(
        "--prices",
        envvar="TOOLSHED_PRICES",
        type=click.Path(dir_okay=False),
        help="Price file, beside the public list.",
    )
    @functools.wraps(command)
    def with_options(*, kb: str, ledger: str | None, prices: str | None, **options: Any) -> Any:
        return command(books=Books(kb, ledger, prices), **options)

    return with_options
