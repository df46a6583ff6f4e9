"""Tools told apart by what they were used for: a softmax regression on the vectors of examples.

    P(t | q) = softmax_t(w_t q)    minimised: - sum_i log P(t_i | q_i) + (lambda / 2) sum_t |w_t|^2

Centroids and neighbours look at each tool by itself; here the weights of a tool are what tells its requests
from those of the tools that are used for nearly the same. The document of a tool is an example of it too.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_hexdigest

from toolshed.vectors import CompactVectors, Scores, Vectors

# Gives ids and vectors of the documents of tools, by those of some encoders that they have.
Documents = Callable[[Iterable[str]], tuple[Sequence[str], Mapping[str, CompactVectors]]]

# Chosen on ToolE dev with 5, 20 and 100 past requests a tool.
_PENALTY = 0.12
_N_EPOCHS, _BATCH, _RATE = 10, 256, 0.25
# What an encoder's vectors count beside those of the others.
_LENGTHS = {"dense": 1.0, "static": 0.7}
# Fitting takes seconds, whatever there is: more tools, those of the fewest examples, have no weights, and of
# more examples fewer epochs are made.
_MOST_TOOLS, _MOST_OPERATIONS = 2_000, 6e10
_SEED = 7


@dataclass(frozen=True, slots=True)
class UsageClasses:
    """The weights of tools.

    Attributes:
        encoders: The encoders whose vectors they are of, in their order.
        tool_ids: The tools that have examples.
        weights: float32 ``[n_tools, dimensions of all encoders together]``.
        documents: Digest of the documents that they were fitted on besides.
    """

    encoders: Sequence[str]
    tool_ids: Sequence[str]
    weights: Vectors
    documents: str = ""

    def logits(self, queries: Mapping[str, Vectors]) -> Scores:
        """Log odds of each tool for each query, but for what is the same for all tools of a query.

        Args:
            queries: float32 ``[n_queries, dimension]`` by encoder.

        Returns:
            float32 ``[n_queries, n_tools]``.
        """
        return np.asarray(_joined(queries, self.encoders) @ self.weights.T)


def fit_classes(
    examples: Mapping[str, Vectors],
    tool_ids: Sequence[str],
    weights: NDArray[np.float64],
    documents: Documents,
    known: UsageClasses | None = None,
) -> UsageClasses:
    """Fit the weights of tools; the same data always gives the same.

    Args:
        examples: Vectors of the requests by encoder, float32 ``[n_examples, dimension]``.
        tool_ids: The tool of each.
        weights: What each counts.
        documents: Vectors of the documents of all tools.
        known: What was fitted on the same examples before; it stays where their documents are the same.
    """
    ids, vectors = documents(examples)
    encoders = [name for name in examples if name in vectors]
    kept = [tool_id for tool_id, _ in Counter(tool_ids).most_common(_MOST_TOOLS)]
    if not encoders:
        return UsageClasses((), (), np.zeros((0, 0), np.float32))
    place = {tool_id: at for at, tool_id in enumerate(kept)}
    taught = [at for at, tool_id in enumerate(tool_ids) if tool_id in place]
    row = {tool_id: at for at, tool_id in enumerate(ids)}
    written = [tool_id for tool_id in kept if tool_id in row]
    rows = np.array([row[tool_id] for tool_id in written], np.int64)
    texts = {name: vectors[name].take(rows).floats() for name in encoders}
    digest = xxh3_64_hexdigest(repr((encoders, written)).encode() + b"".join(map(bytes, texts.values())))
    if known is not None and known.documents == digest:
        return known
    owners = [*(place[tool_ids[at]] for at in taught), *(place[tool_id] for tool_id in written)]
    fitted = _fitted(
        np.concatenate([_joined(examples, encoders)[taught], _joined(texts, encoders)]),
        np.array(owners, np.int64),
        np.append(weights[taught], np.ones(len(written))).astype(np.float32),
        len(kept),
    )
    return UsageClasses(encoders, kept, fitted, digest)


def _joined(vectors: Mapping[str, Vectors], encoders: Sequence[str]) -> Vectors:
    return np.hstack([np.float32(_LENGTHS[name]) * vectors[name] for name in encoders])


def _fitted(rows: Vectors, owners: NDArray[np.int64], counts: NDArray[np.float32], n_tools: int) -> Vectors:
    """Minimise by Adam (Kingma & Ba, 2015) on batches, its rate falling to zero."""
    n, dimension = rows.shape
    weights = np.zeros((n_tools, dimension), np.float32)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    random = np.random.default_rng(_SEED)
    n_steps = _N_EPOCHS * -(-n // _BATCH)
    n_steps = min(n_steps, int(_MOST_OPERATIONS / (4 * min(n, _BATCH) * n_tools * dimension)) + 1)
    order = np.empty(0, np.int64)
    for step in range(1, n_steps + 1):
        if len(order) < min(n, _BATCH):
            order = np.append(order, random.permutation(n))
        batch, order = order[:_BATCH], order[_BATCH:]
        own = rows[batch]
        chances = own @ weights.T
        chances -= chances.max(axis=1, keepdims=True)
        np.exp(chances, out=chances)
        chances /= chances.sum(axis=1, keepdims=True)
        chances[np.arange(len(batch)), owners[batch]] -= 1
        chances *= counts[batch][:, None]
        gradient = chances.T @ own / np.float32(len(batch)) + np.float32(_PENALTY / n) * weights
        first += np.float32(0.1) * (gradient - first)
        second += np.float32(0.001) * (gradient * gradient - second)
        rate = np.float32(_RATE * (1 - (step - 1) / n_steps) / (1 - 0.9**step))
        weights -= rate * first / (np.sqrt(second / np.float32(1 - 0.999**step)) + np.float32(1e-8))
    return weights
