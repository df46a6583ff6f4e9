"""Arrays beside a knowledge base: mapped as they were written, and made again where they are not."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.threads import switching_at_every_turn
from toolshed.kept_arrays import KeptArrays

ARRAYS = {"numbers": np.arange(300, dtype=np.int8).reshape(3, 100), "empty": np.empty((0, 4), np.float32)}


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_arrays_are_read_as_they_were_written_and_cannot_be_changed(tmp_path: Path) -> None:
    KeptArrays(tmp_path / "kept", "v1").write("tools", ARRAYS)
    found = KeptArrays(tmp_path / "kept", "v1").read("tools")
    assert found is not None
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    with pytest.raises(ValueError, match="read-only"):
        found["numbers"][0, 0] = 1


def test_what_was_kept_of_another_version_is_not_read_and_goes_with_the_next_write(tmp_path: Path) -> None:
    KeptArrays(tmp_path, "v1").write("tools", ARRAYS)
    assert KeptArrays(tmp_path, "v2").read("tools") is None
    last = KeptArrays(tmp_path, "v2").read_last("tools")
    assert last is not None
    np.testing.assert_array_equal(last["numbers"], ARRAYS["numbers"])
    KeptArrays(tmp_path, "v2").write("words", ARRAYS)
    assert KeptArrays(tmp_path, "v2").read_last("tools") is None
    assert [entry.name for entry in tmp_path.iterdir()] == ["v2.words"]
    KeptArrays(tmp_path, "v2").write("tools", ARRAYS)
    assert KeptArrays(tmp_path, "v2").read("words") is not None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: flip(path, -70),
        lambda path: flip(path, 0),
        lambda path: flip(path, 9),
        lambda path: flip(path, 20),
        lambda path: os.truncate(path, 90),
        lambda path: os.truncate(path, 3),
        lambda path: os.truncate(path, 0),
        lambda path: path.unlink(),
    ],
    ids=["an array", "checksum", "length", "header", "cut", "cut short", "empty", "gone"],
)
def test_what_is_damaged_is_as_if_it_had_never_been_kept(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    kept = KeptArrays(tmp_path, "v1")
    kept.write("tools", ARRAYS)
    spoil(tmp_path / "v1.tools")
    assert kept.read("tools") is None
    kept.write("tools", ARRAYS)
    assert kept.read("tools") is not None


def test_every_bit_counts(tmp_path: Path) -> None:
    kept, path = KeptArrays(tmp_path, "v1"), tmp_path / "v1.tools"
    kept.write("tools", ARRAYS)
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        flip(path, at)
        assert kept.read("tools") is None
        path.write_bytes(whole)
    assert kept.read("tools") is not None


def test_nothing_is_written_where_nothing_may_be(tmp_path: Path) -> None:
    KeptArrays(tmp_path / "kept", "v1", is_read_only=True).write("tools", ARRAYS)
    assert not (tmp_path / "kept").exists()
    (tmp_path / "file").write_text("")
    kept = KeptArrays(tmp_path / "file", "v1")
    kept.write("tools", ARRAYS)
    assert kept.read("tools") is None


def test_who_made_what_is_no_longer_so_keeps_nothing_and_removes_nothing(tmp_path: Path) -> None:
    KeptArrays(tmp_path, "v2").write("tools", ARRAYS)
    KeptArrays(tmp_path, "v1", is_current=lambda: False).write("words", ARRAYS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["v2.tools"]
    # It changes while the arrays are written.
    answers = iter([True, False])
    KeptArrays(tmp_path, "v1", is_current=lambda: next(answers)).write("words", ARRAYS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["v2.tools"]


def test_of_many_writers_each_reader_sees_one_whole(tmp_path: Path) -> None:
    kept = KeptArrays(tmp_path, "v1")

    def work(n: int) -> bool:
        kept.write("tools", {"a": np.full(5_000, n), "b": np.full(5_000, n)})
        found = kept.read("tools")
        return found is not None and len({*found["a"].tolist(), *found["b"].tolist()}) == 1

    with switching_at_every_turn(), ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(64)))
    kept.write("tools", ARRAYS)
    assert kept.read("tools") is not None
    assert [entry.name for entry in tmp_path.iterdir()] == ["v1.tools"]
