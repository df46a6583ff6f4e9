"""A chat model that is chosen call by call: the cheap or the large backbone, by cost of pass."""

from collections.abc import Mapping
from dataclasses import replace

from toolshed.backbones.chat import ChatModel, ChatReply, ChatRequest
from toolshed.backbones.structured import parsed
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.errors import ConfigurationError
from toolshed.metering.runs import current_run, recorded_run


class PolicyChat:
    """Runs each call on the backbone that makes a pass cheapest, and books it.

    Where a reply must satisfy a schema, whether it does is the outcome: one that does not goes to the next
    backbone, once.

    Args:
        policy: Chooses, within its budget.
        models: The chat model of every candidate, by its name.
        task_class: What the calls are, in the ledger.

    Raises:
        ConfigurationError: If a candidate has no chat model.
    """

    def __init__(
        self, policy: BackbonePolicy, models: Mapping[str, ChatModel], *, task_class: str = "retrieval"
    ) -> None:
        self._policy, self._models, self._task_class = policy, dict(models), task_class
        names = [one if isinstance(one, str) else one.model for one in policy.candidates]
        missing = sorted(set(names) - self._models.keys())
        if missing:
            raise ConfigurationError(f"the candidate {missing[0]!r} has no chat model; give one in models")
        # Replies are recorded under who was asked, not under who was chosen.
        self.model_id = "policy:" + ",".join(sorted(names))

    async def complete(self, request: ChatRequest) -> ChatReply:
        """See :class:`.ChatModel`.

        Raises:
            NoEligibleBackboneError: If no candidate can do it, or each costs more than the failure.
            BudgetExceededError: If the budget has too little left.
        """
        outer = current_run()

        async def call(attempt: Attempt) -> Reply[ChatReply]:
            limit = attempt.max_output_tokens or request.max_output_tokens
            asked = replace(request, max_output_tokens=min(limit, request.max_output_tokens))
            with recorded_run() as inner:
                try:
                    answer = await self._models[attempt.model].complete(asked)
                finally:
                    # The policy books it: to the run it is told as one that is booked.
                    outer.calls.extend(replace(made, is_booked=True) for made in inner.calls)
            return Reply(answer, answer.usage, answer.text)

        def satisfies(reply: ChatReply) -> bool:
            try:
                parsed(reply.text, request.schema or {})
            except ValueError:
                return False
            return True

        check = satisfies if request.schema is not None else None
        policy = replace(self._policy, component=request.component)
        done = await policy.arun(call, task_class=self._task_class, prompt=request.prompt, check=check)
        outer.unbooked.extend(done.unbooked)
        answer: ChatReply = done.value
        return answer
