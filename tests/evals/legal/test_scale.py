"""A crowd of passages: made again the same, and searched."""

from pathlib import Path
from typing import Any

import numpy as np

from toolshed.backbones.static import StaticEncoder
from toolshed_evals.legal import scale
from toolshed_evals.legal.scale import Sentences

RANDOM = np.random.default_rng(3)
TEXTS = [f"The court heard witness number {n} at length that day." for n in range(30)]
VECTORS = RANDOM.normal(size=(30, 384)).astype(np.float32)
CROWD = Sentences(TEXTS, VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True))
STATIC = StaticEncoder()


def test_passages_are_recombined_the_same_each_time_and_others_from_another_start() -> None:
    first, again, other = ([*scale.recombined(CROWD, 60, start=n, static=STATIC)] for n in (0, 0, 60))
    assert [one.passage.text for one in first] == [one.passage.text for one in again]
    assert [one.passage.text for one in first] != [one.passage.text for one in other]
    assert len({one.passage.passage_id for one in (*first, *other)}) == 120


def test_a_recombined_passage_holds_its_sentences_where_it_says() -> None:
    for record in scale.recombined(CROWD, 5, start=0, static=STATIC):
        assert all(text in TEXTS for text in record.passage.quotable_texts)
        rows: Any = record.vectors["sentences"]
        assert len(record.passage.quotable) == len(rows)
        dense: Any = record.vectors["dense"]
        np.testing.assert_allclose(np.linalg.norm(dense), 1, atol=1e-5)


def test_each_size_is_measured_on_one_growing_knowledge_base(tmp_path: Path) -> None:
    small, large = scale.scaled([450, 600], CROWD, folder=tmp_path)
    assert (small.n_passages, large.n_passages) == (450, 600)
    # Sentences about witnesses take no answer's place.
    assert small.recall - large.recall < 0.05
    assert small.recall > 0.7
    assert min(small.cpu_ms, small.p50_ms, small.peak_mb) > 0
    assert large.line().split()[0] == "600"
