"""Requests that passed, shown to a cheap backbone: the arm "model+examples" (IC-Cache, arXiv 2501.12689)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.choosing.candidates import Candidate
from toolshed.economics.ledger.ledger import Ledger
from toolshed.metering.usage import estimated_tokens

SUFFIX = "+examples"
# Less similar requests distract more than they help.
_MIN_RELEVANCE = 0.3
_USEFULNESS_MASS = 4.0


@dataclass(frozen=True, slots=True)
class Example:
    """A past request and the reply that passed.

    Attributes:
        task_id: The task it is from.
        request: The request.
        reply: The reply.
        relevance: Cosine to the request at hand.
        usefulness: Pass rate of attempts that were shown it, over that of all that were shown any; 1 when
            it was never shown.
    """

    task_id: str
    request: str
    reply: str
    relevance: float
    usefulness: float


@dataclass(frozen=True)
class ExampleStore:
    """Keeps replies, and finds those worth showing.

    Attributes:
        ledger: Where they are kept.
        encode: Turns texts into vectors of length one, float ``[n, dimension]``.
        tenant: Whose requests they are; nobody else is shown them.
        n_examples: Most to show.
        limit: Only the latest of a class are looked at.
    """

    ledger: Ledger
    encode: Callable[[Sequence[str]], NDArray[np.float32]]
    tenant: str = "default"
    n_examples: int = 2
    limit: int = 500

    def keep(self, task_id: str, request: str, reply: str) -> None:
        """Keep a reply; it is shown while its task counts as passed."""
        self.ledger.add_example(task_id, request, reply)

    def choose(self, task_class: str, request: str) -> list[Example]:
        """The examples to show for a request, the most promising first: relevance times learnt usefulness."""
        past = self.ledger.passed_examples(task_class, tenant=self.tenant, limit=self.limit)
        past = [one for one in past if one[1] != request] or past
        if not past:
            return []
        vectors = self.encode([request, *(text for _, text, _ in past)])
        relevance = vectors[1:] @ vectors[0]
        useful = self._usefulness(task_class)
        found = [
            Example(*one, float(score), useful.get(one[0], 1.0))
            for one, score in zip(past, relevance, strict=True)
            if score >= _MIN_RELEVANCE
        ]
        found.sort(key=lambda one: -one.relevance * one.usefulness)
        return found[: self.n_examples]

    def _usefulness(self, task_class: str) -> dict[str, float]:
        shown = self.ledger.shown_examples(task_class, tenant=self.tenant)
        if not shown:
            return {}
        # For s passes of the n attempts that were shown an example, and the rate p of all that saw any:
        # (s + M p) / (n + M) / p, the shrunk pass rate over the usual one.
        overall = (sum(passed for _, passed in shown) + 1) / (len(shown) + 1)
        totals: dict[str, tuple[int, int]] = {}
        for ids, passed in shown:
            for one in ids:
                n_passed, n = totals.get(one, (0, 0))
                totals[one] = (n_passed + passed, n + 1)
        return {
            one: (n_passed + _USEFULNESS_MASS * overall) / (n + _USEFULNESS_MASS) / overall
            for one, (n_passed, n) in totals.items()
        }


def examples_text(examples: Sequence[Example]) -> str:
    """Examples as they are put before a prompt. Fenced: they are data of the past, no instructions."""
    parts = [f"<request>\n{one.request}\n</request>\n<reply>\n{one.reply}\n</reply>" for one in examples]
    return "Past requests and replies that were right:\n" + "\n".join(parts) if parts else ""


def with_examples(candidates: Sequence[Candidate], examples: Sequence[Example]) -> list[Candidate]:
    """Candidates with what their examples cost; arms that show examples are left out when there is none."""
    extra = estimated_tokens(examples_text(examples))
    return [
        Candidate(
            one.model,
            one.arm,
            one.context_window,
            one.supports_tools,
            one.regions,
            one.is_healthy,
            extra if one.name.endswith(SUFFIX) else one.extra_input_tokens,
        )
        for one in candidates
        if examples or not one.name.endswith(SUFFIX)
    ]


def showing_examples(model: str) -> Candidate:
    """The arm that shows a model examples."""
    return Candidate(model, arm=model + SUFFIX)
