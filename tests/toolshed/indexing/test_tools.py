import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import OpenShed
from toolshed.catalog.definitions import Catalog
from toolshed.errors import ConfigurationError, EncoderError, InvalidToolError, SourceError, StorageFullError
from toolshed.indexing import tools as indexing
from toolshed.knowledge_base import edge_folder
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool
from toolshed.vectors import SparseVector, Vectors


def catalog(*names: str, source: str = "s", text: str = "Does {}.") -> Catalog:
    return Catalog(source, tuple(make_tool(name, text.format(name), source=source) for name in names))


def test_a_first_run_adds_and_a_second_embeds_nothing(open_shed: OpenShed) -> None:
    with open_shed() as shed:
        first = shed.sync_catalogs([catalog("a", "b")])
        assert (first.added, first.unchanged) == (["s:a", "s:b"], 0)
        assert first.n_embedded > 0
    encoder = HashingEncoder()
    second = open_shed(encoder=encoder).sync_catalogs([catalog("a", "b")])
    assert (second.added, second.changed, second.removed, second.unchanged) == ([], [], [], 2)
    assert second.n_embedded == 0
    assert encoder.encoded == []


def test_only_the_difference_is_embedded(open_shed: OpenShed) -> None:
    with open_shed() as shed:
        shed.sync_catalogs([catalog("a", "b", "c")])
    encoder = HashingEncoder()
    changed = Catalog("s", (*catalog("a", "d").tools, make_tool("b", "Something new.", source="s")))
    report = open_shed(encoder=encoder).sync_catalogs([changed])
    assert (report.added, report.changed, report.removed, report.unchanged) == (["s:d"], ["s:b"], ["s:c"], 1)
    assert not any("Does a" in text for text in encoder.encoded)
    assert any("Something new" in text for text in encoder.encoded)


def test_other_sources_are_left_alone(shed: Toolshed) -> None:
    shed.sync_catalogs([catalog("a", source="one"), catalog("b", source="two")])
    shed.sync_catalogs([catalog("c", source="two")])
    assert shed.list_tools() == ["one:a", "two:c"]


def test_adding_removes_nothing(shed: Toolshed) -> None:
    shed.add_catalogs([catalog("a", "b")])
    report = shed.add_catalogs([catalog("b", "c")])
    assert report.removed == []
    assert shed.list_tools() == ["s:a", "s:b", "s:c"]


def test_the_report_counts_the_texts_that_were_encoded(open_shed: OpenShed) -> None:
    encoder = HashingEncoder()
    report = open_shed(encoder=encoder).sync_catalogs([catalog("a", "b")])
    assert len(encoder.encoded) == len(set(encoder.encoded))
    # The static vectors' summaries are the texts that the dense encoder does not see.
    assert report.n_embedded == len({*encoder.encoded, "a. Does a.", "b. Does b."})


def test_a_bad_entry_costs_itself_and_is_named(shed: Toolshed) -> None:
    report = shed.add_tools({"name": "good"}, {"name": ""})
    assert shed.list_tools() == ["python:good"]
    assert [reason[:38] for reason in report.invalid] == ["arguments, number 2: the tool has no n"]
    assert not report.is_complete


def test_a_bad_entry_stops_everything_where_that_is_asked_for(shed: Toolshed) -> None:
    with pytest.raises(InvalidToolError, match=r"arguments, number 2: the tool has no name"):
        shed.add_tools({"name": "good"}, {"name": ""}, strict=True)
    assert shed.list_tools() == []
    with pytest.raises(ConfigurationError, match="contradict each other"):
        shed.add_tools({"name": "good"}, strict=True, skip_invalid=True)


def test_nothing_but_bad_entries_is_an_error_unless_they_are_expected(shed: Toolshed) -> None:
    with pytest.raises(InvalidToolError, match="1 of the entries cannot be"):
        shed.add_tools({"name": ""})
    assert len(shed.add_tools({"name": ""}, skip_invalid=True).invalid) == 1


def test_a_source_that_cannot_be_read_costs_itself(shed: Toolshed, tmp_path: Path) -> None:
    path = tmp_path / "mail.json"
    path.write_text('[{"name": "send"}]')
    report = shed.sync_tools(path, str(tmp_path / "gone.json"))
    assert report.added == ["mail:send"]
    assert "gone.json' cannot be read" in report.failed[0]
    path.unlink()
    again = shed.sync_tools(path, {"name": "a"})
    assert (again.added, again.removed, len(again.failed)) == (["python:a"], [], 1)
    assert shed.list_tools() == ["mail:send", "python:a"]
    with pytest.raises(SourceError, match="cannot be read"):
        shed.sync_tools(path, {"name": "b"}, strict=True)
    with pytest.raises(SourceError, match="cannot be read"):
        shed.sync_tools(path)


