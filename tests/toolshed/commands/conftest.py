"""A knowledge base to run commands on."""

from pathlib import Path

import pytest

from toolshed.documents import LegalDocument
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool

TOOLS = [
    make_tool("send_email", "Send an email\n to a person.", source="tools"),
    make_tool(
        "get_forecast", "Weather forecast for a city. " + "It has every hour of the day. " * 9, source="tools"
    ),
]
LEASE = LegalDocument(
    "law/lease.txt",
    "4.1 Rent. The rent is due on the first of the month.\n\n"
    "4.2 Late Fees. A tenant who pays late\nowes a late fee.",
    "Office Lease",
    "law",
)


@pytest.fixture
def instant_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, empty, with the pipeline that starts quickly."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOOLSHED_PIPELINE", "instant")
    return tmp_path


@pytest.fixture
def filled(instant_folder: Path) -> Path:
    """The working folder with a knowledge base in ``./shed``: two tools and a lease."""
    with Toolshed("./shed", pipeline="instant") as shed:
        shed.add_tools(*TOOLS)
        shed.add_documents(LEASE)
    return instant_folder
