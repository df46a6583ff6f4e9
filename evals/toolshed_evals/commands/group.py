"""``toolshed eval``: run, compare, report, fetch, and the legal ones."""

import logging

import click

from toolshed_evals.commands.agents import agents
from toolshed_evals.commands.carry_over import carry_over
from toolshed_evals.commands.compare import compare
from toolshed_evals.commands.endurance import endurance
from toolshed_evals.commands.false_reports import false_reports
from toolshed_evals.commands.fetch import fetch
from toolshed_evals.commands.follow_ups import follow_ups
from toolshed_evals.commands.gateway_delay import gateway_delay
from toolshed_evals.commands.languages import languages
from toolshed_evals.commands.learning_curve import learning_curve
from toolshed_evals.commands.legalbench_rag import legalbench_rag
from toolshed_evals.commands.load import load
from toolshed_evals.commands.openapi import openapi
from toolshed_evals.commands.operations import operations
from toolshed_evals.commands.passage_scale import passage_scale
from toolshed_evals.commands.passages import passages
from toolshed_evals.commands.precision import precision
from toolshed_evals.commands.prompts import prompts
from toolshed_evals.commands.report import report
from toolshed_evals.commands.rights import rights
from toolshed_evals.commands.run import run
from toolshed_evals.commands.safety import safety
from toolshed_evals.commands.scale import scale
from toolshed_evals.commands.sentences import sentences
from toolshed_evals.commands.tune import tune


@click.group(
    name="eval",
    commands=[
        run,
        compare,
        agents,
        carry_over,
        follow_ups,
        learning_curve,
        false_reports,
        report,
        fetch,
        gateway_delay,
        sentences,
        passages,
        passage_scale,
        legalbench_rag,
        endurance,
        languages,
        load,
        openapi,
        operations,
        precision,
        prompts,
        rights,
        safety,
        scale,
        tune,
    ],
)
def evaluate() -> None:
    """Measure retrieval on official and own data sets."""
    # What is left out of a comparison is part of its result; by default only errors are shown.
    logging.getLogger("toolshed_evals").setLevel(logging.WARNING)
