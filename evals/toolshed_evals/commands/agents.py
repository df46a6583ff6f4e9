"""``toolshed eval agents``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import print_json, progress_bar, say

if TYPE_CHECKING:
    from toolshed_evals.agents.models import AgentModel


@click.command()
@click.option("--model", help="Model of the endpoint, or of the recording.")
@click.option("--base-url", help="OpenAI-compatible endpoint; OPENAI_BASE_URL if none.")
@click.option(
    "--rules", is_flag=True, help="No model: an agent by rules, which chooses tools by shared words."
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add every answer of the model to a file.",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the answers from such a file; one that is missing is an error.",
)
@click.option(
    "--distractors",
    default="sealtools-dev",
    show_default=True,
    help="Data set, or its folder, whose definitions fill the catalog up; they cannot be called.",
)
@click.option(
    "--tools", default=1000, show_default=True, type=click.IntRange(1, 100_000), help="Tools in all."
)
@click.option("--k", default=5, show_default=True, type=click.IntRange(1, 50), help="Most tools of a search.")
@click.option("--pipeline", default="default", show_default=True, type=click.Choice(["default", "instant"]))
@click.option(
    "--context-tokens",
    default=128_000,
    show_default=True,
    type=click.IntRange(min=1),
    help="Most tokens of definitions that a request may hold.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only every so many tasks, about N of them.")
@click.option(
    "--priced-as", default="openai:gpt-5-mini", show_default=True, help="Model whose list price is reckoned."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def agents(
    model: str | None,
    base_url: str | None,
    rules: bool,
    record: Path | None,
    replay: Path | None,
    distractors: str,
    tools: int,
    k: int,
    pipeline: str,
    context_tokens: int,
    limit: int | None,
    priced_as: str,
    as_json: bool,
) -> None:
    """Let an agent do tasks with all tools, with ours, and with the right ones given.

    The tools work on a small world (calendar, files, a shop, money, a home), and a task is solved by what it
    has become. Tokens are the provider's where it counts them, and estimated otherwise.

    \b
    Examples:
      toolshed eval agents --rules
      toolshed eval agents --model gpt-5-mini --record agents.jsonl
      toolshed eval agents --model gpt-5-mini --replay agents.jsonl
    """
    from toolshed_evals.agents.arms import Setup, arms_table, run_arms
    from toolshed_evals.agents.sets.every import TASKS

    agent = _agent(model, base_url, rules, record, replay)
    step = 1 if limit is None else max(1, len(TASKS) // limit)
    setup = Setup(
        distractors, tools, context_tokens, k, "instant" if pipeline == "instant" else "default", priced_as
    )
    with progress_bar("agents") as tick:
        results = run_arms(agent, TASKS[::step], setup, tick)
    if as_json:
        print_json({"model": agent.model_id, "arms": [result.summary() for result in results]})
        return
    say(f"agent: {agent.model_id}; {tools:,} tools; prices of {priced_as}\n")
    say(arms_table(results))


def _agent(
    model: str | None, base_url: str | None, rules: bool, record: Path | None, replay: Path | None
) -> "AgentModel":
    from toolshed_evals.agents.models import OpenAIAgent, RecordedAgent, ReplayedAgent
    from toolshed_evals.agents.rules.agent import RuleBasedAgent

    if rules == (model is not None):
        raise click.UsageError("say which agent: --model NAME, or --rules for the one without a model")
    if record is not None and replay is not None:
        raise click.UsageError("--record asks the model and --replay does not; give one of them")
    if (rules and (base_url or record or replay)) or (replay is not None and base_url):
        raise click.UsageError(
            "--base-url, --record and --replay are of a --model, and no endpoint is replayed"
        )
    if model is None:
        return RuleBasedAgent()
    if replay is not None:
        return ReplayedAgent(model, replay)
    asked = OpenAIAgent(model, base_url)
    return asked if record is None else RecordedAgent(asked, record)
