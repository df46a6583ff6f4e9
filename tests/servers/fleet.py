"""MCP servers over HTTP, many in one process: `/N/mcp`, some slow, some down, one flapping.

Usage: python fleet.py PORT. Prints a line when it listens. Of the sixty, 0 to 4 answer after half a minute,
5 to 9 with an error, and 10 lists its tools every second time only.
"""

import asyncio
import json
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SLOW, DOWN, FLAPPING = range(5), range(5, 10), 10
_listings = 0


async def answer(request: Request) -> Response:
    global _listings
    n = int(request.path_params["n"])
    if request.method != "POST":
        return Response(status_code=405)
    if n in DOWN:
        return Response(status_code=503)
    message = json.loads(await request.body())
    if "id" not in message:
        return Response(status_code=202)
    if n in SLOW:
        await asyncio.sleep(30)
    reply: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
    if message["method"] == "initialize":
        info = {"name": f"server-{n}", "version": "1"}
        told = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
        return JSONResponse({**reply, "result": told})
    if message["method"] == "tools/list":
        _listings += n == FLAPPING
        is_empty = n == FLAPPING and _listings % 2 == 0
        tool = {"name": f"tool_{n}", "description": f"Does thing {n}.", "inputSchema": {"type": "object"}}
        return JSONResponse({**reply, "result": {"tools": [] if is_empty else [tool]}})
    return JSONResponse({**reply, "error": {"code": -32601, "message": "no such method"}})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/{n:int}/mcp", answer, methods=["GET", "POST", "DELETE"])])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
