"""The story of a task: what was decided and why, what it cost, what came of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from toolshed.economics.ledger.ledger import Ledger


def explain_task(ledger: Ledger, task_id: str) -> str:
    """What was decided for a task, why, what it cost and what came of it.

    Raises:
        UnknownDecisionError: If there is no such task.
    """
    story = ledger.task(task_id)
    task, spent = story["task"], sum((call["cost"] for call in story["calls"]), Decimal(0))
    last = [one for one in story["outcomes"] if one["decision_id"] is None][-1:] or story["outcomes"][-1:]
    state = "outcome unknown" if not last else ("passed" if last[0]["passed"] else "failed")
    lines = [
        f"task {task_id} of {task['tenant']!r}, class {task['task_class']!r}: {state}, ${spent:.9f}",
    ]
    for decision in story["decisions"]:
        lines.append(f"{_time(decision['decided_at'])} attempt {decision['attempt']}: {decision['reason']}")
        lines.append(f"  chosen with probability {decision['propensity']:.3f}" + (
            f", after {', '.join(decision['failed_before'])} failed" if decision["failed_before"] else ""
        ))  # fmt: skip
        lines += [_call_text(c) for c in story["calls"] if c["decision_id"] == decision["decision_id"]]
        lines += [
            f"  {'passed' if o['passed'] else 'failed'}, says {o['source']} at {_time(o['reported_at'])}"
            for o in story["outcomes"]
            if o["decision_id"] == decision["decision_id"]
        ]
    others = [_call_text(call) for call in story["calls"] if call["decision_id"] is None]
    if others:
        lines += ["beside the decisions", *others]
    for outcome in story["outcomes"]:
        if outcome["decision_id"] is None:
            word = "passed" if outcome["passed"] else "failed"
            lines.append(f"the task {word}, says {outcome['source']} at {_time(outcome['reported_at'])}")
    return "\n".join(lines)


def _call_text(call: dict[str, Any]) -> str:
    tokens = f"{call['input_tokens']} + {call['output_tokens']} tokens"
    if call["cached_tokens"]:
        tokens += f" ({call['cached_tokens']} cached)"
    counted = "" if call["usage_source"] == "provider" else f", tokens by {call['usage_source']}"
    error = f", error: {call['error']}" if call["error"] else ""
    return (
        f"  {call['component']} {call['model']}: ${call['cost']:.9f} for {tokens}{counted}; price: "
        f"{call['price_source']}{error}"
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
