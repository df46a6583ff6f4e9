"""Indexing of legal documents: only what changed, whole documents, whatever happens meanwhile."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import OpenShed
from toolshed.documents import LegalDocument, joined_text
from toolshed.errors import ConfigurationError, DocumentConflictError, EncoderError
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder

STATUTE = "§ 9-401. Records. A bank shall keep records for seven years.\n\n§ 9-402. Penalty. A fine is due."
POLICY = "Privacy Policy\n\nWe collect your name. We share it with no one."


@pytest.fixture
def law(tmp_path: Path) -> Path:
    folder = tmp_path / "law"
    folder.mkdir()
    (folder / "statute.txt").write_text(STATUTE, encoding="utf-8")
    (folder / "policy.md").write_text(POLICY, encoding="utf-8")
    return folder


def test_a_second_run_embeds_nothing(shed: Toolshed, law: Path) -> None:
    first = shed.sync_documents(law)
    assert list(first.added) == ["law/policy.md", "law/statute.txt"]
    assert first.n_passages == 2
    encoder = shed.encoders.stored
    assert isinstance(encoder, HashingEncoder)
    encoded = len(encoder.encoded)
    second = shed.sync_documents(law)
    assert (second.unchanged, second.n_passages, len(encoder.encoded)) == (2, 0, encoded)


def test_only_what_changed_is_written_anew_and_what_is_gone_is_removed(shed: Toolshed, law: Path) -> None:
    shed.sync_documents(law)
    (law / "statute.txt").write_text("§ 1. New. All is new.", encoding="utf-8")
    (law / "policy.md").unlink()
    report = shed.sync_documents(law)
    assert (list(report.changed), list(report.removed)) == (["law/statute.txt"], ["law/policy.md"])
    assert shed.list_documents() == ["law/statute.txt"]
    assert joined_text(shed.get_passages("law/statute.txt")) == "§ 1. New. All is new."


def test_adding_keeps_what_is_gone_and_other_folders_are_left_alone(
    shed: Toolshed, law: Path, tmp_path: Path
) -> None:
    shed.sync_documents(law)
    other = tmp_path / "other"
    other.mkdir()
    (other / "note.txt").write_text("A note of law.", encoding="utf-8")
    assert list(shed.sync_documents(other).removed) == []
    (law / "policy.md").unlink()
    assert list(shed.add_documents(law).removed) == []
    assert shed.list_documents() == ["law/policy.md", "law/statute.txt", "other/note.txt"]


def test_another_segmenter_cuts_anew(shed: Toolshed, law: Path) -> None:
    shed.sync_documents(law)
    assert list(shed.sync_documents(law, segmenter="legal:strict").changed) == [
        "law/policy.md",
        "law/statute.txt",
    ]


def test_files_that_cannot_be_read_are_left_out_and_stay_indexed(shed: Toolshed, law: Path) -> None:
    shed.sync_documents(law)
    (law / "policy.md").write_bytes(b"%PDF-1.7")
    (law / "empty.txt").touch()
    report = shed.sync_documents(law)
    assert [reason.split("'")[1].rsplit("/", 1)[-1] for reason in report.left_out] == [
        "empty.txt",
        "policy.md",
    ]
    assert shed.list_documents() == ["law/policy.md", "law/statute.txt"]


def test_documents_of_the_callers_own_are_indexed(shed: Toolshed) -> None:
    shed.add_documents(LegalDocument("a", "The fee is due.", "Fees"), LegalDocument("b", "No fee is due."))
    assert shed.list_documents() == ["a", "b"]
    with pytest.raises(DocumentConflictError, match="two documents have the id 'a'"):
        shed.add_documents(LegalDocument("a", "One."), LegalDocument("a", "Two."))
    with pytest.raises(ConfigurationError, match="at least one"):
        shed.add_documents()
    assert list(shed.add_documents(LegalDocument("c", "  ")).left_out) == [
        "'c' is empty; there is nothing to index"
    ]


def test_a_document_is_not_replaced_by_its_namesake_elsewhere(
    shed: Toolshed, law: Path, tmp_path: Path
) -> None:
    shed.sync_documents(law)
    (tmp_path / "other" / "law").mkdir(parents=True)
    (tmp_path / "other" / "law" / "statute.txt").write_text("Another law.", encoding="utf-8")
    with pytest.raises(DocumentConflictError, match=r"'law/statute\.txt' was indexed from"):
        shed.sync_documents(tmp_path / "other" / "law")
    assert joined_text(shed.get_passages("law/statute.txt")) == STATUTE


def test_a_folder_that_was_moved_is_the_same_documents(shed: Toolshed, law: Path, tmp_path: Path) -> None:
    shed.sync_documents(law)
    (tmp_path / "archive").mkdir()
    law.rename(tmp_path / "archive" / "law")
    assert shed.sync_documents(tmp_path / "archive" / "law").unchanged == 2


def test_an_encoder_that_fails_leaves_the_document_as_it_was(open_shed: OpenShed, law: Path) -> None:
    class Failing(HashingEncoder):
        def encode(self, texts):  # type: ignore[no-untyped-def]  # as its base
            if any("new" in text for text in texts):
                raise EncoderError("the model is out of order")
            return super().encode(texts)

    shed = open_shed(encoder=Failing())
    shed.sync_documents(law)
    (law / "statute.txt").write_text("§ 1. All is new.", encoding="utf-8")
    with pytest.raises(EncoderError):
        shed.sync_documents(law)
    assert joined_text(shed.get_passages("law/statute.txt")) == STATUTE


def test_several_processes_cut_the_same_passages(open_shed: OpenShed, law: Path) -> None:
    shed = open_shed()
    shed.sync_documents(law)
    before = [passage for document in shed.list_documents() for passage in shed.get_passages(document)]
    shed.delete_documents(*shed.list_documents())
    shed.sync_documents(law, n_workers=2)
    assert [p for document in shed.list_documents() for p in shed.get_passages(document)] == before


INDEX_FOREVER = """
import sys
from toolshed.shed.shed import Toolshed
from toolshed.documents import LegalDocument
from toolshed.testing import HashingEncoder

text = "The committee met and adjourned for the week. " * 400
with Toolshed(sys.argv[1], encoder=HashingEncoder()) as shed:
    for number in range(10_000):
        shed.add_documents(LegalDocument(f"d{number:05}", text))
        print(number + 1, flush=True)
"""


def test_a_killed_run_loses_no_acknowledged_document_and_goes_on(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INDEX_FOREVER, str(tmp_path / "shed")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = 0
    while acknowledged < 3:
        acknowledged = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    text = "The committee met and adjourned for the week. " * 400
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        whole = [one for one in shed.passages.store.stored_documents() if one.content_hash]
        assert len(whole) >= acknowledged
        wanted = [LegalDocument(f"d{number:05}", text) for number in range(acknowledged + 2)]
        report = shed.add_documents(*wanted)
        assert report.unchanged >= acknowledged
        assert all(one.content_hash for one in shed.passages.store.stored_documents())
        assert joined_text(shed.get_passages("d00000")) == text.strip()


def test_a_missing_extra_ends_the_run_instead_of_leaving_out_every_document(
    shed: Toolshed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cites.txt").write_text("He was charged. See 18 U.S.C. § 1030(a).", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "eyecite", None)
    with pytest.raises(ConfigurationError, match=r"eyecite is not installed.*'\.\[legal\]'"):
        shed.add_documents(tmp_path / "cites.txt")
