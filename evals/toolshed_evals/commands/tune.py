"""``toolshed eval tune``."""

from dataclasses import asdict
from pathlib import Path

import click

from toolshed.commands.output import print_json, say
from toolshed_evals.commands.carry_over import CATALOG_NAMES


@click.command()
@click.option(
    "--catalog", "catalogs", multiple=True, type=click.Choice(CATALOG_NAMES), help="Only these catalogs."
)
@click.option("--pipeline", default="default", show_default=True, type=click.Choice(["default", "instant"]))
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TOOLSHED_EVAL_CACHE",
    help="Where indexed catalogs are kept between runs; the user's cache folder if none.",
)
@click.option(
    "--threads", default=1, show_default=True, type=click.IntRange(1, 64), help="Threads of the encoder."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tune(catalogs: tuple[str, ...], pipeline: str, cache: Path | None, threads: int, as_json: bool) -> None:
    """Tune dev catalogs on one half of their requests, and judge on the other half.

    \b
    Examples:
      toolshed eval tune
      toolshed eval tune --catalog sample --pipeline instant
    """
    from toolshed_evals.dev_catalogs import DEV_CATALOGS, cache_folder
    from toolshed_evals.tuning import tuned_catalogs

    found = tuned_catalogs(
        [catalog for catalog in DEV_CATALOGS if not catalogs or catalog.name in catalogs],
        "instant" if pipeline == "instant" else "default",
        cache=cache or cache_folder(),
        encoder_threads=threads,
        watcher=lambda done: say(done, err=True),
    )
    if as_json:
        print_json([asdict(one) for one in found])
        return
    say("| catalog | tuned on | judged on | Recall@5 | gain (95 %) | nDCG@10 | serves |")
    say("|---" * 7 + "|")
    for one in found:
        gain = f"{one.recall[1] - one.recall[0]:+.4f} ({one.interval[0]:+.4f}, {one.interval[1]:+.4f})"
        say(
            f"| {one.name} | {one.n_tuned:,} | {one.n_judged:,} | {one.recall[0]:.4f} -> {one.recall[1]:.4f} "
            f"| {gain} | {one.ndcg[0]:.4f} -> {one.ndcg[1]:.4f} | {', '.join(one.changes) or 'as shipped'} |"
        )
