"""LangChain agents on the backbone that makes a pass cheapest: a middleware for ``create_agent``."""

from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired

from toolshed.errors import BudgetExceededError, NoEligibleBackboneError, missing_extra

try:
    from langchain.agents.middleware import AgentMiddleware, AgentState
    from langchain.agents.middleware.types import ModelRequest, ModelResponse
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage
except ModuleNotFoundError as missing:
    raise missing_extra(str(missing.name), "langchain") from missing

from toolshed.economics.choosing.candidates import Candidate, StepFeatures
from toolshed.economics.ledger.records import Decision, error_text, utc_now
from toolshed.economics.running.backbone_policy import MAX_ATTEMPTS, BackbonePolicy, Reserved
from toolshed.economics.running.driving import CallFailed, drive, drive_async
from toolshed.metering.usage import Usage, estimated_tokens, usage_from_langchain

# Any: state and context of agents are whatever their authors make them.
_MAX_RUNS = 10_000
Request = ModelRequest[Any]
Response = ModelResponse[Any]


class BackboneState(AgentState[Any]):
    """State of an agent that is run by :class:`BackboneMiddleware`.

    Attributes:
        toolshed_task_id: The task in the ledger; report its outcome under this id.
    """

    toolshed_task_id: NotRequired[str]


@dataclass
class _Run:
    """A run of an agent: one task, and the decision that its calls carry out."""

    task_class: str
    decisions: list[Decision] = field(default_factory=list)
    candidate: Candidate | None = None
    cached_tokens: int = 0


