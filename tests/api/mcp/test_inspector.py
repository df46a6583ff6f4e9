import re
from collections.abc import Iterator

import pytest
from mcp import MCPError
from mcp_types import TextResourceContents

from tests.api.mcp.serving import ERAS, host, text
from tests.api.serving import TOOLS, served
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.mcp import inspector


@pytest.fixture
def url(shed: Toolshed) -> Iterator[str]:
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as client:
        yield str(client.base_url).rstrip("/") + "/mcp"


@pytest.mark.parametrize("era", ERAS)
async def test_a_host_with_apps_gets_the_page_that_search_tools_names(url: str, era: str) -> None:
    async with host(url, era) as client:
        (search,) = [tool for tool in (await client.list_tools()).tools if tool.name == "search_tools"]
        assert search.meta is not None
        uri = search.meta["ui"]["resourceUri"]
        assert [str(one.uri) for one in (await client.list_resources()).resources] == [uri]
        (page,) = (await client.read_resource(uri)).contents
        assert isinstance(page, TextResourceContents)
        assert page.mime_type == "text/html;profile=mcp-app"
        # The protocol of 2025 has no place to say so.
        if era == "auto":
            assert inspector.EXTENSION in (client.server_capabilities.extensions or {})
        # Others show the text, which says as much.
        found = await client.call_tool("search_tools", {"query": "send an email"})
        assert "mail:send_email" in text(found)
        with pytest.raises(MCPError, match="there is no resource 'ui://other'"):
            await client.read_resource("ui://other")


def test_the_page_loads_nothing_and_writes_no_markup_of_strangers() -> None:
    (page,) = inspector.read(inspector.URI).contents
    assert isinstance(page, TextResourceContents)
    assert not re.search(r"https?://|<link|<img|src=|@import|url\(|fetch\(", page.text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", page.text)
