"""LangChain agents on the backbone that makes a pass cheapest: a middleware for ``create_agent``."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NotRequired

from toolshed.errors import missing_extra

try:
    from langchain.agents.middleware import AgentMiddleware, AgentState
    from langchain.agents.middleware.types import ModelRequest, ModelResponse
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage
except ModuleNotFoundError as missing:
    raise missing_extra(str(missing.name), "langchain") from missing

from toolshed.economics.choosing.candidates import StepFeatures
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.running.attempts import Attempt, Attempts, Reply
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.economics.running.driving import drive, drive_async
from toolshed.metering.content import content_text, content_tokens
from toolshed.metering.usage import estimated_tokens

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
        self._runs: dict[str, Attempts] = {}

    def before_agent(self, state: BackboneState, runtime: Any) -> dict[str, Any]:  # noqa: ARG002  # its signature
        """Begin a task."""
        task_class = self._task_class if isinstance(self._task_class, str) else "agent"
        task = self._policy.account.start_task(task_class, pipeline="langchain", team=self._policy.team)
        self._runs[task.task_id] = self._policy.attempts(task.task_id)
        if len(self._runs) > _MAX_RUNS:
            # Runs that end with an error are never told to be over.
            del self._runs[next(iter(self._runs))]
        return {"toolshed_task_id": task.task_id}

    def after_agent(self, state: BackboneState, runtime: Any) -> None:  # noqa: ARG002  # its signature
        """Forget the run; what a check found was reported when it was found."""
        self._runs.pop(state.get("toolshed_task_id", ""), None)

    async def abefore_agent(self, state: BackboneState, runtime: Any) -> dict[str, Any]:
        """Begin a task, booked in a worker thread."""
        return await asyncio.to_thread(self.before_agent, state, runtime)

    async def aafter_agent(self, state: BackboneState, runtime: Any) -> None:
        """Forget the run."""
        self.after_agent(state, runtime)

    def wrap_model_call(self, request: Request, handler: Callable[[Request], Response]) -> Response:
        """Call the chosen model."""
        attempts = self._attempts_of(request)
        step = self._step(request, attempts)
        finished = drive(
            attempts,
            lambda: attempts.begin(step, prompt_tokens=step.features.input_tokens),
            lambda attempt: _reply(handler(self._asked(request, attempt))),
            self._judge,
        )
        return finished.reply.value

    async def awrap_model_call(
        self, request: Request, handler: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Call the chosen model; the ledger is written in worker threads."""
        attempts = await asyncio.to_thread(self._attempts_of, request)
        step = self._step(request, attempts)

        async def call(attempt: Attempt) -> Reply[Response]:
            return _reply(await handler(self._asked(request, attempt)))

        begin = partial(attempts.begin, step, prompt_tokens=step.features.input_tokens)
        return (await drive_async(attempts, begin, call, self._judge)).reply.value

    def _attempts_of(self, request: Request) -> Attempts:
        """Those of the run; begun anew where another process had it, or it goes on after an interrupt."""
        task_id = str(request.state.get("toolshed_task_id", ""))
        if task_id not in self._runs:
            task_class = self._task_class if isinstance(self._task_class, str) else "agent"
            task_id = task_id or self._policy.account.start_task(task_class, pipeline="langchain").task_id
            self._runs[task_id] = self._policy.attempts(task_id)
        return self._runs[task_id]

    def _step(self, request: Request, attempts: Attempts) -> StepRequest:
        """The request as a step: the class is found once, the choice is that of a whole run."""
        if attempts.decisions:
            task_class = attempts.decisions[0].task_class or "agent"
        else:
            task_class = self._task_class if isinstance(self._task_class, str) else self._task_class(request)
        tools = sum(estimated_tokens(str(tool)) for tool in request.tools)
        features = StepFeatures(
            input_tokens=_prompt_tokens(request) + tools,
            needs_tools=bool(request.tools),
            is_run=True,
        )
        return self._policy.request(task_class, features, has_check=self._check is not None)

    def _asked(self, request: Request, attempt: Attempt) -> Request:
        settings = dict(request.model_settings)
        if attempt.max_output_tokens is not None:
            settings["max_tokens"] = attempt.max_output_tokens
        return request.override(model=self._models[attempt.model], model_settings=settings)

    def _judge(self, response: Response) -> bool | None:
        """Check a final answer; None for what is none."""
        answer = _answer(response)
        if self._check is None or answer is None or answer.tool_calls:
            return None
        return bool(self._check(answer))


def _answer(response: Response) -> AIMessage | None:
    return next((one for one in reversed(response.result) if isinstance(one, AIMessage)), None)


def _reply(response: Response) -> Reply[Response]:
    answer = _answer(response)
    if answer is None:
        return Reply(response)
    calls = "".join(str(call) for call in answer.tool_calls)
    return Reply(response, answer, content_text(answer.content) + calls)


def _prompt_tokens(request: Request) -> int:
    messages = [request.system_message, *request.messages]
    return sum(_message_tokens(one) for one in messages if one is not None)


def _message_tokens(message: BaseMessage) -> int:
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return content_tokens(message.content) + sum(estimated_tokens(str(call)) for call in calls)
