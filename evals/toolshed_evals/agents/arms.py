"""All arms over one catalog, and what they come to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from toolshed.adapters.equipping import AgentTools
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.economics.reporting.cost_of_pass import CostOfPass, Trial, cost_of_pass
from toolshed.options import PipelineName, Progress
from toolshed.shed.shed import Toolshed
from toolshed_evals.agents.catalog import build_catalog
from toolshed_evals.agents.equipment import Equipment, GivenTools, LoadedTools, SearchTool
from toolshed_evals.agents.functions.every import functions_of
from toolshed_evals.agents.models import AgentModel
from toolshed_evals.agents.runs import AgentRun, AgentRunner
from toolshed_evals.agents.tasks import Task
from toolshed_evals.agents.world import World


@dataclass(frozen=True, slots=True)
class Setup:
    """What all arms share.

    Attributes:
        distractors: Data set that the catalog is filled up from.
        n_tools: Tools of the catalog.
        context_tokens: Most tokens of definitions that a model is sent; an arm that needs more is left out.
        k: Most tools of a search.
        pipeline: The pipeline that searches.
        priced_as: Model whose list price the tokens are reckoned at.
    """

    distractors: str
    n_tools: int
    context_tokens: int
    k: int
    pipeline: PipelineName
    priced_as: str


@dataclass(frozen=True, slots=True)
class ArmResult:
    """What one arm came to.

    Attributes:
        arm: Its name.
        runs: One for each task.
        cost: Its cost-of-pass at list prices, with its interval.
        left_out: Why it was not run; empty where it was.
    """

    arm: str
    runs: Sequence[AgentRun] = ()
    cost: CostOfPass | None = None
    left_out: str = ""

    def solved(self, kind: str = "") -> tuple[int, int]:
        """How many tasks of a kind were solved, and how many there are; of all kinds when none is given."""
        some = [run for run in self.runs if not kind or run.kind == kind]
        return sum(run.is_solved for run in some), len(some)

    def summary(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        if self.cost is None:
            return {"arm": self.arm, "left_out": self.left_out}
        n_solved = self.solved()[0]
        searches = sum(run.n_searches for run in self.runs if run.is_solved)
        return {
            "arm": self.arm,
            "solved": n_solved,
            "tasks": len(self.runs),
            "solved_by_kind": {kind: self.solved(kind) for kind in ("single", "multi", "none")},
            "requests_per_task": _mean([run.n_requests for run in self.runs]),
            "definition_tokens_per_task": _mean([run.definition_tokens for run in self.runs]),
            "input_tokens": self.cost.input_tokens,
            "output_tokens": self.cost.output_tokens,
            "searches_per_solved_task": searches / n_solved if n_solved else math.nan,
            "failed_calls_per_task": _mean([run.n_failed_calls for run in self.runs]),
            "cache_tokens_lost_per_task": _mean([run.lost_tokens for run in self.runs]),
            "spend_usd": self.cost.spend_usd,
            "cost_of_pass_usd": self.cost.cost_of_pass_usd,
            "interval_usd": [self.cost.low, self.cost.high],
            "unsolved": [run.task_id for run in self.runs if not run.is_solved],
        }


def run_arms(model: AgentModel, tasks: Sequence[Task], setup: Setup, tick: Progress) -> list[ArmResult]:
    """Run all tasks in every arm.

    Args:
        model: What answers as the agent.
        tasks: The tasks.
        setup: What the arms share.
        tick: Told after each task.

    Raises:
        ConfigurationError: If the catalog cannot be made.
        ChatModelError: If the model gave no answer.
        UnknownModelError: If the model that is reckoned with has no price.
    """
    with TemporaryDirectory(prefix="toolshed-agents-") as folder:
        world = World(Path(folder) / "world")
        functions = functions_of(world)
        with Toolshed(Path(folder) / "shed", pipeline=setup.pipeline) as shed:
            build_catalog(shed, functions, setup.distractors, setup.n_tools)
            source = AgentTools(shed, setup.k)
            everything, right = GivenTools(source, "all tools"), GivenTools(source, "right tools given")
            everything.give(source.everything())
            arms: list[Equipment] = [everything, SearchTool(source), LoadedTools(source), right]
            results = []
            for n_arm, arm in enumerate(arms):
                if arm is everything and arm.definition_tokens > setup.context_tokens:
                    results.append(ArmResult(arm.name, left_out=_too_much(arm, setup)))
                    continue
                runner = AgentRunner(model, arm, world, functions)
                runs = []
                for n_task, task in enumerate(tasks):
                    if arm is right:
                        right.give(source.named(task.tools))
                    runs.append(runner.run(task))
                    tick(n_arm * len(tasks) + n_task + 1, len(arms) * len(tasks))
                results.append(ArmResult(arm.name, runs, _cost(arm.name, runs, setup.priced_as)))
    return results


def _too_much(arm: Equipment, setup: Setup) -> str:
    return (
        f"its {arm.definition_tokens:,} tokens of definitions are more than the {setup.context_tokens:,} of "
        "the context"
    )


def _cost(arm: str, runs: Sequence[AgentRun], priced_as: str) -> CostOfPass:
    prices, now = PriceSheet(), datetime.now(UTC)
    trials = [
        Trial(
            arm,
            float(sum(prices.price_call(priced_as, usage, now).cost_usd for usage in run.usages)),
            run.is_solved,
            run.task_id,
            len(run.usages),
            sum(usage.input_tokens for usage in run.usages),
            sum(usage.output_tokens for usage in run.usages),
        )
        for run in runs
    ]
    return cost_of_pass(trials, arm)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def arms_table(results: Sequence[ArmResult]) -> str:
    """A Markdown table with a row for each arm."""
    head = (
        "arm | solved | single | multi | no tool | requests | definition tokens | searches per solved | "
        "failed calls | cache tokens lost | $ per 1,000 tasks | $ per 1,000 passes [95 %]"
    ).split(" | ")
    rows = [_row(result) for result in results]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows))


def _row(result: ArmResult) -> list[str]:
    if result.cost is None:
        return [result.arm, f"left out: {result.left_out}", *["-"] * 10]
    told, n = result.summary(), len(result.runs)
    kinds = ["{}/{}".format(*result.solved(kind)) for kind in ("single", "multi", "none")]
    passes = [1000 * usd for usd in (told["cost_of_pass_usd"], *told["interval_usd"])]
    return [
        result.arm,
        f"{told['solved']}/{n}",
        *kinds,
        f"{told['requests_per_task']:.1f}",
        f"{told['definition_tokens_per_task']:,.0f}",
        f"{told['searches_per_solved_task']:.2f}",
        f"{told['failed_calls_per_task']:.2f}",
        f"{told['cache_tokens_lost_per_task']:,.0f}",
        f"{1000 * told['spend_usd'] / n:.2f}",
        "{:.2f} [{:.2f}, {:.2f}]".format(*passes),
    ]
