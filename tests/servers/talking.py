"""An MCP server, by the SDK, whose tools ask back, report progress, wait, and answer much.

Usage: python talking.py JOURNAL, a file that a line is written to when a call is cancelled
"""

import sys
from pathlib import Path

import anyio
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp_types import CallToolResult, ElicitRequest, ElicitRequestFormParams, InputRequiredResult, TextContent
from mcp_types import ToolAnnotations as Hints
from pydantic import BaseModel

server = MCPServer("talking")
journal = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("journal")
READS = Hints(read_only_hint=True)


class Confirmation(BaseModel):
    """What the user is asked."""

    sure: bool


class Weather(BaseModel):
    """What a forecast says."""

    city: str
    degrees: int


@server.tool(annotations=READS)
def get_weather(city: str) -> Weather:
    """Weather forecast for a city."""
    return Weather(city=city, degrees=21)


@server.tool()
def send_email(to: str, subject: str = "") -> str:
    """Send an email to a person."""
    return f"sent to {to}: {subject}"


@server.tool(annotations=READS)
def read_archive(megabytes: int = 5) -> str:
    """Read the whole archive of old messages."""
    line = "x" * 99 + "\n"
    return line * (megabytes * 10_000)


@server.tool(annotations=READS)
def list_rows(n: int = 20_000) -> CallToolResult:
    """List the rows of the ledger table."""
    rows = [{"row": i, "name": f"row {i}"} for i in range(n)]
    return CallToolResult(content=[TextContent(text=f"{n} rows")], structured_content={"rows": rows})


@server.tool(annotations=READS)
def draw_map() -> Image:
    """Draw a map picture of the area."""
    return Image(data=b"\x89PNG\r\n", format="png")


@server.tool(annotations=READS)
async def count_files(n: int, context: Context) -> str:
    """Count the files of the depot, slowly."""
    for i in range(1, n + 1):
        await context.report_progress(i, n, f"file {i}")
    return f"{n} files"


@server.tool(annotations=READS)
async def wait_long(context: Context) -> str:
    """Wait for the train, a very long time."""
    try:
        await context.report_progress(0, None, "waiting")
        await anyio.sleep(60)
    except BaseException:
        with journal.open("a") as file:
            file.write("cancelled\n")
        raise
    return "there"


@server.tool()
async def delete_account(name: str, context: Context) -> str | InputRequiredResult:
    """Delete the account of a customer for good."""
    question = f"Really delete {name}?"
    if context.input_responses is None:
        form = ElicitRequestFormParams(message=question, requested_schema=Confirmation.model_json_schema())
        return InputRequiredResult(
            input_requests={"sure": ElicitRequest(params=form)}, request_state=f"deleting {name}"
        )
    answer = context.input_responses["sure"].model_dump()
    return f"{answer['action']} {(answer.get('content') or {}).get('sure')} {name} ({context.request_state})"


if __name__ == "__main__":
    server.run()
