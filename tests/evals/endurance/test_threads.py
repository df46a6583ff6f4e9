"""Many threads against one: what they were answered, and what was stored."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from toolshed.catalog.definitions import Catalog
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.vectors import SparseVector
from toolshed_evals.endurance import threads as subject

TEXT = "translate the weather, and then pay"


@pytest.fixture
def sheds() -> Iterator[subject.Sheds]:
    with (
        Toolshed("memory:", pipeline="instant", keeps_requests=True, multilingual=False) as own,
        Toolshed("memory:", pipeline="instant", multilingual=False) as other,
    ):
        for shed, source in ((own, "still"), (other, "other")):
            shed.add_catalogs(
                [
                    Catalog(
                        source, tuple(make_tool(f"tool_{n}", f"Does {n}.", source=source) for n in range(20))
                    )
                ]
            )
        yield subject.Sheds(own, other)


def test_threads_are_answered_as_one_is(sheds: subject.Sheds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "N_THREADS", 4)
    monkeypatch.setattr(subject, "_N_STILL", 20)
    heard = subject._Heard()
    subject._let_loose(sheds, heard, 0, seconds=0.3, seed=0)
    assert heard.lost == []
    assert sum(heard.counts.values()) == len(heard.answers) > 0
    for (kind, text), answer in heard.answers.items():
        assert subject._is_same_answer(answer, subject.ASKED[kind](sheds, text))


def test_an_error_of_any_kind_is_told() -> None:
    heard = subject._Heard()
    with heard.errors_of("searches"):
        raise KeyError("a stem")
    assert heard.lost == ["searches: KeyError('a stem')"]


def test_an_answer_and_a_report_that_one_thread_does_not_know_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "_N_STILL", 20)
    monkeypatch.setattr(subject, "_N_DOCUMENTS", 1)
    with subject.Sheds.opened(tmp_path, "instant") as sheds:
        subject._fill(sheds, 0)
        right = subject.ASKED["searches"](sheds, TEXT)
    wrong = [("still:tool_0", 9.0), *right[1:]]
    asked = {("searches", TEXT): right, ("searches of another tenant", TEXT): wrong}
    # It was never reported before.
    asked["reported searches", TEXT] = right
    differing, n_vectors = subject.compared(tmp_path, asked, "instant")
    assert differing == [
        f"searches of another tenant: {TEXT!r} has another answer",
        "1 reports were not there",
    ]
    assert n_vectors >= 40


def test_tools_are_removed_and_indexed_in_turn(sheds: subject.Sheds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_TOOLS_OF_A_SOURCE", 5)
    monkeypatch.setattr(subject, "N_THREADS", 0)
    sheds.own.add_catalogs([subject._moving(n, 0) for n in subject._sources(10)])
    before = set(sheds.own.list_tools())
    heard = subject._Heard()
    subject._let_loose(sheds, heard, 10, seconds=0, seed=0)
    assert heard.lost == []
    assert heard.counts["tools removed"] == heard.counts["tools indexed"] >= 5
    assert set(sheds.own.list_tools()) == before


@pytest.mark.parametrize(
    ("other", "is_same"),
    [([("a", 0.5), ("b", 0.4)], True), ([("a", 0.5), ("b", 0.3)], False), ([("a", 0.5)], False)],
    ids=["the-same", "another-score", "one-less"],
)
def test_answers_are_compared_with_their_scores(other: subject.Answer, is_same: bool) -> None:
    assert subject._is_same_answer([("a", 0.5), ("b", 0.4)], other) is is_same


def test_a_vector_that_differs_is_told(sheds: subject.Sheds) -> None:
    with Toolshed("memory:", pipeline="instant", multilingual=False) as fresh:
        fresh.add_catalogs([Catalog("still", tuple(sheds.own.tools.definitions()))])
        n_vectors, differing = subject._tools_compared(sheds.own, fresh)
        assert n_vectors >= 40
        assert differing == []
        record = sheds.own.knowledge_base.fetch(["still:tool_0"])[0]
        words = record.vectors["words"]
        assert isinstance(words, SparseVector)
        wrong = {**record.vectors, "words": SparseVector(words.indices[1:], words.values[1:])}
        sheds.own.knowledge_base.upsert([replace(record, vectors=wrong)])
        assert subject._tools_compared(sheds.own, fresh)[1] == ["still:tool_0 has another vector words"]


def test_an_example_whose_vector_differs_is_told(sheds: subject.Sheds) -> None:
    subject._reported(sheds, TEXT)
    (example,) = sheds.own.usage.examples()
    n_vectors, differing = subject._examples_compared([example], sheds.own)
    assert n_vectors >= 1
    assert differing == []
    turned = replace(example, vectors={name: -vector for name, vector in example.vectors.items()})
    assert len(subject._examples_compared([turned], sheds.own)[1]) == n_vectors
