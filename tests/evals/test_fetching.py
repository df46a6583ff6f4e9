from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conftest import Pages
from toolshed.errors import SourceError
from toolshed_evals.datasets import data_folder
from toolshed_evals.fetching import REPOSITORIES, fetch_dataset

Serve = Callable[[Pages], AbstractContextManager[str]]


def official_pages(name: str) -> Pages:
    """The official files under the paths they are published at."""
    repository = REPOSITORIES[name]
    return {
        f"/{repository.base}/{file.path}": (
            200,
            "text/plain",
            (data_folder() / name / file.name).read_bytes(),
        )
        for file in repository.files
    }


@pytest.mark.parametrize("name", ["toole", "sealtools"])
def test_the_official_files_arrive_and_agree_with_their_checksums(
    serve_pages: Serve, tmp_path: Path, name: str
) -> None:
    with serve_pages(official_pages(name)) as url:
        paths = list(fetch_dataset(name, tmp_path, base_url=url))
    for path in paths:
        assert path.read_bytes() == (data_folder() / name / path.name).read_bytes()
    # Everything is there: nothing is asked for again.
    assert list(fetch_dataset(name, tmp_path, base_url="http://127.0.0.1:9")) == paths


def test_a_changed_file_is_refused_and_not_kept(serve_pages: Serve, tmp_path: Path) -> None:
    pages = dict.fromkeys(official_pages("toole"), (200, "text/plain", b"changed"))
    with serve_pages(pages) as url, pytest.raises(SourceError, match="nothing was written"):
        list(fetch_dataset("toole", tmp_path, base_url=url))
    assert list((tmp_path / "toole").iterdir()) == []


def test_a_damaged_file_is_fetched_again(serve_pages: Serve, tmp_path: Path) -> None:
    (tmp_path / "toole").mkdir()
    (tmp_path / "toole" / "plugin_des.json").write_text("half a fi")
    with serve_pages(official_pages("toole")) as url:
        list(fetch_dataset("toole", tmp_path, base_url=url))
    assert len((tmp_path / "toole" / "plugin_des.json").read_text(encoding="utf-8")) > 1_000


@pytest.mark.parametrize("pages", [{}, dict.fromkeys(("/x",), (404, "text/plain", b""))])
def test_a_server_that_has_nothing_is_named(serve_pages: Serve, tmp_path: Path, pages: Pages) -> None:
    with serve_pages(pages) as url, pytest.raises(SourceError, match="cannot be fetched"):
        list(fetch_dataset("toole", tmp_path, base_url=url))
