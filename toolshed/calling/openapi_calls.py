"""Calling OpenAPI operations: over guarded connections, with credentials for nobody but their server."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from toolshed.calling.credentials import Ask, CredentialBook, secrets_in, without_secrets
from toolshed.calling.http_answers import read_answer
from toolshed.calling.openapi_requests import operation_request, server_address
from toolshed.calling.openapi_security import secure
from toolshed.calling.plans import timed_out
from toolshed.calling.results import Answer
from toolshed.catalog.addresses import Address, PinnedTransport, is_at_origin, is_public, may_be_at_private
from toolshed.catalog.reach import LOCAL, Reach, how_to_allow
from toolshed.errors import ForbiddenAddressError, ForbiddenSourceError, LostConnectionError, ToolCallError
from toolshed.options import CallArguments
from toolshed.types import ToolDefinition

_MAX_REDIRECTS = 5
# For all of it there is a deadline; an address that does not answer leaves time for the next.
_READ_SECONDS, _CONNECT_SECONDS = 3600.0, 10.0
# What another server is sent of a request.
_FOR_STRANGERS = ("accept", "accept-encoding", "user-agent")
# Shorter ones stand in any text by chance.
_MIN_SECRET_CHARACTERS = 8


async def call_operation(
    tool: ToolDefinition,
    arguments: dict[str, Any],
    book: CredentialBook,
    options: CallArguments,
    *,
    ask: Ask,
    seconds: float,
    reach: Reach = LOCAL,
) -> Answer:
    """Call an operation.

    Args:
        tool: It, with a binding of the kind ``openapi``.
        arguments: Checked against its schema.
        book: What the caller has of credentials.
        options: As the caller gave them.
        ask: See :data:`~toolshed.calling.credentials.Ask`.
        seconds: Longest wait for all of it.
        reach: What whoever calls may reach.

    Raises:
        ToolCallError: If it cannot be called or does not answer; see the subclasses.
    """
    exchange = _Exchange(tool, options, reach)
    try:
        async with asyncio.timeout(seconds):
            return await exchange.run(arguments, book, ask)
    except TimeoutError:
        raise timed_out(tool.tool_id, seconds, may_have_acted=exchange.was_sent) from None
    except httpx.HTTPError as error:
        # Without what stands in the chain: libraries quote what they could not send.
        raise exchange.lost(error) from None


@dataclass(slots=True)
class _Exchange:
    """One request and its redirects."""

    tool: ToolDefinition
    options: CallArguments
    reach: Reach = LOCAL
    was_sent: bool = False
    _secrets: list[str] = field(default_factory=list, repr=False)

    async def run(self, arguments: dict[str, Any], book: CredentialBook, ask: Ask) -> Answer:
        server = server_address(self.tool, self.options["server"])
        written = operation_request(self.tool, arguments)
        secured = await secure(written, self.tool, book, ask)
        self._secrets = secrets_in(secured.secrets)
        request = written.to_httpx(server)
        if secured.secrets:
            self._check_is_private(request.url)
        guard = _Guard(self.tool, self.options, request.url, self.reach)
        try:
            return await self._follow(guard, request)
        finally:
            await guard.aclose()

    def _check_is_private(self, url: httpx.URL) -> None:
        """Refuse to send credentials where anybody on the way could read them."""
        is_loopback = url.host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", url.host))
        if url.scheme == "http" and not (is_loopback or self.options["allow_plain_http"]):
            raise ForbiddenAddressError(
                f"the server of {self.tool.tool_id!r}, {url.host!r}, is spoken to without TLS, and everybody "
                "on the way could read the credentials; allow it by allow_plain_http=True "
                "(--allow-plain-http), or call it without; nothing was sent"
            )

    async def _follow(self, guard: "_Guard", request: httpx.Request) -> Answer:
        for _ in range(_MAX_REDIRECTS + 1):
            request.extensions = {
                "timeout": httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS).as_dict(),
                "trace": self._note,
            }
            response = await guard.handle_async_request(request)
            response.request = request
            try:
                following = self._following(request, response)
                if following is None:
                    return await read_answer(response, secrets=self._long_secrets)
            finally:
                await response.aclose()
            request = following
        raise ToolCallError(
            f"{self.tool.tool_id!r} redirects more than {_MAX_REDIRECTS} times", may_have_acted=True
        )

    async def _note(self, event: str, _: Any) -> None:
        # Any: what httpcore tells of an event.
        self.was_sent |= event.endswith("send_request_headers.started")

    def _following(self, request: httpx.Request, response: httpx.Response) -> httpx.Request | None:
        """The request that a redirect leads to; None where the answer stands as it is."""
        target = _target(request.url, response)
        method = _next_method(request.method, response.status_code)
        if target is None or method is None:
            return None
        is_same = is_at_origin(target, request.url)
        # What was written for one server goes to no other.
        if (request.url.scheme, target.scheme) == ("https", "http") or not (
            is_same or method in ("GET", "HEAD")
        ):
            return None
        keep = {name: value for name, value in request.headers.items() if is_same or name in _FOR_STRANGERS}
        keep.pop("host", None)
        if method == request.method and is_same and request.content:
            return httpx.Request(method, target, headers=keep, content=request.content)
        for name in ("content-length", "content-type", "transfer-encoding"):
            keep.pop(name, None)
        return httpx.Request(method, target, headers=keep)

    @property
    def _long_secrets(self) -> list[str]:
        return [secret for secret in self._secrets if len(secret) >= _MIN_SECRET_CHARACTERS]

    def lost(self, error: httpx.HTTPError) -> ToolCallError:
        """The error of a connection that could not be made, or broke off."""
        said = without_secrets(str(error) or type(error).__name__, self._secrets)[:300]
        if isinstance(error, httpx.DecodingError):
            return ToolCallError(
                f"the answer of {self.tool.tool_id!r} cannot be read: {said}", may_have_acted=True
            )
        done = "was lost before it answered" if self.was_sent else "cannot be made"
        return LostConnectionError(
            f"the connection to {self.tool.tool_id!r} {done}: {said}", may_have_acted=self.was_sent
        )


def _target(url: httpx.URL, response: httpx.Response) -> httpx.URL | None:
    location = response.headers.get("location")
    if not location or response.status_code not in (301, 302, 303, 307, 308):
        return None
    try:
        target = url.join(location).copy_with(fragment=None, userinfo=b"")
    except (httpx.InvalidURL, ValueError):
        return None
    return target if target.scheme in ("http", "https") and target.host else None


def _next_method(method: str, status: int) -> str | None:
    """The method of a redirected request (RFC 9110, 15.4); None where it would ask for something else."""
    if status in (307, 308) or method in ("GET", "HEAD"):
        return method
    return "GET" if status == 303 else None


class _Guard(PinnedTransport):
    """Lets a call go to the public, and to private addresses where its source was indexed from."""

    def __init__(
        self, tool: ToolDefinition, options: CallArguments, server: httpx.URL, reach: Reach = LOCAL
    ) -> None:
        super().__init__()
        self._tool, self._reach = tool, reach
        self._server = server
        is_url = tool.location.startswith(("http://", "https://"))
        self._indexed_from = httpx.URL(tool.location) if is_url else None
        self._is_allowed = options["allow_private"] and (not is_url or options["server"] is not None)

    def check_url(self, url: httpx.URL) -> None:
        """Redirects to other protocols are not followed; of callers of a service, ports are checked."""
        try:
            self._reach.check_url(url)
        except ForbiddenSourceError as error:
            raise ForbiddenAddressError(f"{error}; nothing was sent") from None

    def may_connect(self, url: httpx.URL, address: Address) -> bool:
        """Whether an address is public, or the source came from there, or the caller allowed its server."""
        if is_public(address):
            return True
        # A redirect to what the source may call is one that nobody asked for.
        if not is_at_origin(url, self._server):
            return False
        if not self._reach.is_local:
            return self._reach.may_be_private(url) and may_be_at_private(url.host, address)
        trusted = [self._indexed_from] if self._indexed_from else []
        if self._is_allowed:
            trusted.append(self._server)
        return any(is_at_origin(url, one) and may_be_at_private(one.host, address) for one in trusted)

    def refusal(self, url: httpx.URL, address: Address) -> ForbiddenAddressError:
        """Say which address it is, and what would let the call go there."""
        at = f"{url.host!r} is the address {str(address)!r}, which is not public"
        if not is_at_origin(url, self._server):
            return ForbiddenAddressError(f"{self._tool.tool_id!r} redirects to {str(url)[:200]!r}: {at}")
        if not self._reach.is_local:
            how = how_to_allow(url)
        elif self._indexed_from is None:
            how = "allow it by allow_private=True (--allow-private) if you trust its description"
        else:
            how = "index its description from that address if you trust it"
        return ForbiddenAddressError(f"{self._tool.tool_id!r} is called at {at}; {how}; nothing was sent")
