"""Bodies: read within a size and a time, and JSON read to the letter."""

import asyncio
import json
import math
import random
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from json import JSONDecodeError
from typing import Any, ClassVar, NoReturn

from fastapi.routing import APIRoute
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive

from toolshed.settings import Settings
from toolshed_api.problems import SlowRequestError, TooLargeError
from toolshed_api.streams import CONVERSATIONS, MAX_CONVERSATION_BYTES

# In half of it the largest body arrives on a line of one megabit.
BODY_SECONDS = 20.0
# In so many an upload arrives whole: 16 MB at seven megabits a second.
UPLOAD_SECONDS = 40.0
# A search names a few sources and filters. Each value costs time to check, and an error when it is wrong.
MAX_VALUES = 10_000
MAX_DEPTH = 32
# Schemas of thousands of tools; each nests as deep as a catalog's may, below the request's own levels.
MAX_UPLOADED_VALUES = 2_000_000
MAX_UPLOADED_DEPTH = 110
# Beyond it floats leave whole numbers out.
_EXACT_BELOW = 2.0**53


# What brings tools, sources and text in; the rest ask.
_UPLOADS = re.compile(
    r"POST /v1/(tools|sources|documents|enhancements)|PUT /v1/(tools|sources|documents)/.+", re.DOTALL
)


def most_bytes(settings: Settings, method: str = "POST", path: str = "/v1/tools/search") -> int:
    """The size of the largest body that is taken.

    A megabyte, or the longest query and its options; more of what brings in tools and text, and of
    conversations with models.
    """
    if path in CONVERSATIONS:
        return MAX_CONVERSATION_BYTES
    # JSON takes twelve bytes for one character, where it escapes both halves of a surrogate pair.
    ordinary = max(2**20, 12 * settings.max_query_characters + 2**16)
    return max(ordinary, settings.max_upload_bytes) if is_upload(method, path) else ordinary


def is_upload(method: str, path: str) -> bool:
    """Whether a request brings in tools or text."""
    return _UPLOADS.fullmatch(f"{method} {path}") is not None


def spread(seconds: float) -> float:
    """A deadline of at most so many seconds; clients who came together shall not all end together."""
    return seconds * random.uniform(0.5, 1.0)  # noqa: S311  # nothing secret about it


async def read_body(headers: Headers, receive: Receive, *, most: int, seconds: float = BODY_SECONDS) -> bytes:
    """The whole body.

    Raises:
        TooLargeError: If it is, or says that it is, larger than ``most`` bytes.
        SlowRequestError: If it does not arrive in time.
        ClientDisconnect: If the client went away.
    """
    declared = headers.get("content-length", "0")
    # Digits by the thousand are no number to Python.
    if len(declared) > 12 or (declared.isdigit() and int(declared) > most):
        raise _too_large(most)
    try:
        async with asyncio.timeout(spread(seconds)):
            body = bytearray()
            async for part in body_parts(receive, most=most):
                body += part
            return bytes(body)
    except TimeoutError as error:
        raise SlowRequestError(
            f"the body did not arrive in time; send it again, within {seconds / 2:g} seconds"
        ) from error


async def body_parts(receive: Receive, *, most: int) -> AsyncIterator[bytes]:
    """The body as it arrives.

    Raises:
        TooLargeError: If it is larger than ``most`` bytes.
        ClientDisconnect: If the client went away.
    """
    n_bytes, has_more = 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        n_bytes += len(part)
        if n_bytes > most:
            raise _too_large(most)
        yield part
        has_more = message.get("more_body", False)


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {most:,} bytes; send less at once")


class StrictRequest(Request):
    """A request whose JSON is JSON: finite numbers, whole characters, and not without end."""

    max_values: ClassVar[int] = MAX_VALUES
    max_depth: ClassVar[int] = MAX_DEPTH

    async def json(self) -> Any:
        """The value; what is wrong with it is a ``JSONDecodeError``, the one error FastAPI looks for."""
        # Any: it may be any JSON until it is validated.
        value = strict_json(await self.body(), max_depth=self.max_depth)
        check_json(value, most_values=self.max_values, most_depth=self.max_depth)
        return value


class UploadRequest(StrictRequest):
    """A request that brings in tools or text."""

    max_values = MAX_UPLOADED_VALUES
    max_depth = MAX_UPLOADED_DEPTH


def strict_json(content: bytes, *, max_depth: int = MAX_DEPTH, whole_floats: bool = True) -> Any:
    """A JSON value, read to the letter.

    Args:
        content: The text, in UTF-8.
        max_depth: How deep it may nest, for the message where it nests deeper than can be read.
        whole_floats: Whether 3.0 is read as the whole number that it is to JSON Schema.

    Raises:
        JSONDecodeError: If it is none.
    """
    # Any: it may be any JSON until it is validated.
    number = _number if whole_floats else _float
    try:
        return json.loads(content, parse_constant=_refuse_constant, parse_float=number)
    except JSONDecodeError:
        raise
    except RecursionError as error:
        raise _invalid(f"it nests deeper than {max_depth} levels") from error
    except ValueError as error:
        # Bytes that are no UTF-8, and whole numbers of thousands of digits.
        raise _invalid(f"it cannot be read: {str(error)[:200]}") from error


class _AnyText(PathConvertor):
    """The rest of a path, line breaks too: ids may hold anything, and say themselves what they are not."""

    regex = "(?s:.*)"


register_url_convertor("any", _AnyText())


class StrictRoute(APIRoute):
    """A route whose requests are strict."""

    request_class: ClassVar[type[StrictRequest]] = StrictRequest

    def get_route_handler(self) -> Any:
        """The handler, given a strict request."""
        # Any: FastAPI's own alias of a coroutine function.
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Any:
            # For metrics: what is asked of one tool is asked of the route of all.
            request.state.route = self.path_format
            return await self.answer(self.request_class(request.scope, request.receive), handle)

        return strictly

    async def answer(
        self, request: StrictRequest, handle: Callable[[StrictRequest], Coroutine[Any, Any, Response]]
    ) -> Response:
        """Answer a request."""
        return await handle(request)


def check_json(value: Any, *, most_values: int, most_depth: int) -> None:
    """Refuse a JSON value that is larger or deeper than is taken, or holds what is no character.

    Raises:
        JSONDecodeError: If it is.
    """
    n_values, level = 0, [value]
    for _ in range(most_depth):
        n_values += len(level)
        if n_values > most_values:
            raise _invalid(f"it holds more than {most_values:,} values")
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise _invalid(f"it nests deeper than {most_depth} levels")


def _inside(value: Any) -> list[Any]:
    match value:
        case dict():
            return [*value.keys(), *value.values()]
        case list():
            return value
        case str() if not _is_text(value):
            raise _invalid(r"it holds half of a surrogate pair, such as \ud800, which is no character")
        case _:
            return []


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _float(digits: str) -> float:
    """A number with a fraction or an exponent."""
    number = float(digits)
    if not math.isfinite(number):
        raise _invalid(f"{digits[:20]} is too large a number")
    return number


def _number(digits: str) -> float:
    """Likewise; to JSON Schema, and so to our description, 3.0 is whole."""
    number = _float(digits)
    return int(number) if abs(number) < _EXACT_BELOW and number.is_integer() else number


def _refuse_constant(name: str) -> NoReturn:
    raise _invalid(f"{name} is no number of JSON")


def _invalid(reason: str) -> JSONDecodeError:
    return JSONDecodeError(f"the body is no valid JSON: {reason}", "", 0)
