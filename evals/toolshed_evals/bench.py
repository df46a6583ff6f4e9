"""``toolshed bench``: speed as ratios, everything measured side by side in one process."""

import time
from collections.abc import Callable, Sequence

import click

from toolshed.commands.output import print_json

# Short rounds in turn: when the machine slows down, it slows down for all contestants.
_ROUNDS = 5

Contestant = Callable[[str], object]


@click.command()
@click.option(
    "--queries", default=200, show_default=True, type=click.IntRange(10, 700), help="How many queries."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench(queries: int, as_json: bool) -> None:
    """Search 4,076 tools one query at a time, against one encoding by sentence-transformers.

    The queries are Seal-Tools test-in; the reference is torch with one thread encoding the whole query once.

    \b
    Example:
      toolshed bench --queries 100
    """
    from toolshed_evals.datasets import load_dataset

    dataset = load_dataset("sealtools-test-in")
    texts = list(dataset.queries.values())
    step = max(1, len(texts) // queries)
    result = _measure(texts[::step][:queries])
    if as_json:
        print_json(result)
    else:
        for name, value in result.items():
            click.echo(f"{name:<50} {value:.3f}")


def _measure(texts: Sequence[str]) -> dict[str, float]:
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer

    from toolshed.backbones.minilm import weights_folder
    from toolshed_evals.datasets import load_dataset
    from toolshed_evals.retrievers import PipelineRetriever

    torch.set_num_threads(1)
    reference = SentenceTransformer(str(weights_folder()), device="cpu")
    dataset = load_dataset("sealtools-test-in")
    with (
        PipelineRetriever("default", encoder_threads=1) as default,
        PipelineRetriever("instant", encoder_threads=1) as instant,
    ):
        default.index(dataset)
        instant.index(dataset)
        contestants: dict[str, Contestant] = {
            "torch": lambda text: reference.encode([text]),
            "default": default.rank,
            "instant": instant.rank,
            "selection": selection(),
        }
        p50 = {name: float(np.median(times)) for name, times in in_rounds(contestants, texts).items()}
    return {
        "sentence-transformers encode p50 ms": p50["torch"],
        "default search p50 ms": p50["default"],
        "instant search p50 ms": p50["instant"],
        "default / sentence-transformers": p50["default"] / p50["torch"],
        "instant / default": p50["instant"] / p50["default"],
        "backbone selection p50 ms, 20 models x 50 classes": p50["selection"],
        "backbone selection / sentence-transformers": p50["selection"] / p50["torch"],
    }


def selection() -> Contestant:
    """A choice among 20 models by the evidence of 50 classes, cascades included."""
    from decimal import Decimal

    import numpy as np

    from toolshed.economics.choosing.candidates import StepFeatures
    from toolshed.economics.choosing.selection import BackboneSelector
    from toolshed.economics.choosing.step_request import StepRequest
    from toolshed.economics.learning.evidence import Evidence, Judgement, TokenCount
    from toolshed.economics.prices.price_file import PriceEntry, PriceFile
    from toolshed.economics.prices.pricing import PriceSheet

    models, rng, evidence = [f"model-{i}" for i in range(20)], np.random.default_rng(0), Evidence()
    for task_class in map(str, range(50)):
        for i, model in enumerate(models):
            for passed in rng.random(30) < 0.6 + 0.02 * i:
                evidence.judge(Judgement(model, task_class, bool(passed), 0.8))
                evidence.count_tokens(TokenCount(model, task_class, 500, 50))
    entries = {
        model: [PriceEntry(input_mtok=Decimal(i + 1), output_mtok=Decimal(4 * i + 4))]
        for i, model in enumerate(models)
    }
    selector = BackboneSelector(PriceSheet(PriceFile(models=entries)), evidence, rng=rng, spend_usd=1e3)
    features = StepFeatures(check_usd=Decimal(0))
    return lambda text: selector.select(StepRequest(str(len(text) % 50), models, features, failure_usd=0.05))


def in_rounds(contestants: dict[str, Contestant], texts: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of each contestant on each query, in rounds of a few queries."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for start in range(_ROUNDS):
        # Every round has queries of its own: vectors of queries are remembered.
        first, *measured = texts[start::_ROUNDS]
        for name, call in contestants.items():
            # Whoever comes next finds the caches as the one before left them; in service nobody does.
            call(first)
            for text in measured:
                started = time.perf_counter()
                call(text)
                times[name].append((time.perf_counter() - started) * 1000)
    return times
