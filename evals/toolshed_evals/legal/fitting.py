"""Fit how passages are ranked and when nothing answers: ``python -m toolshed_evals.legal.fitting``.

The dev questions of our own corpus say which passages answer. Weights of features are fitted by the softmax
over the candidates of each question (Cao et al., ICML 2007), then brought to log odds by one scale and one
offset; the confidence is a logistic regression over all questions, those without an answer included. Printed
are the numbers of :mod:`toolshed.presets`, and what questions about documents that the fit never saw come to.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import click
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from toolshed.intra_retrieval.passage_features import PassageFeatures, evidence_of
from toolshed.intra_retrieval.passage_search import WeighedPassage
from toolshed.options import PassageArguments, PipelineName, checked
from toolshed.shed.shed import Toolshed
from toolshed_evals.legal.legalbench_rag import LegalBenchmark, character_scores, own_benchmark

NAMES = tuple(one.name for one in fields(PassageFeatures))
EVIDENCE = ("sentence", "words")
_PENALTY = 0.02
# What speaks against a passage; everything else may only speak for it.
_AGAINST = frozenset({"front_matter"})
_MAX_CANDIDATES = 40


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with its candidates, and how much of the answer each of them holds.

    Attributes:
        features: float64 ``[n_candidates, n_features]``.
        recall: float64 ``[n_candidates]``, zeros where the question has no answer.
        document: The document with the answer; empty where there is none.
    """

    features: NDArray[np.float64]
    recall: NDArray[np.float64]
    document: str


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights as presets have them."""

    intercept: float
    weights: NDArray[np.float64]
    answered_intercept: float
    answered: NDArray[np.float64]


def judged_questions(benchmark: LegalBenchmark, pipeline: PipelineName) -> list[Judged]:
    """Every question of a benchmark with what a knowledge base of its documents offers."""
    options = checked(PassageArguments, {})
    with tempfile.TemporaryDirectory() as folder, Toolshed(folder, pipeline=pipeline) as shed:
        shed.add_documents(*benchmark.documents)
        finder = shed.passages.finder
        found = []
        for query in benchmark.queries:
            asked, _ = finder.asked(query.query, options)
            candidates = finder.search.candidates(asked, limit=_MAX_CANDIDATES)
            document = query.gold[0][0] if query.gold else ""
            found.append(Judged(_matrix(candidates), _recall(candidates, query.gold), document))
        return found


def _matrix(candidates: Sequence[WeighedPassage]) -> NDArray[np.float64]:
    return np.array([[getattr(one.features, name) for name in NAMES] for one in candidates], np.float64)


def _recall(
    candidates: Sequence[WeighedPassage], gold: Sequence[tuple[str, int, int]]
) -> NDArray[np.float64]:
    spans = [(one.passage.document_id, one.passage.start, one.passage.end) for one in candidates]
    return np.array([character_scores([span], gold)[1] if gold else 0.0 for span in spans], np.float64)


def fitted(questions: Sequence[Judged]) -> Fit:
    """Fit both regressions."""
    answerable = [one for one in questions if one.recall.sum() > 0]
    weights = _ranking_weights(answerable)
    scores = np.concatenate([one.features @ weights for one in answerable])
    is_answer = np.concatenate([one.recall > 0 for one in answerable])
    intercept, (slope,) = _logistic(scores[:, None], is_answer, is_balanced=False)
    weights, rows = weights * slope, []
    for one in questions:
        rows.append(_evidence(one))
    has_answer = [bool(one.document) for one in questions]
    # A question is taken to be answered as often as not.
    offset, answered = _logistic(np.array(rows), np.array(has_answer), is_balanced=True)
    return Fit(intercept, weights, offset, answered)


def _logistic(
    features: NDArray[np.float64], is_true: NDArray[np.bool_], *, is_balanced: bool
) -> tuple[float, NDArray[np.float64]]:
    """Logistic regression on standardised features with an L2 penalty of one half; intercept and weights."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    rows = np.column_stack([np.ones(len(features)), (features - mean) / deviation])
    target = is_true.astype(np.float64)
    share = target.mean()
    cost = np.where(is_true, 0.5 / share, 0.5 / (1 - share)) if is_balanced else np.ones(len(rows))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = rows @ weights
        penalised = np.concatenate([[0.0], weights[1:]])
        value = float((cost * (np.logaddexp(0, scores) - target * scores)).sum())
        gradient = rows.T @ (cost * (1 / (1 + np.exp(-scores)) - target))
        return value + 0.5 * float(penalised @ penalised), gradient + penalised

    fit = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x
    weights = np.asarray(fit[1:] / deviation)
    return float(fit[0] - weights @ mean), weights


