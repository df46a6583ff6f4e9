"""``toolshed eval legalbench-rag``."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals.legal.legalbench_rag import own_benchmark


def test_the_command_reports_every_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = own_benchmark("dev")
    assert len(whole.queries) == 122
    documents = tuple(document for document in whole.documents if len(document.text) < 5_000)
    names = {document.document_id for document in documents}
    queries = [query for query in whole.queries if {file for file, _, _ in query.gold} <= names]
    some = replace(whole, documents=documents, queries=tuple(queries))
    monkeypatch.setattr("toolshed_evals.legal.legalbench_rag.own_benchmark", {"dev": some}.__getitem__)
    done = CliRunner().invoke(
        main, ["eval", "legalbench-rag", "--benchmark", "dev", "--pipeline", "instant", "--json"]
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["benchmark"], report["n_queries"]) == ("dev", len(queries))
    assert set(report["results"]) == {"instant/legal", "instant/recursive"}
    legal, recursive = report["results"].values()
    assert legal["recall"]["1"] >= recursive["recall"]["1"] - 0.05
    assert legal["quote_precision"]["1"] > recursive["quote_precision"]["1"]


def test_a_folder_without_the_public_layout_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["eval", "legalbench-rag", str(tmp_path)])
    assert done.exit_code == 1
    assert str(tmp_path) in done.stderr
