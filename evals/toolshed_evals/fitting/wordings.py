"""Fit the scanner's learned wordings: ``python -m toolshed_evals.fitting.wordings``.

The threshold is set on catalogs that a fit has not seen, family by family; what is found of kinds of attacks,
and of styles, is judged on fits that have not seen them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack, vstack

from toolshed.commands.output import say
from toolshed.safety import learned_wordings
from toolshed.safety.instructions import instructions_in
from toolshed.safety.learned_wordings import N_PARTS, N_WORDS, hashed_features, mean_vectors, sentences_of
from toolshed.safety.places import places_of
from toolshed.safety.signs import signs_in
from toolshed.types import ToolDefinition
from toolshed_evals.dev_catalogs import DEV_CATALOGS
from toolshed_evals.poisoned.sentences import harmless_sentences, poisoned_sentences

Floats = NDArray[np.float64]
# Share of the tools of unseen catalogs that may be told.
MOST_ALARMS = 0.01
_PENALTY = 0.1
_WEIGHT_POISONED, _WEIGHT_HARMLESS = 10.0, 5.0
_ROUNDS = 80


@dataclass(frozen=True, slots=True)
class _Sentences:
    """Sentences of one origin.

    Attributes:
        features: One row each.
        weight: How much each counts.
        label: 1 for such as order a model about.
    """

    features: csr_matrix
    weight: float
    label: int


@dataclass(frozen=True, slots=True)
class _Catalogs:
    """The sentences of all catalogs, each once, and where they stand.

    Attributes:
        features: One row each.
        families: Of each sentence, the families of the catalogs that it stands in.
        tools: Of each tool, its family and the numbers of its sentences.
    """

    features: csr_matrix
    families: Sequence[frozenset[str]]
    tools: Sequence[tuple[str, Sequence[int]]]


@click.command()
def main() -> None:
    """Fit on all that there is, and say what fits find of what they have not seen."""
    written = poisoned_sentences()
    poisoned = _features([one.text for one in written])
    harmless = _Sentences(_features(list(harmless_sentences())), _WEIGHT_HARMLESS, 0)
    catalogs = _read_catalogs()
    threshold = _threshold(catalogs, poisoned, harmless)
    benign = _Sentences(catalogs.features, 1.0, 0)
    _write(_fit(_Sentences(poisoned, _WEIGHT_POISONED, 1), benign, harmless), threshold)
    by_rule = [bool(instructions_in(one.text) or list(signs_in(one.text))) for one in written]
    say(f"rules find {np.mean(by_rule):.1%} of the sentences")
    for what in ("kind", "style"):
        groups = np.array([getattr(one, what) for one in written])
        told = _found_unseen(poisoned, groups, benign, harmless) > threshold
        shares = {str(group): float(told[groups == group].mean()) for group in np.unique(groups)}
        say(f"each {what} left out: {told.mean():.1%} of sentences are told; {_line(shares)}")


def _line(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())


def _write(weights: Floats, threshold: float) -> None:
    n_hashed = N_WORDS + N_PARTS
    np.savez_compressed(
        learned_wordings.WEIGHTS,
        hashed=weights[:n_hashed].astype(np.float16),
        vector=weights[n_hashed:-1].astype(np.float16),
        bias=np.float32(weights[-1]),
        threshold=np.float32(threshold),
    )
    say(f"wrote {learned_wordings.WEIGHTS}, with the threshold {threshold:.2f}")


def _threshold(catalogs: _Catalogs, poisoned: csr_matrix, harmless: _Sentences) -> float:
    """From which log odds on so many tools of catalogs are told whose family the fit has not seen."""
    worst: list[float] = []
    shares: dict[str, Floats] = {}
    for family in sorted({family for family, _ in catalogs.tools}):
        others = np.flatnonzero([family not in some for some in catalogs.families])
        weights = _fit(
            _Sentences(poisoned, _WEIGHT_POISONED, 1), _Sentences(catalogs.features[others], 1.0, 0), harmless
        )
        odds = _log_odds(weights, catalogs.features)
        found = [
            max((float(odds[one]) for one in numbers), default=-np.inf)
            for of, numbers in catalogs.tools
            if of == family
        ]
        shares[family] = np.array(found)
        worst += found
    threshold = float(np.quantile(worst, 1 - MOST_ALARMS))
    alarms = {family: float((found > threshold).mean()) for family, found in shares.items()}
    say(
        f"each family of catalogs left out: {MOST_ALARMS:.1%} of {len(worst):,} tools are told; "
        f"{_line(alarms)}"
    )
    return threshold


def _found_unseen(
    poisoned: csr_matrix, groups: NDArray[np.str_], benign: _Sentences, harmless: _Sentences
) -> Floats:
    """The log odds of each sentence by a fit that has seen none of its group."""
    found = np.zeros(len(groups))
    for group in np.unique(groups):
        is_out = groups == group
        weights = _fit(_Sentences(poisoned[np.flatnonzero(~is_out)], _WEIGHT_POISONED, 1), benign, harmless)
        found[is_out] = _log_odds(weights, poisoned[np.flatnonzero(is_out)])
    return found


def _fit(*parts: _Sentences) -> Floats:
    """Logistic regression with a squared penalty; the bias is the last weight, and has none."""
    features = vstack([part.features for part in parts]).tocsr()
    labels = np.concatenate([np.full(part.features.shape[0], float(part.label)) for part in parts])
    counted = np.concatenate([np.full(part.features.shape[0], part.weight) for part in parts])

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = _log_odds(weights, features)
        missed = counted * (1 / (1 + np.exp(-odds)) - labels)
        value = float((counted * (np.logaddexp(0.0, odds) - labels * odds)).sum())
        slope = np.append(features.T @ missed, missed.sum())
        slope[:-1] += _PENALTY * weights[:-1]
        return value + _PENALTY / 2 * float(weights[:-1] @ weights[:-1]), slope

    start = np.zeros(features.shape[1] + 1)
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS}).x)


def _log_odds(weights: Floats, features: csr_matrix) -> Floats:
    return np.asarray(features @ weights[:-1] + weights[-1])


def _features(sentences: Sequence[str]) -> csr_matrix:
    rows = [hashed_features(one) for one in sentences]
    values = np.concatenate([np.full(len(row), max(1.0, len(row)) ** -0.5) for row in rows])
    starts = np.cumsum([0, *map(len, rows)])
    shape = (len(rows), N_WORDS + N_PARTS)
    hashed = csr_matrix((values, np.concatenate(rows), starts), shape=shape)
    return hstack([hashed, csr_matrix(mean_vectors(sentences).astype(np.float64))]).tocsr()


def _read_catalogs() -> _Catalogs:
    number: dict[str, int] = {}
    families: list[set[str]] = []
    tools: list[tuple[str, Sequence[int]]] = []
    for catalog in DEV_CATALOGS:
        for tool in catalog.load().catalog.tools:
            numbers = []
            for sentence in _sentences(tool):
                if sentence not in number:
                    number[sentence] = len(families)
                    families.append(set())
                families[number[sentence]].add(catalog.family)
                numbers.append(number[sentence])
            tools.append((catalog.family, numbers))
    return _Catalogs(_features(list(number)), [frozenset(one) for one in families], tools)


def _sentences(tool: ToolDefinition) -> Iterator[str]:
    for place in places_of(tool):
        if not place.is_name:
            yield from sentences_of(place.text)


if __name__ == "__main__":
    main()
