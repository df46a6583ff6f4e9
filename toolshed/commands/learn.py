"""``toolshed learn`` and ``toolshed forget``: what reported outcomes teach the ranking."""

from dataclasses import asdict
from datetime import UTC, datetime

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options, open_shed
from toolshed.commands.output import print_json, say


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def learn(as_json: bool, at: KnowledgeBaseOptions) -> None:
    """Judge the outcomes that were reported, and let them serve where they gain.

    Each is held back in turn and ranked by the rest; only a state that ranks better than the one that serves
    takes its place.

    \b
    Example:
      toolshed learn --kb ./shed
    """
    with open_shed(at, must_exist=True) as shed:
        report = shed.outcomes.learn()
    if as_json:
        print_json(asdict(report))
        return
    verdict = "serves from now on" if report.serves else "does not serve: it is no better than what does"
    say(
        f"{report.n_examples:,} examples, {report.n_unsupported:,} without support, "
        f"{report.n_distrusted:,} reporters not believed\n"
        f"mean reciprocal rank of held-back examples {report.before:.4f} -> {report.after:.4f}: {verdict}; "
        f"{report.n_serving:,} examples serve"
    )


@click.command()
@click.option("--reporter", help="Those that this key reported.")
@click.option("--tool", "tool_id", help="Those of this tool.")
@click.option("--before", type=click.DateTime(), help="Those last reported before this time (UTC).")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@knowledge_base_options
def forget(
    reporter: str | None,
    tool_id: str | None,
    before: datetime | None,
    everything: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Remove what was learnt from use, at once and for good.

    \b
    Examples:
      toolshed forget --reporter ci-robot
      toolshed forget --tool files:read --before 2026-01-31
      toolshed forget --all
    """
    with open_shed(at, must_exist=True) as shed:
        seconds = None if before is None else before.replace(tzinfo=UTC).timestamp()
        n_gone = shed.usage.forget(reporter=reporter, tool_id=tool_id, before=seconds, everything=everything)
    say(f"forgot {n_gone:,} examples")
