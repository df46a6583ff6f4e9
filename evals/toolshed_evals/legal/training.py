"""Fit the boundary model: ``python -m toolshed_evals.legal.training`` writes the weights we ship.

``decisions`` is fitted on the twelve decisions of MultiLegalSBD (CC BY 4.0, Brugger, Stürmer, Niklaus,
ICAIL 2023, after Savelka et al., TAL 58(2), 2017) and on ``written_sentences.txt``, which we wrote;
``instruments`` also on the contracts, statutes and terms of ``written/*.train.txt``, which are ours too;
``romance`` on the codes, constitutions and decisions of MultiLegalSBD in French, Italian, Portuguese and
Spanish. Each text is used twice: as it is, and with its lines wrapped as in plain-text and PDF copies,
at half the weight.

Logistic regression with an L2 penalty, by AdaGrad over a fixed order. Only additions, multiplications,
divisions and square roots are used, which IEEE 754 defines to the last bit: the same data give the
same weights on every machine.
"""

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from importlib.resources import files
from math import sqrt
from operator import add
from pathlib import Path
from typing import Literal, get_args

import click

from toolshed.legal.boundary_features import candidates
from toolshed.legal.boundary_model import BoundaryModel, ModelName, Reader, all_features, text_hash
from toolshed_evals.datasets import data_folder
from toolshed_evals.legal.gold import GoldDocument, load_gold

BOUNDARY = "‖"
INSTRUMENT = "instrument"
WrittenSplit = Literal["train", "test", "contract"]
_ATTRIBUTION = (
    "Fitted on MultiLegalSBD (Brugger, Stürmer, Niklaus, ICAIL 2023), CC BY 4.0, after Savelka, Walker, "
    "Grabmair, Ashley, TAL 58(2), 2017, and on sentences written for Toolshed."
)
_WRAPPED_WEIGHT = 0.5
# Our contracts and statutes are few beside the decisions.
_INSTRUMENT_WEIGHT = 3.0
_WRAP_WIDTHS = (66, 72, 78)
_EPOCHS = 40
_RATE = 0.25
_PENALTY = 1.0
# Weights are stored as integers of this many parts; smaller ones are dropped.
_SCALE = 1000
_SMALLEST = 20


@dataclass(frozen=True, slots=True)
class Example:
    """A boundary candidate with its features, whether it is one, and how much it counts."""

    features: tuple[str, ...]
    is_boundary: bool
    weight: float


def written_documents(split: WrittenSplit = "train") -> list[GoldDocument]:
    """Texts that we wrote, marked by ``‖`` after each sentence: for fitting, or kept for judging.

    What is in ``contract`` is kept for judging boundaries alone: our questions are not asked of it.
    """
    folder = files("toolshed_evals.legal")
    texts = [folder.joinpath("written_sentences.txt")] if split == "train" else []
    texts += sorted(
        (file for file in folder.joinpath("written").iterdir() if file.name.endswith(f".{split}.txt")),
        key=lambda file: file.name,
    )
    documents = [
        parse_marked(file.read_text(encoding="utf-8"), file.name.partition(".")[0]) for file in texts
    ]
    return [
        document if document.document_id == "written_sentences" else replace(document, genre=INSTRUMENT)
        for document in documents
    ]


def kept_documents() -> list[GoldDocument]:
    """Texts that we wrote and that no model was fitted on."""
    return [*written_documents("test"), *written_documents("contract")]


def documents_of(model: ModelName, gold: Path | None = None) -> list[GoldDocument]:
    """What a model is fitted on.

    Args:
        model: The model.
        gold: The gold, where it is not in ``TOOLSHED_DATA``.
    """
    if model == "romance":
        return load_gold(gold or data_folder() / "legal_languages")
    written = written_documents()
    decisions = load_gold(gold or data_folder() / "legal")
    return [*decisions, *written] if model == "instruments" else [*decisions, written[0]]


def parse_marked(marked: str, document_id: str) -> GoldDocument:
    """Read a text whose sentences end with ``‖``; the marks are not part of the text."""
    spans, length = [], 0
    pieces = marked.split(BOUNDARY)
    for piece in pieces:
        start = length + len(piece) - len(piece.lstrip())
        end = length + len(piece.rstrip())
        if end > start:
            spans.append((start, end))
        length += len(piece)
    return GoldDocument(document_id, "".join(pieces), tuple(spans), "written")


def wrapped(document: GoldDocument, width: int) -> GoldDocument:
    """The document with its long lines wrapped at single spaces; offsets stay as they are."""
    characters = list(document.text)
    line = space = 0
    for position, character in enumerate(document.text):
        if character == "\n":
            line, space = position + 1, 0
        elif character == " " and document.text[position - 1 : position + 2].count(" ") == 1:
            space = position
        if position - line >= width and space > line:
            characters[space] = "\n"
            line, space = space + 1, 0
    return replace(document, text="".join(characters))


