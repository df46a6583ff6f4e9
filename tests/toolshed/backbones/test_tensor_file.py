from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from toolshed.backbones.tensor_file import mapped_tensor, stored_tensors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tensors = {
        "half": np.arange(6, dtype=np.float16).reshape(3, 2),
        "full": np.linspace(0, 1, 5, dtype=np.float32),
    }
    save_file(tensors, tmp_path / "two.safetensors", metadata={"format": "np"})
    return tmp_path / "two.safetensors"


def test_tensors_are_those_that_safetensors_reads(path: Path) -> None:
    expected = load_file(path)
    assert stored_tensors(path).keys() == expected.keys()
    for name, values in expected.items():
        found = mapped_tensor(path, name)
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found, values)


def test_the_place_of_a_tensor_is_where_its_bytes_lie(path: Path) -> None:
    place = stored_tensors(path)["full"]
    content = path.read_bytes()[place.offset : place.offset + place.n_bytes]
    np.testing.assert_array_equal(np.frombuffer(content, np.float32), load_file(path)["full"])


def test_what_is_mapped_cannot_be_changed(path: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        mapped_tensor(path, "half")[0] = 1
