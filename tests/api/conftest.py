"""What the tests of the service share."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.serving import TOOLS, served
from tests.databases import location, postgres
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed

__all__ = ["location", "postgres"]


@pytest.fixture
def client(shed: Toolshed) -> Iterator[httpx.Client]:
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as opened:
        yield opened