def examples_of(document: GoldDocument, weight: float = 1.0) -> Iterator[Example]:
    """Every candidate of a document, read with the gold sentences as context."""
    starts = {start for start, _ in document.spans}
    ends = {end for _, end in document.spans}
    reader = Reader(document.text)
    for candidate in candidates(document.text):
        if candidate.end <= reader.sentence:
            continue
        is_boundary = candidate.end in ends or candidate.start in starts
        yield Example(tuple(all_features(reader.describe(candidate))), is_boundary, weight)
        if is_boundary:
            reader.begin(candidate.start)


def training_examples(documents: Iterable[GoldDocument]) -> list[Example]:
    """The examples of documents, plain and wrapped."""
    examples: list[Example] = []
    for number, document in enumerate(documents):
        width = _WRAP_WIDTHS[number % len(_WRAP_WIDTHS)]
        weight = _INSTRUMENT_WEIGHT if document.genre == INSTRUMENT else 1.0
        examples += examples_of(document, weight)
        examples += examples_of(wrapped(document, width), _WRAPPED_WEIGHT * weight)
    return examples


def fit(examples: Sequence[Example]) -> tuple[dict[str, int], int]:
    """Weights and bias, in thousandths."""
    counts = Counter(feature for example in examples for feature in example.features)
    names = sorted(counts)
    place_of = {name: place for place, name in enumerate(names)}
    rows = [
        (tuple(place_of[feature] for feature in example.features), float(example.is_boundary), example.weight)
        for example in examples
    ]
    weights, bias = _descended(rows, [float(counts[name]) for name in names])
    kept = {name: round(weight * _SCALE) for name, weight in zip(names, weights, strict=True)}
    return {feature: weight for feature, weight in kept.items() if abs(weight) >= _SMALLEST}, round(
        bias * _SCALE
    )


def _descended(
    rows: Sequence[tuple[tuple[int, ...], float, float]], counts: Sequence[float]
) -> tuple[list[float], float]:
    """Weights of the features, and the bias.

    Args:
        rows: The places of an example's features, what is right, and how much it counts.
        counts: How many examples have the feature: its penalty a pass is shared out over them.
    """
    weights, squares = [0.0] * len(counts), [1e-6] * len(counts)
    bias, bias_squares = 0.0, 1e-6
    order = list(range(len(rows)))
    shuffler = random.Random(7)  # noqa: S311  # an order, not a secret
    for epoch in range(_EPOCHS):
        shuffler.shuffle(order)
        rate = _RATE / (1 + epoch / 8)
        for position in order:
            places, right, counted = rows[position]
            # Added up one after the other: sum() rounds otherwise from Python 3.12 on.
            score = bias + reduce(add, map(weights.__getitem__, places), 0.0)
            error = (_sigmoid(score) - right) * counted
            bias_squares += error * error
            bias -= rate * error / sqrt(bias_squares)
            for place in places:
                weight = weights[place]
                gradient = error + _PENALTY * weight / counts[place]
                squares[place] = square = squares[place] + gradient * gradient
                weights[place] = weight - rate * gradient / sqrt(square)
    return weights, bias


def _sigmoid(score: float) -> float:
    """1 / (1 + exp(-score)); the exponential is (1 + x/1024)^1024, by ten squarings."""
    power = 1 + max(-30.0, min(30.0, -score)) / 1024
    for _ in range(10):
        power *= power
    return 1 / (1 + power)


def fitted_model(documents: Iterable[GoldDocument]) -> BoundaryModel:
    """A model fitted on the documents, as it would be shipped."""
    weights, bias = fit(training_examples(documents))
    return BoundaryModel({name: weight / _SCALE for name, weight in weights.items()}, bias / _SCALE)


def weights_json(documents: Sequence[GoldDocument]) -> str:
    """The file that is shipped: one weight a line, sorted by feature."""
    weights, bias = fit(training_examples(documents))
    content = {
        "attribution": _ATTRIBUTION,
        "fitted_on": [text_hash(document.text) for document in documents],
        "scale": _SCALE,
        "bias": bias,
        "weights": weights,
    }
    return json.dumps(content, indent=0, ensure_ascii=False) + "\n"


@click.command()
@click.option(
    "--gold",
    type=click.Path(exists=True, path_type=Path),
    help="Gold sentences to fit on.  [default: the decisions of TOOLSHED_DATA]",
)
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)
@click.option(
    "--model",
    type=click.Choice(get_args(ModelName)),
    default="decisions",
    show_default=True,
    help="The model to fit: on decisions, on contracts and statutes as well, or on gold of other languages.",
)
def main(gold: Path | None, out: Path, model: ModelName) -> None:
    """Fit a boundary model and write its weights."""
    documents = documents_of(model, gold)
    out.write_text(weights_json(documents), encoding="utf-8")
    click.echo(f"fitted on {len(documents)} documents; wrote {out}")


if __name__ == "__main__":
    main()
