from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toolshed.backbones.test_structured import ASKED, Scripted
from toolshed.backbones.chat import ChatReply, ChatRequest
from toolshed.backbones.structured import ask
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.economics.running.policy_chat import PolicyChat
from toolshed.errors import ChatModelError, ConfigurationError
from toolshed.metering.runs import MeteredCall, recorded_run, report_call
from toolshed.shed.booking import Booking
from toolshed.shed.location import Location

SMALL, LARGE = "gpt-4o-mini", "gpt-4o"
GOOD, BAD = '{"parts": ["a"]}', "Let me think about it."


@pytest.fixture
def account(tmp_path: Path) -> Iterator[CostAccount]:
    opened = CostAccount(Ledger(tmp_path / "ledger.db"))
    yield opened
    opened.close()


class Reporting(Scripted):
    """Tells the run of its calls, as models do."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        reply = await super().complete(request)
        report_call(MeteredCall(request.component, self.model_id, reply.usage, 0.1))
        return reply


def chosen(account: CostAccount, **models: Scripted) -> PolicyChat:
    policy = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.05)
    return PolicyChat(policy, {SMALL: models["small"], LARGE: models["large"]}, task_class="planning")


async def test_a_reply_that_does_not_satisfy_the_schema_goes_to_the_next_backbone(
    account: CostAccount,
) -> None:
    small, large = Scripted(BAD, BAD), Scripted(GOOD, GOOD)
    assert await ask(chosen(account, small=small, large=large), ASKED) == {"parts": ["a"]}
    n_asked = len(small.asked) + len(large.asked)
    assert 1 <= n_asked <= 2
    assert account.ledger.evidence().failures.sum() == len(small.asked)


async def test_calls_are_booked_once_under_their_component(account: CostAccount, tmp_path: Path) -> None:
    request = ChatRequest(ASKED.messages, max_output_tokens=100, component="reranker")
    with recorded_run() as run:
        await chosen(account, small=Reporting("yes"), large=Reporting("yes")).complete(request)
    assert [(call.component, call.is_booked) for call in run.calls] == [("reranker", True)]
    spent, _ = account.ledger.spend()
    assert spent > 0
    booking = Booking(
        Location.of(tmp_path), ledger=tmp_path / "ledger.db", prices=None, tenant="default", pipeline="p"
    )
    booking.book(run, "retrieval")
    booking.close()
    assert account.ledger.spend()[0] == spent


async def test_an_error_of_the_model_is_passed_on_and_booked(account: CostAccount) -> None:
    class Down(Scripted):
        async def complete(self, request: ChatRequest) -> None:  # type: ignore[override]  # never answers
            raise ChatModelError("down")

    with pytest.raises(ChatModelError, match="down"):
        await chosen(account, small=Down(), large=Down()).complete(ASKED)


def test_every_candidate_needs_a_model(account: CostAccount) -> None:
    policy = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.05)
    with pytest.raises(ConfigurationError, match="'gpt-4o' has no chat model"):
        PolicyChat(policy, {SMALL: Scripted()})
