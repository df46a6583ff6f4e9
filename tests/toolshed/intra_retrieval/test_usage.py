"""What examples add to the scores of tools, beside a computation with every document as floats."""

import numpy as np
import pytest

from toolshed.backbones.embedding import normalise
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.catalog_documents import IndexedDocuments
from toolshed.intra_retrieval.channels import ScoringIndex
from toolshed.intra_retrieval.usage import UsageIndex
from toolshed.knowledge_base.examples import UsageExample
from toolshed.presets import STATIC_USAGE
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.vectors import Scores, Vectors

WHAT = [
    "mail",
    "letter",
    "parcel",
    "song",
    "film",
    "table",
    "hotel",
    "doctor",
    "road",
    "lamp",
    "door",
    "tree",
]


@pytest.fixture
def documents(request: pytest.FixtureRequest) -> IndexedDocuments:
    """Of all tools, of some of them, or of a sample with the candidates that it lacks."""
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(*(make_tool(one, f"Find a {one}.") for one in WHAT), source_name="shop")
        records = sorted(shed.tools.store.scan(), key=lambda one: one.definition.tool_id)
        matrices = shed.tools._index._current().matrices
    assert matrices is not None
    match request.param:
        case "all":
            return IndexedDocuments.of(ScoringIndex(matrices))
        case "some":
            return IndexedDocuments.of(ScoringIndex(matrices, np.array([1, 4, 5, 9])))
    sample, rest = ScoringIndex.of(records[::2]), ScoringIndex.of(records[1::2])
    return IndexedDocuments.of(sample).joined(rest, range(12)[::-1])


def ids(documents: IndexedDocuments) -> list[str]:
    pairs = zip(documents.owner.tolist(), documents.row.tolist(), strict=True)
    return [documents.indexes[owner].tool_ids[row] for owner, row in pairs]


def standard(scores: Scores) -> Scores:
    return np.asarray((scores - scores.mean(1, keepdims=True)) / (scores.std(1, keepdims=True) + 1e-3))


def nearer(queries: Vectors, own: Vectors, examples: list[tuple[int, Vectors]]) -> Scores:
    centroids = STATIC_USAGE.document_weight * own
    for column, vector in examples:
        centroids[column] += vector
    return standard(queries @ normalise(centroids).T) - standard(queries @ normalise(own).T)


def shares(queries: Vectors, n_tools: int, examples: list[tuple[int, Vectors]]) -> Scores:
    mass = np.zeros((len(queries), n_tools))
    for column, vector in examples:
        mass[:, column] += np.exp((queries @ vector - 1) / STATIC_USAGE.temperature)
    prior = STATIC_USAGE.prior
    return np.log(n_tools * (mass + prior / n_tools) / (mass.sum(1, keepdims=True) + prior))


@pytest.mark.parametrize("documents", ["all", "some", "joined"], indirect=True)
def test_gains_are_those_of_all_documents_as_floats(documents: IndexedDocuments) -> None:
    names = ids(documents)
    np.testing.assert_array_equal(
        documents.columns_of([*names[::-1], "shop:none"]), [*range(len(names))[::-1], -1]
    )
    own = documents.whole("static", np.arange(len(names)))
    encode = StaticEncoder().encode
    queries, asked = (
        encode(["a parcel for me", "the old road"]),
        encode(["a parcel for us", "an old road", "gone"]),
    )
    np.testing.assert_allclose(documents.products("static", queries), queries @ own.T, atol=1e-5)
    tools = [names[2], names[0], "shop:none"]
    examples = [
        UsageExample(str(at), tool, "a", 0, {"static": vector})
        for at, (tool, vector) in enumerate(zip(tools, asked, strict=True))
    ]
    found = UsageIndex(examples, now=0).totals({"static": queries}, documents, np.zeros((2, len(names))))
    known = [(2, asked[0]), (0, asked[1])]
    expected = nearer(queries, own, known) + shares(queries, len(names), known)
    # Documents are kept in eight bits, not quite of length one.
    np.testing.assert_allclose(found, expected, atol=0.005)
    assert np.abs(found).max() > 0.1, "far more than what rounding makes of it"


@pytest.mark.parametrize("documents", ["some"], indirect=True)
def test_examples_of_tools_that_may_not_be_found_add_nothing(documents: IndexedDocuments) -> None:
    vector = StaticEncoder().encode(["a parcel"])
    hidden = next(f"shop:{one}" for one in WHAT if f"shop:{one}" not in ids(documents))
    index = UsageIndex([UsageExample("1", hidden, "a", 0, {"static": vector[0]})], now=0)
    nothing, whole = np.zeros((1, 4), np.float32), np.ones(1, np.float32)
    assert not index.gains({"static": vector}, documents, nothing, whole).any()


@pytest.mark.parametrize("documents", ["all"], indirect=True)
def test_each_need_raises_what_served_it(documents: IndexedDocuments) -> None:
    encode, names = StaticEncoder().encode, ids(documents)
    asked = ["bring me to the airport", "what plays tonight"]
    examples = [
        UsageExample(f"{column}-{at}", names[column], "a", 0, {"static": vector})
        for column, vector in zip([3, 8], encode(asked), strict=True)
        for at in range(8)
    ]
    queries = {"static": encode([" and ".join(asked), *asked])}
    gains = UsageIndex(examples, now=0).gains(
        queries, documents, np.zeros((3, 12), np.float32), np.array([0.15, 1, 1], np.float32)
    )
    assert set(np.argsort(-gains)[:2].tolist()) == {3, 8}
