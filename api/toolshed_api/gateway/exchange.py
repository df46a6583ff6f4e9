"""One request to a model: chosen, held to budgets, forwarded, booked, checked, tried once more."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import TypeVar

from toolshed.economics.choosing.candidates import StepFeatures
from toolshed.economics.ledger.records import Task
from toolshed.economics.running.attempts import Attempt, Attempts, Reply, Value
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.economics.running.driving import Finished, drive_async
from toolshed.errors import ToolshedError
from toolshed.metering.usage import ServiceTier
from toolshed_api.caller_shed import CallerShed
from toolshed_api.gateway.asked import Asked
from toolshed_api.gateway.checks import form_holds
from toolshed_api.gateway.configuration import GatewayConfiguration
from toolshed_api.gateway.conversation_tools import ConversationTools
from toolshed_api.gateway.dialects.dialect import Json, Said, is_deferred, objects_in
from toolshed_api.gateway.errors import UpstreamError, UpstreamRefusalError
from toolshed_api.gateway.tool_sources import (
    DeferredTools,
    KnowledgeBaseTools,
    SeveralSources,
    ToolMemory,
    ToolSource,
)
from toolshed_api.gateway.upstreams import Upstreams

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
_MAX_WORKERS = 16
# What a model costs whose name was given does not put it off: the caller has chosen.
_NO_MATTER_WHAT_USD = Decimal(10**6)
# Searches for tools that a model may make before it answers.
MAX_SEARCHES = 4
_TIERS: dict[object, ServiceTier] = {"flex": "flex", "priority": "priority"}


@dataclass(frozen=True)
class Gateway:
    """What all exchanges share.

    Attributes:
        configuration: What is served.
        upstreams: Asks them.
        memory: What conversations share of tools.
        running: Streams that are being read; they are booked even when nobody listens any more.
    """

    configuration: GatewayConfiguration
    upstreams: Upstreams
    memory: ToolMemory = field(default_factory=ToolMemory)
    running: "set[asyncio.Task[None]]" = field(default_factory=set)
    # Its own: what indexes tools for seconds must not keep those waiting who look at keys.
    _workers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_MAX_WORKERS, thread_name_prefix="gateway")
    )

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Run what blocks in one of the gateway's threads."""
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._workers, context.run, work)

    async def close(self) -> None:
        """End the streams, book them, and close the connections."""
        # What has not run yet begins first: it would end without giving back what is reserved.
        await asyncio.sleep(0)
        for task in self.running:
            task.cancel()
        if self.running:
            await asyncio.wait(self.running, timeout=5)
        await self.upstreams.close()
        self._workers.shutdown(wait=False, cancel_futures=True)


