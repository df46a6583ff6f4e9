"""The command ``toolshed cost select``."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from toolshed.commands.cost.books import Books, books_options
from toolshed.commands.output import print_json, say

if TYPE_CHECKING:
    from toolshed.economics.choosing.selection import Selection


@click.command()
@click.argument("task_class")
@click.argument("models", nargs=-1, required=True)
@click.option("--failure-price", type=click.FloatRange(min=0), help="Dollars that a failed task costs.")
@click.option(
    "--floor",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Pass rate that a model must be certified at.",
)
@click.option("--incumbent", help="Model to use while none is certified.")
@click.option("--input-tokens", type=click.IntRange(min=0), help="Tokens of the prompt, if known.")
@click.option("--check", type=click.FloatRange(min=0), help="Dollars of a check that allows another attempt.")
@click.option("--tenant", help="Whose evidence counts.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@books_options
def select(
    books: Books,
    task_class: str,
    models: tuple[str, ...],
    failure_price: float | None,
    floor: float | None,
    incumbent: str | None,
    input_tokens: int | None,
    check: float | None,
    tenant: str | None,
    as_json: bool,
) -> None:
    """Which of MODELS would be called for a task of TASK_CLASS, and why. Books nothing.

    \b
    Examples:
      toolshed cost select billing gpt-4o-mini gpt-4o --failure-price 0.05
      toolshed cost select billing gpt-4o-mini gpt-4o --floor 0.9 --incumbent gpt-4o
    """
    from decimal import Decimal

    from toolshed.economics.choosing.candidates import StepFeatures
    from toolshed.economics.choosing.step_request import StepRequest

    features = StepFeatures(
        input_tokens=input_tokens, check_usd=None if check is None else Decimal(str(check))
    )
    with books.opened(tenant=tenant) as account:
        chosen = account.select(
            StepRequest(task_class, models, features, floor, failure_price, incumbent=incumbent)
        )
    if as_json:
        print_json(_selection_json(chosen))
    else:
        _echo_selection(chosen)


def _selection_json(chosen: "Selection") -> dict[str, Any]:
    return {
        "model": chosen.model,
        "cascade": list(chosen.cascade),
        "cost_usd": chosen.cost_usd,
        "pass_probability": chosen.pass_probability,
        "propensity": chosen.propensity,
        "is_explored": chosen.is_explored,
        "reason": chosen.reason,
        "candidates": [asdict(one) for one in chosen.weighed],
    }


def _echo_selection(chosen: "Selection") -> None:
    say(chosen.reason)
    width = max(len(one.arm) for one in chosen.weighed)
    for one in chosen.weighed:
        say(
            f"  {one.arm:<{width}}  {one.verdict:<13}  ${one.cost_usd:.6f}  "
            f"passes {one.pass_probability:>6.1%}  in all ${one.expected_usd:.6f}  "
            f"chosen {one.probability:>6.1%}" + (f"  {one.why_not}" if one.why_not else "")
        )
