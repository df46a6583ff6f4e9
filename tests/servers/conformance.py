"""The tools that the conformance package of MCP calls by name, behind Toolshed: see CONTRIBUTING.md.

Usage: python -m tests.servers.conformance serve SECONDS prints an address for the package; without, it is the
server that has the tools
"""

import sys
import tempfile
import time
from pathlib import Path

from mcp.server.mcpserver import Audio, Context, Image, MCPServer
from mcp_types import EmbeddedResource, TextContent, TextResourceContents

server = MCPServer("conformance")
PNG = b"\x89PNG\r\n\x1a\n"


def _resource(uri: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type="text/plain", text=text))


@server.tool()
def test_simple_text() -> str:
    """Answer a text."""
    return "This is a simple text response for testing."


@server.tool()
def test_image_content() -> Image:
    """Answer an image."""
    return Image(data=PNG, format="png")


@server.tool()
def test_audio_content() -> Audio:
    """Answer a sound."""
    return Audio(data=b"RIFF", format="wav")


@server.tool()
def test_embedded_resource() -> EmbeddedResource:
    """Answer a resource."""
    return _resource("test://embedded-resource", "This is an embedded resource content.")


@server.tool(structured_output=False)
def test_multiple_content_types() -> list[TextContent | Image | EmbeddedResource]:
    """Answer a text, an image and a resource."""
    resource = _resource("test://mixed-content-resource", '{"test":"data","value":123}')
    return [TextContent(text="Multiple content types test:"), Image(data=PNG, format="png"), resource]


@server.tool()
def test_error_handling() -> str:
    """Fail on purpose."""
    raise ValueError("This tool intentionally returns an error for testing")


@server.tool()
async def test_tool_with_progress(context: Context) -> str:
    """Tell how far it is."""
    for done in (0, 50, 100):
        await context.report_progress(done, 100)
    return "done"


def _serve(seconds: float) -> None:
    from tests.api.serving import served
    from toolshed.settings import Settings
    from toolshed.shed.shed import Toolshed

    with tempfile.TemporaryDirectory() as folder, Toolshed(f"{folder}/shed", pipeline="instant") as shed:
        for name in ("conformance", "older"):
            program = Path(__file__).with_name(f"{name}.py").resolve()
            shed.add_tools(f"mcp+stdio:{sys.executable} {program}", source_name=name)
        settings = Settings(kb=f"{folder}/shed", mcp_pinned=shed.list_tools())
        with served(settings, shed) as client:
            sys.stdout.write(f"{str(client.base_url).rstrip('/')}/mcp\n")
            sys.stdout.flush()
            time.sleep(seconds)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        _serve(float(sys.argv[2]))
    else:
        server.run()