def test_a_tool_whose_entry_went_bad_stays(shed: Toolshed, tmp_path: Path) -> None:
    path = tmp_path / "mail.json"
    path.write_text('[{"name": "send"}, {"name": "read"}]')
    shed.sync_tools(path)
    path.write_text('[{"name": "send"}, {"name": 7}]')
    report = shed.sync_tools(path)
    assert report.removed == []
    assert "1 tools of 'mail' that were not listed stay" in report.warnings[0]
    assert shed.list_tools() == ["mail:read", "mail:send"]
    assert shed.sync_tools(path, skip_invalid=True).removed == ["mail:read"]


def test_two_sources_of_one_name_are_refused(shed: Toolshed) -> None:
    with pytest.raises(InvalidToolError, match="two sources are called 's'"):
        shed.sync_catalogs([catalog("a"), catalog("b")])
    assert shed.list_tools() == []


class FailingEncoder(HashingEncoder):
    """Works for some batches, then returns NaN."""

    def __init__(self, good_batches: int) -> None:
        super().__init__()
        self._left = good_batches

    def encode(self, texts: list[str]) -> Vectors:  # type: ignore[override]  # lists are all it is given here
        self._left -= 1
        if self._left < 0:
            raise EncoderError("encoder 'hashing' returned NaN or infinity for text 0; nothing was stored")
        return super().encode(texts)


def test_a_run_that_fails_half_way_leaves_everything_as_it_was(open_shed: OpenShed) -> None:
    with open_shed() as shed:
        shed.sync_catalogs([catalog("tool_1", "old")])
        before = shed.get_tool("s:tool_1")
    many = catalog(*(f"tool_{n}" for n in range(600)), text="Changed {}.")
    with open_shed(encoder=FailingEncoder(2)) as shed:
        with pytest.raises(EncoderError):
            shed.sync_catalogs([many])
        assert shed.list_tools() == ["s:old", "s:tool_1"]
        assert shed.get_tool("s:tool_1") == before


def test_a_full_disk_is_told_before_anything_is_written(
    open_shed: OpenShed, monkeypatch: pytest.MonkeyPatch
) -> None:
    shed = open_shed()
    shed.sync_catalogs([catalog("a")])
    monkeypatch.setattr(edge_folder, "_MIN_FREE_BYTES", 2**60)
    with pytest.raises(StorageFullError, match="nothing was written"):
        shed.sync_catalogs([catalog("a", "b")])
    with pytest.raises(StorageFullError, match="nothing was written"):
        shed.delete_tools("s:a")
    assert shed.list_tools() == ["s:a"]


INDEX_FOREVER = """
import sys
from toolshed.catalog.definitions import Catalog
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool
from toolshed.vectors import SparseVector
with Toolshed(sys.argv[1], encoder=HashingEncoder(), multilingual=False) as shed:
    tools = tuple(make_tool(f"tool_{n}", f"Does {n}. " * 20, source="s") for n in range(100_000))
    shed.sync_catalogs([Catalog("s", tools)], progress=lambda done, total: print(done, flush=True))
"""


