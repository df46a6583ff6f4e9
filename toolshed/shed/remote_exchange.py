"""What is asked of a service, and when it is asked again: the part that waits for nothing."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import uuid4

import httpx

from toolshed.errors import ConfigurationError, ServiceError
from toolshed.shed.remote_errors import error_of

Result = TypeVar("Result")

# A service that sheds load says when to come back; one that is started anew is there in some seconds.
_MOST_TRIES = 5
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 10.0
_BUSY = frozenset({429, 503})
# The first request under a key is being answered.
_UNANSWERED = 409
_PATH_SAFE = "/:"


# Any, here and below: JSON.
@dataclass(frozen=True, slots=True)
class Exchange(Generic[Result]):
    """A request, and what its answer is read as.

    Attributes:
        method: Of HTTP.
        path: Below the service's URL.
        read: Reads the JSON of the answer.
        query: Of the URL.
        body: JSON to send.
        content: Bytes to send instead.
        key: Under which it is done once, however often it is sent; every write has one.
    """

    method: str
    path: str
    read: Callable[[Any], Result]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None
    key: str | None = None

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request for a client to send."""
        headers = {} if self.key is None else {"idempotency-key": self.key}
        content = self.content
        if self.body is not None:
            content = json.dumps(self.body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
            headers["content-type"] = "application/json"
        query = {name: value for name, value in self.query.items() if value is not None}
        return client.build_request(self.method, self.path, params=query, content=content, headers=headers)


def write_key() -> str:
    """A key of its own for something to do once."""
    return uuid4().hex


def in_path(text: str) -> str:
    """A text as a part of a path."""
    return str(httpx.URL("http://x/").copy_with(path=f"/{text}").raw_path, "ascii")[1:]


def answer_of(exchange: Exchange[Result], response: httpx.Response) -> Result:
    """What came of it.

    Raises:
        ToolshedError: What the service refused it with.
    """
    if response.is_success:
        try:
            return exchange.read(response.json())
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceError(
                f"{response.request.url.path} answered otherwise than this version knows: {error!r}; do "
                "client and service have the same version?",
                status=response.status_code,
            ) from error
    raise error_of(response)


def pause_before_retry(response: httpx.Response | None, n_tries: int) -> float | None:
    """Seconds to wait before it is sent again; None where it is not.

    Everything may be sent again: what asks changes nothing, and what writes does so once under its key.

    Args:
        response: The answer; None where none came.
        n_tries: How often it was sent.
    """
    if n_tries >= _MOST_TRIES:
        return None
    backoff: float = _FIRST_PAUSE_SECONDS * 2 ** (n_tries - 1) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
    if response is None:
        return backoff
    is_waiting = response.status_code == _UNANSWERED and '"unanswered"' in response.text
    if response.status_code not in _BUSY and not is_waiting:
        return None
    wanted = response.headers.get("retry-after", "")
    seconds = float(wanted) if wanted.isdigit() and len(wanted) < 6 else 0.0
    return None if seconds > _LONGEST_PAUSE_SECONDS else max(seconds, backoff)


def is_passing(error: httpx.HTTPError) -> bool:
    """Whether another try may do; who has waited for an answer in vain does not wait as long again."""
    return isinstance(error, httpx.TransportError) and not isinstance(
        error, httpx.ReadTimeout | httpx.WriteTimeout | httpx.UnsupportedProtocol
    )


def unreachable(url: httpx.URL, error: httpx.HTTPError) -> ServiceError:
    """The error of a service that does not answer."""
    reason = str(error) or type(error).__name__
    return ServiceError(
        f"the service at {url} cannot be reached: {reason}; is it running, and the URL right?"
    )


def checked_url(url: str) -> str:
    """The URL of a service.

    Raises:
        ConfigurationError: If it is none.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"{url[:200]!r} is no URL of a service: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigurationError(f"{url[:200]!r} is no URL of a service; give http(s)://HOST:PORT")
    return url
