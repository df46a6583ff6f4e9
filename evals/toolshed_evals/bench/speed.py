"""Speed: searches and what they are compared with, in turns in one process."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.blas import few_blas_threads
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.queries import Query
from toolshed.rankings import Selection
from toolshed.stages import Stage, run_blocking
from toolshed_evals.measures import DEPTH
from toolshed_evals.scale import BASE_TOOLS, enlarged

# Short rounds in turn: when the machine slows down, it slows down for all contestants.
_ROUNDS = 5

Contestant = Callable[[str], object]
OurPipeline = Callable[[str], Selection]


@dataclass(frozen=True, slots=True)
class SpeedFigures:
    """Median CPU time of one search over the 4,076 tools of Seal-Tools, everything in turns in one process.

    Attributes:
        n_queries: Queries that were asked.
        p50_ms: Milliseconds by contestant. ``limit`` is one pass of the same transformer in 32 bits over the
            whole query and a product with all tools; ``torch`` that pass by sentence-transformers with one
            thread; ``selection`` a choice among 20 backbones by 50 classes of outcomes.
        load: Load average of the machine meanwhile.
    """

    n_queries: int
    p50_ms: Mapping[str, float]
    load: float

    @property
    def ratios(self) -> dict[str, float]:
        """What is compared."""
        p50 = self.p50_ms
        return {
            "default / limit": p50["default"] / p50["limit"],
            "default / sentence-transformers": p50["default"] / p50["torch"],
            "instant / default": p50["instant"] / p50["default"],
            "backbone selection / sentence-transformers": p50["selection"] / p50["torch"],
        }


def measure_speed(texts: Sequence[str], cache: Path) -> SpeedFigures:
    """Search one query at a time.

    Args:
        texts: The queries.
        cache: Where the indexed data set is kept between runs.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    from toolshed.backbones.minilm import weights_folder

    torch.set_num_threads(1)
    reference = SentenceTransformer(str(weights_folder()), device="cpu")
    with enlarged(BASE_TOOLS, cache) as (_, made_of), few_blas_threads(1):
        contestants = {
            "torch": lambda text: reference.encode([text]),
            "limit": limit(made_of),
            **our_pipelines(made_of),
            "selection": selection(),
        }
        times = in_rounds(contestants, texts)
    p50 = {name: float(np.median(own)) for name, own in times.items()}
    return SpeedFigures(len(texts), p50, os.getloadavg()[0])


def our_pipelines(made_of: Ingredients) -> dict[str, OurPipeline]:
    """``default`` and ``instant`` over the same tools."""
    without_transformer = Ingredients(made_of.index, {"static": made_of.encoders["static"]})
    read: dict[PipelineName, Ingredients] = {"default": made_of, "instant": without_transformer}
    return {name: partial(_search, build_pipeline(name, own)) for name, own in read.items()}


def _search(pipeline: Stage[Query, Selection], text: str) -> Selection:
    return run_blocking(pipeline, Query(text))


def limit(made_of: Ingredients) -> Contestant:
    """What a search with this encoder cannot do without, in 32 bits."""
    encoder = MiniLMEncoder("fp32")
    tools = made_of.index.all_tools().whole_vectors("dense").floats()
    return lambda text: np.argpartition(tools @ encoder.encode([text])[0], -DEPTH)


def selection() -> Contestant:
    """A choice among 20 models by the evidence of 50 classes, cascades included."""
    from decimal import Decimal

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
    """Milliseconds of CPU of each contestant on each query, in rounds of a few queries."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for start in range(_ROUNDS):
        # Every round has queries of its own: vectors of queries are remembered.
        first, *measured = texts[start::_ROUNDS]
        for name, call in contestants.items():
            # Whoever comes next finds the caches as the one before left them; in service nobody does.
            call(first)
            for text in measured:
                started = time.process_time()
                call(text)
                times[name].append((time.process_time() - started) * 1000)
    return times
