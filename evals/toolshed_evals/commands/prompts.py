"""``toolshed eval prompts``."""

from dataclasses import asdict
from pathlib import Path

import click

from toolshed.commands.output import print_json, progress_bar, say
from toolshed_evals.commands.run import PIPELINE_NAMES


@click.command()
@click.argument("dataset")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON Lines that prompts are added to.",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The replies so far: the prompts that come after them are written.",
)
@click.option("--model", default="any", show_default=True, help="Whose replies are wanted; part of the keys.")
@click.option("--pipeline", default="default", show_default=True, type=click.Choice(PIPELINE_NAMES[:-1]))
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N queries.")
@click.option(
    "--enhancements",
    type=click.Path(exists=True, dir_okay=False),
    help="File of enhancements that the tools are indexed with.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def prompts(
    dataset: str,
    out: Path,
    replay: Path | None,
    model: str,
    pipeline: str,
    limit: int | None,
    enhancements: str | None,
    as_json: bool,
) -> None:
    """Write the prompts that a run over DATASET would send: planning, rerank, reflection.

    A line has the prompt and its key; a reply is the same line with "reply". A later prompt depends on the
    replies to earlier ones, so they come in rounds: answer what was written, and write again with --replay
    until no query waits. "eval run --replay" then measures.

    \b
    Examples:
      toolshed eval prompts toole-multi --out prompts.jsonl
      toolshed eval prompts toole-multi --out prompts.jsonl --replay replies.jsonl
      toolshed eval run toole-multi --replay replies.jsonl
    """
    from toolshed_evals.datasets import load_dataset
    from toolshed_evals.prompts import write_prompts

    with progress_bar(f"{dataset} prompts") as tick:
        found = write_prompts(
            load_dataset(dataset),
            pipeline,
            out,
            model_id=model,
            replay=replay,
            limit=limit,
            enhancements=enhancements,
            tick=tick,
        )
    if as_json:
        print_json(asdict(found))
        return
    kinds = ", ".join(f"{n:,} {component}" for component, n in sorted(found.by_component.items()))
    say(f"{found.n_written:,} new prompts in {str(out)!r} (in all: {kinds or 'none'})")
    if found.n_waiting:
        say(f"{found.n_waiting:,} queries wait for replies, {found.n_whole:,} are whole")
    else:
        say(f"no query waits; now: toolshed eval run {dataset} --replay {replay or 'FILE'}")
