"""What a service offers of economics: choosing backbones, reporting outcomes, asking what it cost."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from toolshed.shed.remote_exchange import Exchange, write_key

if TYPE_CHECKING:
    from toolshed.economics.choosing.candidates import Candidate, StepFeatures
    from toolshed.economics.choosing.selection import Selection
    from toolshed.economics.ledger.records import Outcome
    from toolshed.economics.running.terms import Budget, OutcomeDetails
    from toolshed.shed.usage_library import UsageReport


def _select(
    task_class: str, candidates: "Sequence[Candidate | str]", terms: "SelectTerms"
) -> "Exchange[Selection]":
    body: dict[str, Any] = {
        "task_class": task_class,
        "candidates": [one if isinstance(one, str) else _candidate(one) for one in candidates],
        "floor": terms.get("floor"),
        "incumbent": terms.get("incumbent"),
    }
    budget, features = terms.get("budget"), terms.get("features")
    if (failure_price := terms.get("failure_price")) is not None:
        body["failure_usd"] = float(failure_price)
    if budget is not None:
        body["budget"] = _budget(budget)
    if features is not None:
        check_usd = None if features.check_usd is None else float(features.check_usd)
        body["features"] = {**asdict(features), "failed": list(features.failed), "check_usd": check_usd}
    return Exchange("POST", "/v1/backbones/select", lambda told: _selection(told, candidates), body=body)


def _report(task_id: str | None, passed: bool | None, details: "OutcomeDetails") -> "Exchange[Outcome]":
    given = {"task_id": task_id, "passed": passed, **details}
    body = {name: value for name, value in given.items() if value is not None}
    return Exchange("POST", "/v1/outcomes", _outcome, body=body, key=write_key())


def _report_search(query_id: str, tools_used: Sequence[str], passed: bool) -> "Exchange[UsageReport]":
    body = {"query_id": query_id, "tools_used": list(tools_used), "passed": passed}
    return Exchange("POST", "/v1/outcomes/search", _usage, body=body, key=write_key())


def _usage(told: Any) -> "UsageReport":
    from toolshed.shed.usage_library import UsageReport

    return UsageReport(**told)


def _costs(by: str, terms: "CostTerms") -> Exchange[dict[str, Any]]:
    since, until = terms.get("since"), terms.get("until")
    query = {
        "by": by,
        "tenant": terms.get("tenant"),
        "human_usd": terms.get("human_usd"),
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
    }
    return Exchange("GET", "/v1/costs/report", dict, query)


class SelectTerms(TypedDict, total=False):
    """On which terms a backbone is chosen; see :meth:`.Backbones.select`."""

    features: "StepFeatures | None"
    floor: float | None
    failure_price: Decimal | float | None
    budget: "Budget | None"
    incumbent: str | None


class CostTerms(TypedDict, total=False):
    """Which costs are asked for; see :meth:`.Costs.report`."""

    tenant: str | None
    since: datetime | None
    until: datetime | None
    human_usd: float | None


@dataclass(frozen=True, slots=True)
class RemoteBackbones:
    """Choosing backbones."""

    ask: "Callable[[Exchange[Selection]], Selection]"

    def select(
        self, task_class: str, candidates: "Sequence[Candidate | str]", **terms: Unpack[SelectTerms]
    ) -> "Selection":
        """See :meth:`.Backbones.select`."""
        return self.ask(_select(task_class, candidates, terms))


@dataclass(frozen=True, slots=True)
class AsyncRemoteBackbones:
    """Choosing backbones."""

    ask: "Callable[[Exchange[Selection]], Awaitable[Selection]]"

    async def select(
        self, task_class: str, candidates: "Sequence[Candidate | str]", **terms: Unpack[SelectTerms]
    ) -> "Selection":
        """See :meth:`.Backbones.select`."""
        return await self.ask(_select(task_class, candidates, terms))


@dataclass(frozen=True, slots=True)
class RemoteOutcomes:
    """Reporting outcomes."""

    ask: "Callable[[Exchange[Outcome]], Outcome]"
    ask_usage: "Callable[[Exchange[UsageReport]], UsageReport]"

    def report(
        self, task_id: str | None = None, passed: bool | None = None, **details: "Unpack[OutcomeDetails]"
    ) -> "Outcome":
        """See :meth:`.Outcomes.report`; when it was reported is the service's to say."""
        return self.ask(_report(task_id, passed, details))

    def report_search(self, query_id: str, tools_used: Sequence[str], passed: bool) -> "UsageReport":
        """See :meth:`.ShedOutcomes.report`, of a search; the caller's name is the reporter's."""
        return self.ask_usage(_report_search(query_id, tools_used, passed))