@pytest.mark.parametrize("acknowledged_batches", [1, 3])
def test_a_killed_run_loses_no_acknowledged_tool_and_goes_on(
    tmp_path: Path, acknowledged_batches: int
) -> None:
    folder = tmp_path / "shed"
    process = subprocess.Popen(
        [sys.executable, "-c", INDEX_FOREVER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = 0
    while acknowledged < acknowledged_batches * 256:
        acknowledged = int(process.stdout.readline())
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Toolshed(folder, encoder=HashingEncoder()) as shed:
        records = list(shed.knowledge_base.scan())
        stored = {record.tool_id for record in records}
        assert {f"s:tool_{n}" for n in range(acknowledged)} <= stored
        for record in records:
            dense = record.vectors["dense"]
            assert not isinstance(dense, SparseVector)
            assert np.linalg.norm(dense) == pytest.approx(1, abs=1e-4)
        tools = tuple(
            make_tool(f"tool_{n}", f"Does {n}. " * 20, source="s") for n in range(acknowledged + 300)
        )
        report = shed.add_catalogs([Catalog("s", tools)])
        assert report.unchanged >= acknowledged
        assert not set(report.added) & {f"s:tool_{n}" for n in range(acknowledged)}


def test_a_run_killed_while_the_folder_is_made_can_be_repeated(tmp_path: Path) -> None:
    # The manifest comes last: a folder with a shard and no manifest was never acknowledged.
    folder = tmp_path / "shed"
    (folder / "tools").mkdir(parents=True)
    (folder / "tools" / "half-written").write_bytes(b"\0" * 100)
    with Toolshed(folder, encoder=HashingEncoder()) as shed:
        shed.sync_catalogs([catalog("a")])
        assert shed.list_tools() == ["s:a"]


def test_words_that_were_read_by_older_rules_are_read_again(open_shed: OpenShed) -> None:
    with open_shed() as shed:
        shed.sync_catalogs([catalog("a", "b")])
        store = shed.knowledge_base
        (old,) = store.fetch(["s:a"])
        wrong = {**old.vectors, "words": SparseVector.from_weights({1: 1.0})}
        store.upsert([replace(old, vectors=wrong, terms_version=1)])
        report = shed.sync_catalogs([catalog("a", "b")])
        assert (report.changed, report.unchanged) == (["s:a"], 1)
        (healed,) = store.fetch(["s:a"])
        words = healed.vectors["words"]
        assert isinstance(words, SparseVector)
        assert isinstance(old.vectors["words"], SparseVector)
        assert words.indices.tolist() == old.vectors["words"].indices.tolist()


def test_a_slow_encoder_loses_seconds_when_it_is_killed_not_a_whole_batch(
    shed: Toolshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_WRITTEN_AFTER_SECONDS", 0.0)
    written: list[int] = []
    shed.add_catalogs(
        [catalog(*(f"t{n}" for n in range(100)))], progress=lambda done, _: written.append(done)
    )
    assert written == [0, 32, 64, 96, 100]


def test_what_is_encoded_together_does_not_depend_on_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[list[str]] = []
    for seconds in (0.0, 60.0):
        monkeypatch.setattr(indexing, "_WRITTEN_AFTER_SECONDS", seconds)
        encoder = HashingEncoder()
        with Toolshed("memory:", encoder=encoder) as shed:
            shed.add_catalogs([catalog(*(f"t{n}" for n in range(100)))])
        encoded.append(encoder.encoded)
    assert encoded[0] == encoded[1]


def enhanced(tmp_path: Path, *lines: dict[str, object]) -> str:
    file = tmp_path / "e.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


def test_an_enhanced_tool_is_found_by_the_words_of_its_enhancement(shed: Toolshed, tmp_path: Path) -> None:
    catalogs = [catalog("q7", "x9", "z1", text="Internal step.")]
    shed.sync_catalogs(catalogs)
    line = {"tool": "q7", "hypothetical_questions": ["Will it rain in Porto?"], "key_topics": ["weather"]}
    report = shed.sync_catalogs(catalogs, enhancements=enhanced(tmp_path, line))
    assert (report.changed, report.unchanged) == (["s:q7"], 2)
    best = shed.search("does it rain tomorrow", 1).tools[0]
    assert best.tool.tool_id == "s:q7"
    # What was written is searched, and never handed on as the tool's own.
    assert best.tool.description == "Internal step."
    # Given again, or not given, it stays and costs nothing.
    assert shed.sync_catalogs(catalogs, enhancements=enhanced(tmp_path, line)).unchanged == 3
    assert shed.sync_catalogs(catalogs).unchanged == 3
    assert shed.search("does it rain tomorrow", 1).tools[0].tool.tool_id == "s:q7"


def test_a_tool_that_changed_loses_only_an_enhancement_of_its_older_definition(
    shed: Toolshed, tmp_path: Path
) -> None:
    old = catalog("a", "b")
    bound = {"tool": "a", "tool_hash": old.tools[0].content_hash, "key_topics": ["rain"]}
    unbound = {"tool": "b", "key_topics": ["snow"]}
    shed.sync_catalogs([old], enhancements=enhanced(tmp_path, bound, unbound))
    report = shed.sync_catalogs([catalog("a", "b", text="Another {}.")])
    assert sorted(report.changed) == ["s:a", "s:b"]
    (warning,) = report.warnings
    assert "'s:a'; write them anew with toolshed enhance" in warning
    first, second = shed.knowledge_base.fetch(["s:a", "s:b"])
    assert first.enhancement is None
    assert second.enhancement is not None
    assert second.enhancement.key_topics == ("snow",)


def test_a_failed_run_leaves_the_enhancements_as_they_were(open_shed: OpenShed, tmp_path: Path) -> None:
    tools = catalog(*(f"t{n}" for n in range(300)))
    with open_shed() as shed:
        shed.sync_catalogs([tools], enhancements=enhanced(tmp_path, {"tool": "t0", "key_topics": ["rain"]}))
    lines = [{"tool": f"t{n}", "key_topics": ["snow"]} for n in range(300)]
    with open_shed(encoder=FailingEncoder(9)) as shed:
        with pytest.raises(EncoderError):
            shed.sync_catalogs([tools], enhancements=enhanced(tmp_path, *lines))
        (record,) = shed.knowledge_base.fetch(["s:t0"])
        assert record.enhancement is not None
        assert record.enhancement.key_topics == ("rain",)


def test_an_enhancement_of_no_tool_is_told(shed: Toolshed, tmp_path: Path) -> None:
    report = shed.sync_catalogs([catalog("a")], enhancements=enhanced(tmp_path, {"tool": "nobody"}))
    assert "of no tool that was given, or of several: 'nobody'" in report.warnings[0]


def test_a_write_that_fails_half_way_leaves_nothing(shed: Toolshed, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = shed.knowledge_base._engine
    upsert = type(engine).upsert

    def failing(self: Any, points: Any) -> None:
        upsert(self, points[:2])
        raise EncoderError("half way")

    monkeypatch.setattr(type(engine), "upsert", failing)
    with pytest.raises(EncoderError, match="half way"):
        shed.sync_catalogs([catalog("a", "b", "c")])
    monkeypatch.undo()
    assert shed.list_tools() == []