class BackboneMiddleware(AgentMiddleware[BackboneState, Any, Any]):
    """Sets the model of an agent's requests, and books what they cost and whether the run passed.

    One decision holds for a run: a change of the model half way would lose the prompt cache. When the final
    answer fails the check, the run's last request is repeated once on the next backbone.

    Args:
        policy: Chooses and keeps the books. Its candidates' models are the keys of ``models``.
        models: Chat models by the name that the price sheet knows.
        task_class: Class of a run's task, or what finds it from the first request.
        check: Says whether the final answer will do. Without it, report the outcome of the run's
            ``toolshed_task_id`` when it is known.
    """

    state_schema = BackboneState

    def __init__(
        self,
        policy: BackbonePolicy,
        models: Mapping[str, BaseChatModel],
        *,
        task_class: str | Callable[[Request], str] = "agent",
        check: Callable[[AIMessage], bool] | None = None,
    ) -> None:
        super().__init__()
        self._policy, self._models, self._check = policy, dict(models), check
        self._task_class = task_class
        self._runs: dict[str, _Run] = {}

    def before_agent(self, state: BackboneState, runtime: Any) -> dict[str, Any]:  # noqa: ARG002  # its signature
        """Begin a task."""
        task_class = self._task_class if isinstance(self._task_class, str) else "agent"
        task = self._policy.account.start_task(task_class, pipeline="langchain")
        self._runs[task.task_id] = _Run(task_class)
        if len(self._runs) > _MAX_RUNS:
            # Runs that end with an error are never told to be over.
            del self._runs[next(iter(self._runs))]
        return {"toolshed_task_id": task.task_id}

    def after_agent(self, state: BackboneState, runtime: Any) -> None:  # noqa: ARG002  # its signature
        """Forget the run; what a check found was reported when it was found."""
        self._runs.pop(state.get("toolshed_task_id", ""), None)

    async def abefore_agent(self, state: BackboneState, runtime: Any) -> dict[str, Any]:
        """Begin a task."""
        return self.before_agent(state, runtime)

    async def aafter_agent(self, state: BackboneState, runtime: Any) -> None:
        """Forget the run."""
        self.after_agent(state, runtime)

    def wrap_model_call(self, request: Request, handler: Callable[[Request], Response]) -> Response:
        """Call the chosen model."""
        return drive(self._steps(request), handler)

    async def awrap_model_call(
        self, request: Request, handler: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Call the chosen model."""
        return await drive_async(self._steps(request), handler)

    def _steps(self, request: Request) -> Generator[Request, tuple[Response, float], Response]:
        """Yields requests, is sent their responses and seconds; shared by the two ways of calling."""
        task_id, run = self._run_of(request)
        if not run.decisions and callable(self._task_class):
            run.task_class = self._task_class(request)
        response = yield from self._called(request, task_id, run)
        if self._judge(run, response) is not False or len(run.decisions) == MAX_ATTEMPTS:
            return response
        run.candidate, run.cached_tokens = None, 0
        try:
            again = yield from self._called(request, task_id, run)
        except (BudgetExceededError, NoEligibleBackboneError):
            return response
        self._judge(run, again)
        return again

    def _run_of(self, request: Request) -> tuple[str, _Run]:
        """The run of a request; begun anew where another process had it, or it goes on after an interrupt."""
        task_id = str(request.state.get("toolshed_task_id", ""))
        if task_id not in self._runs:
            task_class = self._task_class if isinstance(self._task_class, str) else "agent"
            task_id = task_id or self._policy.account.start_task(task_class, pipeline="langchain").task_id
            self._runs[task_id] = _Run(task_class)
        return task_id, self._runs[task_id]

    def _judge(self, run: _Run, response: Response) -> bool | None:
        """Check a final answer, and book and report what that found; None for what is no final answer."""
        answer = _answer(response)
        if self._check is None or answer is None or answer.tool_calls:
            return None
        passed, decision = bool(self._check(answer)), run.decisions[-1]
        self._policy.book_check(decision)
        self._policy.account.report(decision.task_id, passed, decision_id=decision.decision_id, source="test")
        return passed

    def _called(
        self, request: Request, task_id: str, run: _Run
    ) -> Generator[Request, tuple[Response, float], Response]:
        prompt = _text([request.system_message, *request.messages])
        features = StepFeatures(
            input_tokens=estimated_tokens(prompt)
            + sum(estimated_tokens(str(tool)) for tool in request.tools),
            needs_tools=bool(request.tools),
            cached_tokens=run.cached_tokens,
            cached_model=run.candidate.model if run.candidate else None,
            failed=() if run.candidate else tuple(one.arm for one in run.decisions),
            check_usd=None if self._check is None else self._policy.check_usd,
            max_attempts=MAX_ATTEMPTS,
            is_run=run.candidate is None,
        )
        reserved = self._policy.reserve(run.task_class, features, only=run.candidate)
        if run.candidate is None:
            decision = self._policy.account.decide(
                task_id, reserved.selection, attempt=len(run.decisions) + 1, failed=features.failed
            )
            run.decisions.append(decision)
            run.candidate = reserved.selection.candidate
        response = yield from self._sent(request, prompt, reserved, run)
        return response

    def _sent(
        self, request: Request, prompt: str, reserved: Reserved, run: _Run
    ) -> Generator[Request, tuple[Response, float], Response]:
        decision, account = run.decisions[-1], self._policy.account
        settings = dict(request.model_settings)
        if reserved.max_output_tokens is not None:
            settings["max_tokens"] = reserved.max_output_tokens
        started_at = utc_now()
        error: str | None = None
        failure: BaseException | None = None
        usage = Usage(estimated_tokens(prompt), 0, source="estimate")
        try:
            response, seconds = yield request.override(
                model=self._models[decision.model], model_settings=settings
            )
            usage = _usage(response, prompt)
        except CallFailed as failed:
            failure, seconds = failed.error, failed.seconds
            error = error_text(failure)
        call = account.book_call(
            decision.task_id,
            self._policy.component,
            decision.model,
            usage,
            decision=decision,
            latency_seconds=seconds,
            started_at=started_at,
            error=error,
        )
        self._policy.settle(reserved, call.cost)
        if failure is not None:
            raise failure
        run.cached_tokens = usage.input_tokens
        return response


def _answer(response: Response) -> AIMessage | None:
    return next((one for one in reversed(response.result) if isinstance(one, AIMessage)), None)


def _usage(response: Response, prompt: str) -> Usage:
    answer = _answer(response)
    reported = usage_from_langchain(answer.usage_metadata) if answer else None
    text = _text([answer]) if answer else ""
    return reported or Usage(estimated_tokens(prompt), estimated_tokens(text), source="estimate")


def _text(messages: list[BaseMessage | None]) -> str:
    return "\n".join(str(one.content) for one in messages if one is not None)
