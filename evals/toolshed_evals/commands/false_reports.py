"""``toolshed eval false-reports``."""

from dataclasses import asdict

import click

from toolshed.commands.output import print_json, progress_bar, say


@click.command("false-reports")
@click.argument("dataset")
@click.option(
    "--history",
    "size",
    default=20,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Past requests of each tool.",
)
@click.option(
    "--share",
    default=0.3,
    show_default=True,
    type=click.FloatRange(0, 0.9),
    help="Share of the reports that are false.",
)
@click.option(
    "--wrong",
    default="any",
    show_default=True,
    type=click.Choice(["any", "plausible"]),
    help="Wrong tools: any, or one of the first ten of the search.",
)
@click.option(
    "--reporter",
    default="own",
    show_default=True,
    type=click.Choice(["own", "only"]),
    help="Whose false reports are: a key's that reports nothing else, or the only key's.",
)
@click.option(
    "--limit", default=600, show_default=True, type=click.IntRange(min=1), help="Most requests to measure."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def false_reports(
    dataset: str, size: int, share: float, wrong: str, reporter: str, limit: int, as_json: bool
) -> None:
    """What false reports cost DATASET once toolshed learn has judged them.

    The requests are split as in learning-curve. Five keys report the truth.

    \b
    Example:
      toolshed eval false-reports toole-single --wrong plausible
    """
    from toolshed_evals import false_reports as trials
    from toolshed_evals.datasets import load_dataset

    with progress_bar(f"{dataset} false reports") as tick:
        found = trials.false_reports(
            load_dataset(dataset),
            size,
            share=share,
            wrong="plausible" if wrong == "plausible" else "any",
            reporter="only" if reporter == "only" else "own",
            limit=limit,
            tick=tick,
        )
    if as_json:
        print_json(asdict(found))
        return
    say(f"{found.n_reports:,} reports, {found.n_false:,} false, of which {found.n_believed:,} are believed")
    for name, point in (("none", found.none), ("true", found.true), ("true and false", found.both)):
        figures = "  ".join(f"{key} {value:.4f}" for key, value in point.metrics.items())
        say(f"{name:>15}: {figures}")
