"""Legal RAG Bench: the loader on a small set in its layout."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals.legal.gold import GoldError
from toolshed_evals.legal.legal_rag_bench import is_legal_rag_bench, load_legal_rag_bench

CORPUS = [
    {
        "id": "1.1-c1",
        "title": "Theft",
        "text": "Theft is a dishonest taking of goods.",
        "footnotes": "",
    },
    {
        "id": "1.2-c1",
        "title": "Intent",
        "text": "Intent is foresight of a result.",
        "footnotes": "See R v Crabbe.",
    },
]
QUESTIONS = [{"id": 1, "question": "What is theft?", "answer": "A taking.", "relevant_passage_id": "1.1-c1"}]


def written(folder: Path, corpus: list[object], questions: list[object]) -> Path:
    for name, rows in (("corpus", corpus), ("qa", questions)):
        text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


def test_the_layout_is_read_whole(tmp_path: Path) -> None:
    assert not is_legal_rag_bench(tmp_path)
    folder = written(tmp_path, [*CORPUS], [*QUESTIONS])
    assert is_legal_rag_bench(folder)
    benchmark = load_legal_rag_bench(folder)
    assert [one.document_id for one in benchmark.documents] == ["1.1-c1", "1.2-c1"]
    assert benchmark.documents[1].text.endswith("result.\n\nSee R v Crabbe.")
    (query,) = benchmark.queries
    assert query.gold == (("1.1-c1", 0, len(str(CORPUS[0]["text"]))),)


def test_the_command_scores_a_folder_of_this_layout(tmp_path: Path) -> None:
    folder = written(tmp_path, [*CORPUS], [*QUESTIONS])
    options = ["--pipeline", "instant", "--chunks", "legal", "--json"]
    done = CliRunner().invoke(main, ["eval", "legalbench-rag", str(folder), *options])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["results"]["instant/legal"]["recall"]["1"] == 1


@pytest.mark.parametrize(
    ("corpus", "questions", "message"),
    [
        ([{"id": "a"}], [*QUESTIONS], "'text' is missing"),
        ([*CORPUS, CORPUS[0]], [*QUESTIONS], "two passages with the id '1.1-c1'"),
        ([*CORPUS], [{"question": "x"}], "'relevant_passage_id' is missing"),
        ([*CORPUS], [{"question": "x", "relevant_passage_id": "9"}], "no passage '9'"),
        ([*CORPUS], [], "no questions"),
        ([*CORPUS], ["{"], "line 1: this is no JSON"),
        (["[]"], [*QUESTIONS], "expected a JSON object"),
    ],
    ids=str,
)
def test_what_is_not_of_the_layout_is_refused(
    tmp_path: Path, corpus: list[object], questions: list[object], message: str
) -> None:
    with pytest.raises(GoldError, match=message):
        load_legal_rag_bench(written(tmp_path, corpus, questions))
