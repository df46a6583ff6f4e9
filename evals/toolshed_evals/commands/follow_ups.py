"""``toolshed eval follow-ups``."""

from dataclasses import asdict

import click

from toolshed.commands.output import print_json, progress_bar, say


@click.command("follow-ups")
@click.argument("dataset")
@click.option("--pipeline", default="default", show_default=True, type=click.Choice(["default", "instant"]))
@click.option(
    "--limit", default=500, show_default=True, type=click.IntRange(min=1), help="Most turns of each kind."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def follow_ups(dataset: str, pipeline: str, limit: int, as_json: bool) -> None:
    """What the turn before is worth to a request that goes on, and costs one that stands alone.

    Both kinds are made by rule from the requests of DATASET.

    \b
    Examples:
      toolshed eval follow-ups toole-single-dev
      toolshed eval follow-ups sealtools-dev --pipeline instant
    """
    from toolshed_evals.datasets import load_dataset
    from toolshed_evals.follow_ups import measure_follow_ups

    with progress_bar(f"{dataset} follow-ups") as tick:
        found = measure_follow_ups(
            load_dataset(dataset),
            pipeline="instant" if pipeline == "instant" else "default",
            limit=limit,
            tick=tick,
        )
    if as_json:
        print_json([asdict(one) for one in found])
        return
    say("turn          turns  changed | Recall@1 alone  with history | Recall@5 alone  with history")
    for one in found:
        figures = (one.without["recall@1"], one.with_history["recall@1"],
                   one.without["recall@5"], one.with_history["recall@5"])  # fmt: skip
        shown = "{:>14.4f}  {:>12.4f} | {:>14.4f}  {:>12.4f}".format(*figures)
        say(f"{one.kind:<13} {one.n_turns:>5,}  {one.n_changed:>7,} | {shown}")