def _ranking_weights(questions: Sequence[Judged]) -> NDArray[np.float64]:
    scale = np.concatenate([one.features for one in questions]).std(axis=0) + 1e-9
    wanted = [(one.features / scale, one.recall / one.recall.sum()) for one in questions]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = 0.0, np.zeros_like(weights)
        for features, target in wanted:
            scores = features @ weights
            odds = np.exp(scores - scores.max())
            shares = odds / odds.sum()
            total -= float((target * np.log(shares + 1e-12)).sum())
            gradient -= (target - shares) @ features
        n = len(wanted)
        return total / n + _PENALTY * float(weights @ weights), gradient / n + 2 * _PENALTY * weights

    bounds = [(None, 0.0) if name in _AGAINST else (0.0, None) for name in NAMES]
    start = np.zeros(len(NAMES))
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x / scale)


def _evidence(question: Judged) -> list[float]:
    evidence = evidence_of([PassageFeatures(*row) for row in question.features.tolist()])
    return [evidence[name] for name in EVIDENCE]


def confidence(fit: Fit, question: Judged) -> float:
    """The confidence that a question is answered."""
    log_odds = fit.answered_intercept + float(np.dot(_evidence(question), fit.answered))
    return float(1 / (1 + np.exp(-log_odds)))


def recall_at(fit: Fit, question: Judged, k: int) -> float:
    """Share of the answer in the first k passages; passages do not overlap."""
    best = np.argsort(-(question.features @ fit.weights), kind="stable")[:k]
    return float(question.recall[best].sum())


def left_out(questions: Sequence[Judged]) -> Mapping[str, float]:
    """Recall, and the area under the curve of the confidence, where no document was fitted on.

    Questions without an answer are left out in ten parts.
    """
    groups = [one.document or f"none {row % 10}" for row, one in enumerate(questions)]
    at_one, at_four, told = [], [], []
    for group in dict.fromkeys(groups):
        fit = fitted([one for one, own in zip(questions, groups, strict=True) if own != group])
        for one, own in zip(questions, groups, strict=True):
            if own == group:
                told.append((bool(one.document), confidence(fit, one)))
                if one.document:
                    at_one.append(recall_at(fit, one, 1))
                    at_four.append(recall_at(fit, one, 4))
    yes, no = [c for has, c in told if has], [c for has, c in told if not has]
    auroc = np.mean([(a > b) + (a == b) / 2 for a in yes for b in no])
    lowest = sorted(yes)
    return {
        "recall@1": float(np.mean(at_one)),
        "recall@4": float(np.mean(at_four)),
        "auroc": float(auroc),
        "least 2 % of answered": lowest[len(lowest) // 50],
        "least 15 % of answered": lowest[len(lowest) * 15 // 100],
    }


@click.command()
@click.option("--pipeline", default="default", type=click.Choice(["default", "instant"]), show_default=True)
def main(pipeline: PipelineName) -> None:
    """Print the numbers of a preset, and what they come to where a document was left out."""
    questions = judged_questions(own_benchmark("dev"), pipeline)
    fit = fitted(questions)
    click.echo(f"intercept={fit.intercept:.3f}")
    for name, weight in zip(NAMES, fit.weights, strict=True):
        click.echo(f'    "{name}": {weight:.3f},')
    click.echo(f"answered: {fit.answered_intercept:.3f}")
    for name, weight in zip(EVIDENCE, fit.answered, strict=True):
        click.echo(f'    "{name}": {weight:.3f},')
    for name, value in left_out(questions).items():
        click.echo(f"{name}: {value:.3f}")


if __name__ == "__main__":
    main()
