"""What several tests share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import settings

from tests.qdrant_stub import loopback_server
from toolshed.backbones import multilingual
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder
from toolshed_evals.datasets import data_folder

# The same examples in every run: a change fails for what it does, not by chance.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

# Their assertions then say what they saw.
pytest.register_assert_rewrite("toolshed.testing.engine_contract", "toolshed.testing.store_contract")

_OFFICIAL = data_folder() / "sealtools" / "tool.jsonl"
# These read the official data sets, which belong to others and are not part of the checkout.
collect_ignore = (
    []
    if _OFFICIAL.is_file()
    else [
        "evals/test_datasets.py",
        "evals/test_experiments.py",
        "evals/test_fetching.py",
        "evals/legal/test_segmentation.py",
        "evals/legal/test_splitting.py",
        "evals/legal/test_training.py",
        "toolshed/intra_retrieval/test_search.py",
    ]
)


def pytest_report_header() -> str:
    if not collect_ignore:
        return f"official data sets: {data_folder()}"
    return (
        f"official data sets: none in {data_folder()}, so the tests that read them are left out; "
        "get them with: toolshed eval fetch toole && toolshed eval fetch sealtools"
    )


_HAS_MULTILINGUAL = multilingual.is_installed


@pytest.fixture(scope="session", autouse=True)
def _english_only() -> Iterator[None]:
    """Encoding tools for other languages doubles the time of indexing: only tests of it do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multilingual, "is_installed", lambda: False)
        # For the programs that tests start.
        patch.setenv("TOOLSHED_MULTILINGUAL", "false")
        yield


@pytest.fixture
def other_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the test have the extra ``multilingual``."""
    monkeypatch.setattr(multilingual, "is_installed", _HAS_MULTILINGUAL)
    monkeypatch.delenv("TOOLSHED_MULTILINGUAL")


OpenShed = Callable[..., Toolshed]
# What a loopback server answers by path: status, content type and content.
Pages = dict[str, tuple[int, str, bytes]]


@pytest.fixture
def open_shed(tmp_path: Path) -> Iterator[OpenShed]:
    """Opens the embedded knowledge base of the test with a small encoder; all are closed at the end."""
    opened: list[Toolshed] = []

    def open_one(**options: object) -> Toolshed:
        given = {"encoder": HashingEncoder(), **options}
        opened.append(Toolshed(tmp_path / "shed", **given))  # type: ignore[arg-type]  # options of Toolshed
        return opened[-1]

    yield open_one
    for shed in opened:
        shed.close()


@pytest.fixture
def shed(open_shed: OpenShed) -> Toolshed:
    return open_shed()


@pytest.fixture
def serve_pages() -> Callable[[Pages], AbstractContextManager[str]]:
    """Serves fixed pages on loopback; paths that are not among them hang up."""

    def serve(pages: Pages) -> AbstractContextManager[str]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = pages.get(self.path)
                if page is None:
                    self.close_connection = True
                    return
                status, kind, content = page
                self.send_response(status)
                self.send_header("location" if 300 <= status < 400 else "content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
                """Keep the tests' output quiet."""

        return loopback_server(Handler)

    return serve
