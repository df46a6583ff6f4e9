"""``toolshed eval learning-curve``."""

from dataclasses import asdict

import click

from toolshed.commands.output import print_json, progress_bar, say


@click.command("learning-curve")
@click.argument("dataset")
@click.option(
    "--history",
    "sizes",
    multiple=True,
    type=click.IntRange(0, 1000),
    help="Past requests of each tool; several times for several. 0, 1, 5, 20 and 100 if none.",
)
@click.option("--from", "source", help="Data set that past requests come from; DATASET itself if none.")
@click.option("--pipeline", default="default", show_default=True, type=click.Choice(["default", "instant"]))
@click.option(
    "--limit", default=600, show_default=True, type=click.IntRange(min=1), help="Most requests to measure."
)
@click.option(
    "--enhancements",
    type=click.Path(exists=True, dir_okay=False),
    help="File of enhancements that the tools are indexed with.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def learning_curve(
    dataset: str,
    sizes: tuple[int, ...],
    source: str | None,
    pipeline: str,
    limit: int,
    enhancements: str | None,
    as_json: bool,
) -> None:
    """How well DATASET is served after past requests for each tool.

    Requests are split by their texts; copies of what is measured are left out of the history. The second row
    of figures is of requests without a close twin in the history.

    \b
    Examples:
      toolshed eval learning-curve toole-single
      toolshed eval learning-curve toole-multi --from toole-single --history 0 --history 100
    """
    from toolshed_evals import learning_curve as curves
    from toolshed_evals.datasets import load_dataset

    loaded = load_dataset(dataset)
    history = loaded if source is None else load_dataset(source)
    with progress_bar(f"{dataset} learning") as tick:
        points = curves.learning_curve(
            loaded,
            history,
            sorted(set(sizes)) or [0, 1, 5, 20, 100],
            pipeline="instant" if pipeline == "instant" else "default",
            limit=limit,
            enhancements=enhancements,
            tick=tick,
        )
    if as_json:
        print_json([asdict(point) for point in points])
        return
    say("past/tool  examples  queries  Recall@5  nDCG@5  Compl@5 | no close twin: queries  Recall@5")
    for point in points:
        figures = "  ".join(f"{value:.4f}" for value in point.metrics.values())
        say(
            f"{point.per_tool:>9}  {point.n_examples:>8,}  {point.n_queries:>7,}  {figures} "
            f"| {point.n_far:>5,}  {point.far['recall@5']:.4f}"
        )