@dataclass(frozen=True, slots=True)
class AsyncRemoteOutcomes:
    """Reporting outcomes."""

    ask: "Callable[[Exchange[Outcome]], Awaitable[Outcome]]"
    ask_usage: "Callable[[Exchange[UsageReport]], Awaitable[UsageReport]]"

    async def report(
        self, task_id: str | None = None, passed: bool | None = None, **details: "Unpack[OutcomeDetails]"
    ) -> "Outcome":
        """See :meth:`.Outcomes.report`; when it was reported is the service's to say."""
        return await self.ask(_report(task_id, passed, details))

    async def report_search(self, query_id: str, tools_used: Sequence[str], passed: bool) -> "UsageReport":
        """See :meth:`.ShedOutcomes.report`, of a search; the caller's name is the reporter's."""
        return await self.ask_usage(_report_search(query_id, tools_used, passed))


@dataclass(frozen=True, slots=True)
class RemoteCosts:
    """Asking what it cost."""

    ask: Callable[[Exchange[dict[str, Any]]], dict[str, Any]]

    def report(self, by: str = "model", **terms: Unpack[CostTerms]) -> dict[str, Any]:
        """What was spent and what it bought, as :meth:`.CostReport.to_json` tells it."""
        return self.ask(_costs(by, terms))


@dataclass(frozen=True, slots=True)
class AsyncRemoteCosts:
    """Asking what it cost."""

    ask: Callable[[Exchange[dict[str, Any]]], Awaitable[dict[str, Any]]]

    async def report(self, by: str = "model", **terms: Unpack[CostTerms]) -> dict[str, Any]:
        """What was spent and what it bought, as :meth:`.CostReport.to_json` tells it."""
        return await self.ask(_costs(by, terms))


def _candidate(one: "Candidate") -> dict[str, Any]:
    return {**asdict(one), "regions": sorted(one.regions)}


def _budget(budget: "Budget") -> dict[str, Any]:
    amounts = {"limit_usd": budget.limit_usd, "pace_usd": budget.pace_usd}
    given = {name: None if usd is None else float(usd) for name, usd in amounts.items()}
    return {**given, "window_seconds": budget.window.total_seconds()}


def _selection(told: Any, candidates: "Sequence[Candidate | str]") -> "Selection":
    from toolshed.economics.choosing.candidates import Candidate
    from toolshed.economics.choosing.selection import Selection, Weighed

    offered = [Candidate(one) if isinstance(one, str) else one for one in candidates]
    plain = (
        "task_class", "cost_usd", "cost_95_usd", "pass_probability", "arm_pass_probability", "propensity",
        "is_explored", "exploration_usd", "reason", "dual_price",
    )  # fmt: skip
    return Selection(
        **{name: told[name] for name in plain},
        candidate=next((one for one in offered if one.name == told["arm"]), None),
        cascade=tuple(told["cascade"]),
        weighed=tuple(Weighed(**one) for one in told["candidates"]),
    )


def _outcome(told: Any) -> "Outcome":
    from toolshed.economics.ledger.records import Outcome

    return Outcome(**{**told, "reported_at": datetime.fromisoformat(told["reported_at"])})
