"""Fit what ships: ``python -m toolshed_evals.fitting``. The same data gives the same files."""

import json
from pathlib import Path

import click
import numpy as np

from toolshed.commands.output import say
from toolshed.intra_retrieval import learned_fusion, query_head
from toolshed.post_retrieval import confidence
from toolshed.presets import PIPELINES
from toolshed_evals.dev_catalogs import DEV_CATALOGS, cache_folder
from toolshed_evals.fitting.catalogs import read_catalogs
from toolshed_evals.fitting.fits import (
    fit_confidences,
    fit_enhancements,
    fit_on_all,
    fits_without_each,
)
from toolshed_evals.fitting.refusals import write_refusals


@click.command()
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TOOLSHED_EVAL_CACHE",
    help="Where indexed catalogs are kept between runs; the user's cache folder if none.",
)
@click.option(
    "--refusals-of",
    type=click.Choice(["default", "instant"]),
    help="Fit only when this pipeline refuses, on fewer requests and as it ranks today: a tenth of the time.",
)
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 64))
def main(cache: Path | None, threads: int, refusals_of: str | None) -> None:
    """Fit the head of requests and the learned rankings on all dev catalogs, and write them."""
    if refusals_of:
        (name,) = (one for one in PIPELINES if one == refusals_of)
        found = write_refusals(name, cache or cache_folder(), encoder_threads=threads, watcher=say)
        say(json.dumps(found, indent=1))
        return
    with read_catalogs(
        DEV_CATALOGS, cache or cache_folder(), encoder_threads=threads, watcher=say
    ) as catalogs:
        fit = fit_on_all(catalogs)
        left_out = fits_without_each(catalogs)
        confidences, held = fit_confidences(catalogs, left_out)
        rankings, enhanced = fit_enhancements(catalogs, fit, left_out)
    np.save(query_head.WEIGHTS, fit.head.matrix.astype(np.float16))
    written = {name: ranking.to_json() for name, ranking in rankings.items()}
    learned_fusion.WEIGHTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    confidence.WEIGHTS.write_text(json.dumps(confidences, indent=1) + "\n", encoding="utf-8")
    say(json.dumps(held, indent=1))
    say(json.dumps(enhanced, indent=1))
    say(f"wrote {query_head.WEIGHTS}, {learned_fusion.WEIGHTS} and {confidence.WEIGHTS}")


if __name__ == "__main__":
    main()
