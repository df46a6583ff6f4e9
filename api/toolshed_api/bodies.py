"""Bodies: read within a size and a time, and JSON read to the letter."""

import asyncio
import json
import math
import random
from collections.abc import AsyncIterator
from json import JSONDecodeError
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from toolshed.settings import Settings
from toolshed_api.problems import SlowRequestError, TooLargeError

# In half of it the largest body arrives on a line of one megabit.
BODY_SECONDS = 20.0
# A search names a few sources and filters. Each value costs time to check, and an error when it is wrong.
MAX_VALUES = 10_000
MAX_DEPTH = 32
# Beyond it floats leave whole numbers out.
_EXACT_BELOW = 2.0**53


def most_bytes(settings: Settings) -> int:
    """The size of the largest body that is taken: a megabyte, or the longest query and its options."""
    # JSON takes twelve bytes for one character, where it escapes both halves of a surrogate pair.
    return max(2**20, 12 * settings.max_query_characters + 2**16)


def spread(seconds: float) -> float:
    """A deadline of at most so many seconds; clients who came together shall not all end together."""
    return seconds * random.uniform(0.5, 1.0)  # noqa: S311  # nothing secret about it


async def read_body(headers: Headers, receive: Receive, *, most: int) -> bytes:
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
        async with asyncio.timeout(spread(BODY_SECONDS)):
            body = bytearray()
            async for part in body_parts(receive, most=most):
                body += part
            return bytes(body)
    except TimeoutError as error:
        raise SlowRequestError(
            f"the body did not arrive in time; send it again, within {BODY_SECONDS / 2:g} seconds"
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
    return TooLargeError(f"the body is larger than {most:,} bytes; send the request, not the documents")


class StrictRequest(Request):
    """A request whose JSON is JSON: finite numbers, whole characters, and not without end."""

    async def json(self) -> Any:
        """The value; what is wrong with it is a ``JSONDecodeError``, the one error FastAPI looks for."""
        # Any: it may be any JSON until it is validated.
        try:
            value = json.loads(await self.body(), parse_constant=_refuse_constant, parse_float=_number)
        except JSONDecodeError:
            raise
        except RecursionError as error:
            raise _invalid(f"it nests deeper than {MAX_DEPTH} levels") from error
        except ValueError as error:
            # Bytes that are no UTF-8, and whole numbers of thousands of digits.
            raise _invalid(f"it cannot be read: {str(error)[:200]}") from error
        _check_values(value)
        return value


class StrictRoute(APIRoute):
    """A route whose requests are strict."""

    def get_route_handler(self) -> Any:
        """The handler, given a strict request."""
        # Any: FastAPI's own alias of a coroutine function.
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Any:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


def _check_values(value: Any) -> None:
    n_values, level = 0, [value]
    for _ in range(MAX_DEPTH):
        n_values += len(level)
        if n_values > MAX_VALUES:
            raise _invalid(f"it holds more than {MAX_VALUES:,} values")
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise _invalid(f"it nests deeper than {MAX_DEPTH} levels")


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


def _number(digits: str) -> float:
    """A number with a fraction or an exponent; to JSON Schema, and so to our description, 3.0 is whole."""
    number = float(digits)
    if not math.isfinite(number):
        raise _invalid(f"{digits[:20]} is too large a number")
    return int(number) if abs(number) < _EXACT_BELOW and number.is_integer() else number


def _refuse_constant(name: str) -> NoReturn:
    raise _invalid(f"{name} is no number of JSON")


def _invalid(reason: str) -> JSONDecodeError:
    return JSONDecodeError(f"the body is no valid JSON: {reason}", "", 0)
