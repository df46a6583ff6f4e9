"""Reporting outcomes: of tasks, for the choice of backbones, and of searches, for the ranking of tools."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Unpack, overload

from toolshed.errors import InvalidRecordError
from toolshed.shed.usage_library import LearnReport, UsageLibrary, UsageReport

if TYPE_CHECKING:
    from toolshed.economics.ledger.records import Outcome
    from toolshed.economics.running.account import CostAccount
    from toolshed.economics.running.terms import OutcomeDetails


class ShedOutcomes:
    """Reporting outcomes, and learning from them.

    Args:
        account: Opens the books, which reports of tasks go into.
        usage: What reports of searches go into.
    """

    def __init__(self, account: "Callable[[], CostAccount]", usage: UsageLibrary) -> None:
        self._account, self._usage = account, usage

    @overload
    def report(
        self, task_id: str | None = None, passed: bool | None = None, **details: "Unpack[OutcomeDetails]"
    ) -> "Outcome": ...
    @overload
    def report(
        self,
        *,
        query_id: str,
        tools_used: Sequence[str],
        passed: bool,
        reporter: str = "",
    ) -> UsageReport: ...
    def report(
        self,
        task_id: str | None = None,
        passed: bool | None = None,
        *,
        query_id: str | None = None,
        tools_used: Sequence[str] = (),
        reporter: str = "",
        **details: "Unpack[OutcomeDetails]",
    ) -> "Outcome | UsageReport":
        """Report whether a task passed, or whether the tools that were used served a search.

        Args:
            task_id: The task; see :meth:`.CostAccount.report`, which has the details.
            passed: Whether it passed.
            query_id: The search, instead of a task; see :meth:`.UsageLibrary.report`.
            tools_used: Ids of the tools that were used after it.
            reporter: Who says so.

        Raises:
            InvalidRecordError: If both a task and a search are given, or a search without ``passed``.
        """
        if query_id is None:
            return self._account().report(task_id, passed, **details)
        if task_id is not None or passed is None:
            raise InvalidRecordError(
                "an outcome is of a task or of a search: give task_id, or query_id with tools_used and passed"
            )
        return self._usage.report(query_id, tools_used, passed=passed, reporter=reporter)

    def learn(self) -> LearnReport:
        """Judge what was reported, and let it serve where it gains; see :meth:`.UsageLibrary.learn`."""
        return self._usage.learn()