@dataclass
class Exchange:
    """A request and its reply.

    Attributes:
        gateway: What is shared.
        shed: Who asks, and what he may.
        asked: The request.
        body: What goes to the upstream.
        attempts: Its books.
        attempt: The last one begun.
        has_begun: Whether some of the reply was handed on, so that it cannot be made anew.
        keeping: Brings to disk what was reserved; nothing is handed on before.
        tools: What is loaded for its conversation; None where nothing is asked for.
    """

    gateway: Gateway
    shed: CallerShed
    asked: Asked
    body: Json = field(init=False)
    attempts: Attempts = field(init=False)
    attempt: Attempt | None = field(default=None, init=False)
    has_begun: bool = field(default=False, init=False)
    tools: ConversationTools | None = field(default=None, init=False)
    keeping: "asyncio.Future[None] | None" = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.body = self.asked.body
        self._n_searches = 0
        self.routes = self.gateway.configuration.routes(self.asked.dialect.name)

    def prepare(self) -> None:
        """Decide on what terms a model is asked, and begin the first attempt. Blocks.

        Raises:
            BudgetExceededError: If a budget has too little left.
            NoEligibleBackboneError: If no model can do it.
            UnknownGatewayModelError: If nothing serves what is asked for.
            UnknownDecisionError: If the task is not the caller's.
        """
        self._policy = self._terms()
        task = self._task(self._policy)
        self.attempts = self._policy.attempts(task)
        self.tools = self._tools()
        if self.tools is not None:
            self.body = self.tools.prepare(self.body)
        # The disk is waited for while the model is asked, see `keep`.
        with self.shed.shed.account.ledger.database.lasting_later():
            self._first: Attempt | None = self.begin()

    def keep(self) -> None:
        """Begin to bring to disk what was reserved."""
        wait = self.shed.shed.account.ledger.database.wait_for_disk
        self.keeping = asyncio.ensure_future(self.gateway.in_thread(wait))

    async def kept(self) -> None:
        """Return when what was reserved is on disk.

        Raises:
            LedgerError: If it cannot be brought there.
        """
        if self.keeping is not None:
            await asyncio.shield(self.keeping)

    def _tools(self) -> ConversationTools | None:
        asked, memory, caller = self.asked, self.gateway.memory, self.shed.caller
        given = list(objects_in(self.body.get("tools")))
        kept_back = [tool for tool in given if self._is_kept_back(tool)]
        sources: list[ToolSource] = []
        if kept_back:
            sources.append(DeferredTools(kept_back, asked.dialect, asked.options.k, memory))
        if asked.options.tools:
            sources.append(KnowledgeBaseTools(self.shed, asked.dialect, asked.options, memory))
        if not sources:
            return None
        own = [tool for tool in given if not self._is_kept_back(tool)]
        source = sources[0] if len(sources) == 1 else SeveralSources(sources)
        return ConversationTools(asked.dialect, own, source, memory, repr((caller.tenant, caller.name)))

    def _is_kept_back(self, tool: Json) -> bool:
        is_function = self.asked.dialect.definition(tool) is not None
        return is_function and (self.asked.options.defer or is_deferred(tool))

    @property
    def is_chosen(self) -> bool:
        """Whether the policy chooses."""
        return self.asked.model in self.gateway.configuration.file.groups

    def _terms(self) -> BackbonePolicy:
        configuration, caller = self.gateway.configuration, self.shed.caller
        models = configuration.candidates(self.asked.model, self.asked.dialect.name)
        budgets = configuration.budgets_of(caller.tenant, caller.name)
        group = configuration.file.groups.get(self.asked.model)
        if group is None:
            return self.shed.backbones(models, budgets, failure_price=_NO_MATTER_WHAT_USD)
        incumbent = group.incumbent if group.incumbent in models else None
        return self.shed.backbones(
            models, budgets, failure_price=group.failure_price_usd, floor=group.floor, incumbent=incumbent
        )

    def _task(self, policy: BackbonePolicy) -> Task | str:
        options = self.asked.options
        if options.task_id is not None:
            return self.shed.own_task(options.task_id)
        task = policy.new_task(self._task_class)
        return task if self.is_chosen else replace(task, failure_usd=None)

    @property
    def _task_class(self) -> str:
        group = self.gateway.configuration.file.groups.get(self.asked.model)
        return self.asked.options.task_class or (group.task_class if group else "gateway")

    def begin(self) -> Attempt:
        """Choose, and reserve what the call may cost. Blocks."""
        dialect = self.asked.dialect
        prompt_tokens = dialect.prompt_tokens(self.body)
        tier = self.body.get("service_tier")
        features = StepFeatures(
            input_tokens=prompt_tokens,
            max_output_tokens=dialect.output_cap(self.body),
            needs_tools=bool(self.body.get("tools")),
            service_tier=_TIERS.get(tier, "") if isinstance(tier, str) else "",
        )
        # A request whose reply nothing can check is not tried again, whatever the policy allows.
        has_check = bool(dialect.schema(self.body) or dialect.functions(self.body))
        request = self._policy.request(self._task_class, features, has_check=has_check)
        return self.attempts.begin(request, prompt_tokens=prompt_tokens)

    def body_for(self, attempt: Attempt) -> Json:
        """What is sent for an attempt."""
        self.attempt = attempt
        most = attempt.max_output_tokens
        return self.body if most is None else self.asked.dialect.capped(self.body, most)

    def is_worth_another(self, error: BaseException) -> bool:
        """Whether another backbone may do what this one's upstream did not."""
        if self.has_begun or not self.is_chosen or not isinstance(error, UpstreamError):
            return False
        return not isinstance(error, UpstreamRefusalError) or error.status in (429, 502)

    async def reply(self) -> Json:
        """The reply as a whole.

        Raises:
            UpstreamError: If none came.
            ToolshedError: If none may be asked for.
        """
        reply = await self._reply()
        await self.kept()
        tools, dialect = self.tools, self.asked.dialect
        if tools is None:
            return reply
        while (said := dialect.said(reply)).calls and all(map(tools.is_search, said.calls)):
            await self.go_on(dialect.turn(reply), said)
            reply = await self._reply()
        reply = dialect.handed_on(reply, tools.search_name, tools.found)
        if not (said := dialect.said(reply)).calls:
            tools.remember(said.text)
        return reply

    async def go_on(self, turn: Sequence[Json], said: Said) -> None:
        """Answer the model's searches, and continue the conversation with what they loaded.

        Raises:
            UpstreamError: If the model does nothing but search.
        """
        assert self.tools is not None
        self._n_searches += 1
        if self._n_searches > MAX_SEARCHES:
            raise UpstreamError(
                f"the model searched for tools {MAX_SEARCHES} times and did not answer; ask again, or "
                "otherwise"
            )
        results = await self.gateway.in_thread(partial(self.tools.answer, said.calls))
        body = self.asked.dialect.continued(self.body, turn, results)
        self.body = self.tools.with_tools(body)

    async def _reply(self) -> Json:
        """One reply of an upstream, or of a second one where the first will not do."""
        dialect, replies = self.asked.dialect, list[Json]()

        async def call(attempt: Attempt) -> Reply[Json]:
            body, route = self.body_for(attempt), self.routes[attempt.model]
            reply = await self.gateway.upstreams.reply(route, dialect.name, body, self.asked.beta)
            replies.append(reply)
            return Reply(reply, reply, dialect.said(reply).billed_text)

        def judge(reply: Json) -> bool | None:
            return self.judged(dialect.said(reply))

        try:
            finished = await self.drive(call, judge)
        except ToolshedError:
            # What was paid for is handed on, though a second attempt was meant to be better.
            if not replies:
                raise
            return replies[-1]
        return finished.reply.value

    def judged(self, said: Said) -> bool | None:
        """Whether a reply will do; a search for tools is no reply yet."""
        if self.tools is not None and any(map(self.tools.is_search, said.calls)):
            return None
        return form_holds(self.asked.dialect, self.body, said)

    async def drive(
        self,
        call: Callable[[Attempt], Awaitable[Reply[Value]]],
        judge: Callable[[Value], bool | None],
    ) -> Finished[Value]:
        """Call what the books ask for, until they ask for nothing more."""
        first, self._first = self._first, None
        return await drive_async(
            self.attempts, self.begin, call, judge, is_failed_check=self.is_worth_another, first=first
        )
