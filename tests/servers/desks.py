"""A service of desks over HTTP: arguments in every place, every way to show who asks, odd answers."""

import asyncio
import threading
from typing import Annotated, Any

from fastapi import (
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Response,
    UploadFile,
)
from fastapi.responses import RedirectResponse
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from pydantic import BaseModel

# Set when the service is asked for what takes long.
SLOW_BEGAN = threading.Event()
SECRET = "s3cret-of-ana-0123456789"


class Desk(BaseModel):
    name: str
    corner: str | None = None


def service() -> FastAPI:
    app = FastAPI(title="desks", version="2")
    _add_desks(app)
    _add_what_wants_credentials(app)
    _add_odd_answers(app)
    return app


def _add_desks(app: FastAPI) -> None:
    @app.put("/desks/{number}", operation_id="put_desk")
    def put_desk(
        number: int,
        desk: Desk,
        tags: Annotated[list[str], Query()],
        x_trace: Annotated[str, Header()],
        session: Annotated[str, Cookie()],
    ) -> dict[str, Any]:
        return {"number": number, "desk": desk, "tags": tags, "trace": x_trace, "session": session}

    @app.post("/upload", operation_id="upload")
    async def upload(file: Annotated[UploadFile, File()], note: Annotated[str, Form()]) -> dict[str, Any]:
        return {"n": len(await file.read()), "type": file.content_type, "note": note}

    @app.delete("/desks/{number}", operation_id="delete_desk", status_code=204)
    def delete_desk(number: int) -> None:
        return None


def _add_what_wants_credentials(app: FastAPI) -> None:
    bearer, key = HTTPBearer(scheme_name="token"), APIKeyHeader(name="X-Key", scheme_name="key")
    in_query, basic = APIKeyQuery(name="api_key", scheme_name="query_key"), HTTPBasic(scheme_name="basic")

    @app.get("/by_token", operation_id="by_token")
    def by_token(given: Annotated[Any, Depends(bearer)]) -> str:
        return f"{given.scheme} {given.credentials}"

    @app.get("/by_key", operation_id="by_key")
    def by_key(given: Annotated[str, Depends(key)]) -> dict[str, bool]:
        return {"is_right": given == SECRET}

    @app.get("/by_query_key", operation_id="by_query_key")
    def by_query_key(given: Annotated[str, Depends(in_query)]) -> dict[str, bool]:
        return {"is_right": given == SECRET}

    @app.get("/by_basic", operation_id="by_basic")
    def by_basic(given: Annotated[HTTPBasicCredentials, Depends(basic)]) -> dict[str, bool]:
        return {"is_right": (given.username, given.password) == ("ana", SECRET)}


def _add_odd_answers(app: FastAPI) -> None:
    @app.get("/missing", operation_id="missing")
    def missing() -> None:
        raise HTTPException(404, "no such desk")

    @app.get("/image", operation_id="image")
    def image() -> Response:
        return Response(b"\x89PNG\x00", media_type="image/png")

    @app.post("/moved", operation_id="moved")
    def moved() -> RedirectResponse:
        return RedirectResponse("/kept", 307)

    @app.post("/kept", operation_id="kept")
    def kept(words: Annotated[list[str], Body()] = []) -> list[str]:  # noqa: B006  # FastAPI copies it
        return words

    @app.get("/long", operation_id="long")
    def long() -> list[int]:
        return list(range(20_000))

    @app.get("/slow", operation_id="slow")
    async def slow() -> None:
        SLOW_BEGAN.set()
        await asyncio.sleep(100)
