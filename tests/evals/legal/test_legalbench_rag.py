"""LegalBench-RAG: the measure by hand, the loader on its public layout, the command on the sample corpus."""

import json
from pathlib import Path

import pytest

from toolshed.legal.headings import find_sections
from toolshed_evals.legal.gold import GoldError
from toolshed_evals.legal.legalbench_rag import (
    character_scores,
    evaluate_retrieval,
    load_benchmark,
    own_benchmark,
    sample_folder,
)


@pytest.mark.parametrize(
    ("retrieved", "gold", "expected"),
    [
        pytest.param([("a", 0, 10)], [("a", 0, 10)], (1, 1), id="exact"),
        pytest.param([("a", 0, 10)], [("a", 5, 25)], (0.5, 0.25), id="partial"),
        pytest.param([("a", 0, 10), ("a", 5, 15)], [("a", 0, 15)], (1, 1), id="overlaps-count-once"),
        pytest.param([("b", 0, 10)], [("a", 0, 10)], (0, 0), id="another-file"),
        pytest.param([], [("a", 0, 10)], (0, 0), id="nothing-retrieved"),
        pytest.param(
            [("a", 0, 10), ("b", 0, 30)], [("a", 0, 5), ("b", 10, 20)], (15 / 40, 1), id="two-files"
        ),
    ],
)
def test_characters_are_counted(
    retrieved: list[tuple[str, int, int]], gold: list[tuple[str, int, int]], expected: tuple[float, float]
) -> None:
    assert character_scores(retrieved, gold) == pytest.approx(expected)


def write_benchmark(folder: Path, **snippet: object) -> Path:
    (folder / "corpus" / "nda").mkdir(parents=True)
    (folder / "benchmarks").mkdir()
    text = "1. Term. The term is two years.\r\n\r\n2. Fee. The fee is ten dollars."
    (folder / "corpus" / "nda" / "a.txt").write_text(text, encoding="utf-8", newline="")
    given = {"file_path": "nda/a.txt", "span": [9, 31], "answer": "The term is two years.", **snippet}
    test = {"query": "How long is the term?", "snippets": [given]}
    (folder / "benchmarks" / "nda.json").write_text(json.dumps({"tests": [test]}), encoding="utf-8")
    return folder


def test_the_public_layout_is_read_and_scored(tmp_path: Path) -> None:
    benchmark = load_benchmark(write_benchmark(tmp_path), "nda")
    (document,), (query,) = benchmark.documents, benchmark.queries
    file, start, end = query.gold[0]
    assert (file, document.text[start:end]) == ("nda/a.txt", "The term is two years.")
    scores = evaluate_retrieval(benchmark, "instant", ks=(1,))
    assert scores.recall == {1: 1}
    assert scores.quote_recall == {1: 1}
    assert scores.quote_precision[1] > scores.precision[1] > 0.3
    assert scores.document == 1
    assert scores.indexing_speed > 0


@pytest.mark.parametrize(
    ("snippet", "message"),
    [
        ({"span": [9, 900]}, r"\[9, 900\] lies outside 'nda/a.txt'"),
        ({"span": [1]}, "not of the layout"),
        ({"file_path": "nda/b.txt"}, "cannot be read"),
        ({"file_path": "../benchmarks/nda.json"}, "lies outside its corpus"),
    ],
    ids=str,
)
def test_what_is_not_of_the_layout_is_refused(
    tmp_path: Path, snippet: dict[str, object], message: str
) -> None:
    with pytest.raises(GoldError, match=message):
        load_benchmark(write_benchmark(tmp_path, **snippet), "nda")


def test_an_unknown_benchmark_is_named_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match=r"no benchmark 'cuad'.*there is nda"):
        load_benchmark(write_benchmark(tmp_path), "cuad")


def test_the_sample_corpus_is_what_it_says() -> None:
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in (sample_folder() / "corpus").glob("*.txt")
    }
    assert len(texts) == 4
    # Sixty pages as courts print them: double spaced, about 300 words a page.
    assert sum(len(text.split()) for text in texts.values()) >= 60 * 300
    benchmarks = [own_benchmark(name) for name in ("dev", "test")]
    queries = [query for benchmark in benchmarks for query in benchmark.queries]
    assert len({query.query for query in queries}) == len(queries) == 244
    for benchmark in benchmarks:
        asked_about = {file for query in benchmark.queries for file, _, _ in query.gold}
        assert set(texts) < asked_about
        assert len(asked_about) >= 23
        assert len(benchmark.documents) == 24
        assert sum(not query.gold for query in benchmark.queries) == 32
        for document in benchmark.documents:
            assert document.document_id not in texts or len(find_sections(document)) > 20


def test_questions_without_an_answer_are_no_misses_but_measure_abstention(tmp_path: Path) -> None:
    folder = write_benchmark(tmp_path)
    path = folder / "benchmarks" / "nda.json"
    tests = json.loads(path.read_text("utf-8"))["tests"]
    tests.append({"query": "What is the capital of France?", "snippets": []})
    path.write_text(json.dumps({"tests": tests}), encoding="utf-8")
    scores = evaluate_retrieval(load_benchmark(folder, "nda"), "instant", ks=(1,))
    assert scores.recall == {1: 1}
    assert scores.abstention is not None
    assert (scores.abstention.n_unanswerable, scores.abstention.auroc) == (1, 1.0)


def test_where_every_question_has_an_answer_there_is_no_abstention(tmp_path: Path) -> None:
    assert evaluate_retrieval(load_benchmark(write_benchmark(tmp_path), "nda"), "instant").abstention is None
