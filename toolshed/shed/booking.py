"""Booking: what a run took goes into the ledger after its result exists, and never costs the result."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from toolshed.errors import LedgerError, ToolshedError, missing_extra
from toolshed.metering.runs import MeteredCall, RunRecord, recorded_run
from toolshed.shed.location import Location, emptied

if TYPE_CHECKING:
    from toolshed.economics.running.account import CostAccount

_logger = logging.getLogger(__name__)


class Booking:
    """Keeps the books of one knowledge base; they are opened when there is something to book.

    Args:
        location: Where the knowledge base is; the ledger lies beside it unless another is given.
        ledger: A file, ``memory:`` or a SQLAlchemy URL.
        prices: Price file of the deployment, beside the public list.
        tenant: Whose costs they are.
        pipeline: Name under which tasks of our own are booked.
    """

    def __init__(
        self,
        location: Location,
        *,
        ledger: str | Path | None,
        prices: str | Path | None,
        tenant: str,
        pipeline: str,
    ) -> None:
        self._location, self._ledger, self._prices = location, ledger, prices
        self._tenant, self._pipeline = tenant, pipeline
        self._opening = threading.Lock()

    @property
    def account(self) -> "CostAccount":
        """The books: ledger, prices and what was learnt of backbones."""
        # One for all threads: what one of them learns, the others know.
        with self._opening:
            return self._account

    @cached_property
    def _account(self) -> "CostAccount":
        try:
            from toolshed.economics.ledger.ledger import Ledger
            from toolshed.economics.prices.pricing import PriceSheet
            from toolshed.economics.running.account import CostAccount
        except ModuleNotFoundError as error:
            raise missing_extra(str(error.name), "economics") from error
        prices = PriceSheet() if self._prices is None else PriceSheet.from_file(self._prices)
        return CostAccount(Ledger(self._location.ledger(self._ledger)), prices, self._tenant)

    def damages(self) -> list[str]:
        """What is wrong with the ledger, if anything was ever booked in a file."""
        if self._location.is_server and self._ledger is None:
            return []
        ledger = self._location.ledger(self._ledger)
        if "://" in ledger or not Path(ledger).exists():
            return []
        try:
            return emptied(ledger, "ledger") or self.account.ledger.database.damages()
        except LedgerError as error:
            return [str(error)]

    @property
    def spent_usd(self) -> float | None:
        """Dollars that decisions led to, as far as is known without asking the ledger; None before that."""
        account: CostAccount | None = self.__dict__.get("account")
        return None if account is None else account.selector.spend_usd

    @contextmanager
    def run(self, task_class: str, task_id: str | None = None) -> Iterator[RunRecord]:
        """Record a run, and book its calls when it has ended, well or badly."""
        with recorded_run() as record:
            try:
                yield record
            finally:
                self.book(record, task_class, task_id)

    def book(self, record: RunRecord, task_class: str, task_id: str | None = None) -> None:
        """Book the calls of a run under a task, or a new one of this class.

        Calls in this process cost nobody anything and are booked for a named task only. What cannot be
        booked (no price, no such task, a ledger that is locked or full) is logged, and told in the record.
        """
        unbooked = [call for call in record.calls if not call.is_booked]
        made = [call for call in unbooked if task_id is not None or not call.is_local]
        if not made:
            return
        try:
            if task_id is not None:
                self.account.check_own(task_id)
            under = task_id or self.account.start_task(task_class, pipeline=self._pipeline).task_id
        except ToolshedError as error:
            self._tell(record, made, error)
            return
        for call in made:
            try:
                self._book_call(under, call)
            except ToolshedError as error:
                self._tell(record, [call], error)

    def _book_call(self, task_id: str, call: MeteredCall) -> None:
        if call.is_local:
            self.account.book_local_call(task_id, call.model, call.usage, call.seconds)
            return
        self.account.book_call(
            task_id,
            call.component,
            call.model,
            call.usage,
            latency_seconds=call.seconds,
            error=call.error,
        )

    def _tell(self, record: RunRecord, calls: Sequence[MeteredCall], error: ToolshedError) -> None:
        models = ", ".join(dict.fromkeys(call.model for call in calls))
        reason = f"{len(calls)} calls of {models} are not in the ledger: {error}"
        _logger.warning("%s", reason)
        record.unbooked.append(reason)

    def close(self) -> None:
        """Close the ledger, where it was opened."""
        if "_account" in self.__dict__:
            self.account.close()
