"""``toolshed eval passages``: real splitters on real gold."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals.datasets import data_folder
from toolshed_evals.legal import training
from toolshed_evals.legal.splitting import Chunk, _boundaries


def test_our_passages_cut_less_than_langchains_and_their_offsets_are_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both documents are cut by weights that are fitted without them; a few passes over the examples do.
    monkeypatch.setattr(training, "_EPOCHS", 6)
    lines = (
        (data_folder() / "legal" / "multilegalsbd_scotus_test.jsonl").read_text(encoding="utf-8").split("\n")
    )
    gold = tmp_path / "gold.jsonl"
    gold.write_text("\n".join([lines[0], lines[3]]), encoding="utf-8")
    done = CliRunner().invoke(main, ["eval", "passages", str(gold), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["dataset"], report["n_documents"], report["budget"]) == ("gold", 2, 254)
    splitters = report["splitters"]
    assert set(splitters) >= {"legal", "nupunkt", "langchain-recursive", "langchain-nltk", "langchain-spacy"}
    for name in ("legal", "nupunkt"):
        assert splitters[name]["starts_wrong"] == 0
        assert splitters[name]["over_budget"] == 0
    assert splitters["legal"]["cut"] <= 0.004 < splitters["langchain-recursive"]["cut"]
    assert splitters["langchain-nltk"]["starts_wrong"] > 0.5
    assert splitters["legal"]["ratio_to_tokenizer"] > 0


def test_boundaries_are_where_chunks_truly_begin() -> None:
    # A splitter that rewrites white space and claims a wrong start.
    text = "One  two.\n\nThree four."
    assert _boundaries(text, [Chunk("One two.", 0), Chunk("Three four.", 3)]) == [0, 11]
