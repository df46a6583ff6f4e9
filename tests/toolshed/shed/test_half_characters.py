"""Half a character, which JSON can hold and no store takes, in whatever names something."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from toolshed.documents import LegalDocument
from toolshed.errors import SourceError, UnknownDocumentError, UnknownToolError
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool

HALF = "\ud800"


@pytest.fixture(scope="module", params=["memory", "edge"])
def shed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolshed]:
    where = "memory:" if request.param == "memory" else tmp_path_factory.mktemp("half") / "shed"
    with Toolshed(where, pipeline="instant", multilingual=False) as opened:
        opened.add_tools(make_tool("add", "Adds numbers."))
        opened.add_documents(LegalDocument("act", "§ 1. Fees. Fees are due within ten days."))
        yield opened


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (lambda shed: shed.get_tool(HALF), UnknownToolError),
        (lambda shed: shed.call(HALF, {}), UnknownToolError),
        (lambda shed: shed.usage.report(shed.search("add").query_id, [HALF], passed=True), UnknownToolError),
        (lambda shed: shed.get_passages(HALF), UnknownDocumentError),
        (lambda shed: shed.add_documents(HALF), SourceError),
        (lambda shed: shed.add_documents(Path("\0")), SourceError),
    ],
    ids=["tool", "call", "report", "document", "path", "path-with-nul"],
)
def test_what_is_named_with_one_is_not_there(
    shed: Toolshed, asked: Callable[[Toolshed], object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        asked(shed)


def test_nothing_is_found_or_removed_by_one(shed: Toolshed) -> None:
    assert shed.delete_tools(HALF) == shed.delete_documents(HALF) == 0
    assert shed.usage.forget(reporter=HALF, tool_id=HALF) == 0
    assert shed.search_passages("fees", filters={"document": HALF, "section": HALF}).passages == ()


def test_a_document_is_kept_without_them_at_the_same_offsets(shed: Toolshed) -> None:
    shed.add_documents(LegalDocument(f"{HALF}e", f"{HALF}𝒜 fee is due. It is small.", HALF, HALF))
    (passage,) = shed.get_passages(f"{HALF}e")
    assert passage.text == "?𝒜 fee is due. It is small."
    assert (passage.document_id, passage.start) == ("?e", 0)
    assert shed.delete_documents(f"{HALF}e") == 1
