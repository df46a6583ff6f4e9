"""``toolshed eval precision``."""

from dataclasses import asdict

import click

from toolshed.commands.output import print_json, say


@click.command()
@click.argument("datasets", nargs=-1, required=True)
@click.option(
    "--limit", default=1000, show_default=True, type=click.IntRange(1), help="Most queries of each data set."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def precision(datasets: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Compare the default encoder in eight bits with itself in 32, on DATASETS as `eval run` takes them.

    \b
    Example:
      toolshed eval precision toole-multi sealtools-test-in --limit 500
    """
    from toolshed_evals.datasets import load_dataset
    from toolshed_evals.precision import compare_precisions

    rows = []
    if not as_json:
        say("| data set | queries | Recall@5 / @1, 32 bits | 8 bits less that | CPU of search | indexing |")
        say("|---|---|---|---|---|---|")
    for name in datasets:
        row = compare_precisions(load_dataset(name), limit=limit)
        rows.append(asdict(row))
        if not as_json:
            say(
                f"| {row.dataset} | {row.n_queries:,} | {row.recall_5:.3f} / {row.recall_1:.3f} | "
                f"{row.recall_5_change:+.4f} / {row.recall_1_change:+.4f} | {row.search_cpu:.2f} | "
                f"{row.index_cpu:.2f} |"
            )
    if as_json:
        print_json(rows)
