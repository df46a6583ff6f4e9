"""Tokens for MCP servers (OAuth 2.1), by the client flows of the official SDK.

With the secret of a client, or by the browser of a user, who comes back to a page on loopback. Tokens of
users are kept in their own folder of configuration, readable by nobody else, and never in a knowledge base.
"""

import asyncio
import contextlib
import hashlib
import inspect
import json
import logging
import os
import socket
import tempfile
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import platformdirs

from toolshed.catalog.mcp_configs import OAuthGrant, ServerConfig
from toolshed.catalog.mcp_limits import ServerFaultError
from toolshed.errors import ConfigurationError

logger = logging.getLogger(__name__)

# A user takes a while to sign in.
SIGN_IN_SECONDS = 300.0
_CLIENT_NAME = "Toolshed"
_PAGE = "<!doctype html><meta charset=utf-8><title>Toolshed</title><p>{}</p>"


class TokenStore:
    """The tokens for one server: in a file of the user's, or in memory where there is none.

    Args:
        path: The file.
        hide: Told every token, so that no message shows it.
    """

    def __init__(self, path: Path | None, hide: Callable[[str], None]) -> None:
        self._path, self._hide = path, hide
        self._held: dict[str, Any] = self._read()
        # Any: the SDK's record of a flow; it forgets when stored tokens end, and then asks the user again.
        self.context: Any = None

    @property
    def port(self) -> int:
        """The port that the client was registered with; 0 when it was not."""
        port = self._held.get("port")
        return port if isinstance(port, int) and 0 < port < 65_536 else 0

    def use_port(self, port: int) -> None:
        """Note the port; a client that was registered with another is forgotten."""
        if port != self.port:
            self._held = {"port": port}

    async def get_tokens(self) -> Any:
        """The tokens that are held, for the SDK."""
        from mcp.shared.auth import OAuthToken

        held = self._held.get("tokens")
        if not isinstance(held, dict):
            return None
        with contextlib.suppress(ValueError):
            tokens = OAuthToken.model_validate(held)
            self._note(tokens)
            if self.context is not None:
                self.context.token_expiry_time = self._held.get("expires_at")
            return tokens
        return None

    async def set_tokens(self, tokens: Any) -> None:
        """Hold tokens, for the SDK."""
        self._note(tokens)
        expires_at = time.time() + tokens.expires_in if tokens.expires_in else None
        said = tokens.model_dump(mode="json", exclude_none=True)
        self._held |= {"tokens": said, "expires_at": expires_at}
        self._write()

    async def get_client_info(self) -> Any:
        """The client as the authorization server knows it, for the SDK."""
        from mcp.shared.auth import OAuthClientInformationFull

        with contextlib.suppress(ValueError):
            held = self._held.get("client")
            return OAuthClientInformationFull.model_validate(held) if isinstance(held, dict) else None
        return None

    async def set_client_info(self, client_info: Any) -> None:
        """Hold the client, for the SDK."""
        self._held["client"] = client_info.model_dump(mode="json", exclude_none=True)
        if client_info.client_secret:
            self._hide(client_info.client_secret)
        self._write()

    def _note(self, tokens: Any) -> None:
        for token in (tokens.access_token, tokens.refresh_token):
            if token:
                self._hide(token)

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            held = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return held if isinstance(held, dict) else {}

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp gives a file that is its owner's alone, from the beginning.
            number, name = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(self._held, file)
            Path(name).replace(self._path)
        except OSError as error:
            raise ServerFaultError(
                f"the token cannot be kept in {str(self._path.parent)!r}: {error.strerror or error}"
            ) from None


def token_file(config: ServerConfig) -> Path:
    """Where the tokens for a server are kept."""
    client = config.oauth.client_id if config.oauth else ""
    name = hashlib.sha256(f"{config.url}\n{client}".encode()).hexdigest()[:32]
    return Path(platformdirs.user_config_dir("toolshed")) / "mcp-tokens" / f"{name}.json"


def flow_for(config: ServerConfig, hide: Callable[[str], None], wait_longer: Callable[[float], None]) -> Any:
    """What gets tokens for a server, for the SDK's HTTP client; None where none is asked for.

    Args:
        config: The server.
        hide: Told every token, so that no message shows it.
        wait_longer: Told how long a user may take, when one has to sign in.

    Raises:
        ConfigurationError: If the installed SDK cannot do it.
    """
    grant = config.oauth
    if grant is None:
        return None
    if grant.kind == "client_credentials":
        return _with_secret(config, grant, hide)
    store = TokenStore(token_file(config), hide)
    page = CallbackPage(grant.callback_port or store.port or _free_port(), config, wait_longer)
    store.use_port(page.port)
    return _with_browser(config, grant, store, page)


def _with_secret(config: ServerConfig, grant: OAuthGrant, hide: Callable[[str], None]) -> Any:
    """Any: the SDK's classes differ by version."""
    try:
        from mcp.client.auth.extensions import client_credentials

        provider: Any = client_credentials.ClientCredentialsOAuthProvider
    except (ImportError, AttributeError):
        provider = None
    known = inspect.signature(provider).parameters if provider else {}
    if "issuer" not in known:
        raise ConfigurationError("client credentials need a newer SDK; run: pip install 'mcp>=1.30,<3'")
    scope = {"scope" if "scope" in known else "scopes": grant.scopes or None}
    return provider(
        config.url,
        TokenStore(None, hide),
        grant.client_id,
        grant.client_secret,
        issuer=grant.issuer,
        **scope,
    )


def _with_browser(config: ServerConfig, grant: OAuthGrant, store: TokenStore, page: "CallbackPage") -> Any:
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientMetadata

    redirect: Any = [page.url]
    metadata = OAuthClientMetadata(
        client_name=_CLIENT_NAME,
        redirect_uris=redirect,
        scope=grant.scopes or None,
        token_endpoint_auth_method="client_secret_post" if grant.client_secret else "none",  # a method
    )
    # Any: see _with_secret.
    provider: Any = OAuthClientProvider
    given: dict[str, Any] = {}
    if grant.client_metadata_url and "client_metadata_url" in inspect.signature(provider).parameters:
        given["client_metadata_url"] = grant.client_metadata_url
    known_client = _RegisteredClient(store, grant, page.url) if grant.client_id else store
    flow = provider(config.url, metadata, known_client, page.open, page.answer, **given)
    store.context = flow.context
    return flow


class _RegisteredClient:
    """The tokens for a client that its user has registered."""

    def __init__(self, store: TokenStore, grant: OAuthGrant, redirect: str) -> None:
        self._store, self._grant, self._redirect = store, grant, redirect
        self.get_tokens, self.set_tokens = store.get_tokens, store.set_tokens

    async def get_client_info(self) -> Any:
        from mcp.shared.auth import OAuthClientInformationFull

        said = {
            "client_id": self._grant.client_id,
            "client_secret": self._grant.client_secret or None,
            "redirect_uris": [self._redirect],
            "token_endpoint_auth_method": "client_secret_post" if self._grant.client_secret else "none",
        }
        if self._grant.issuer:
            said["issuer"] = self._grant.issuer
        return OAuthClientInformationFull.model_validate(said)

    async def set_client_info(self, client_info: Any) -> None:
        """It is the user's, and stays as it is."""


class CallbackPage:
    """The page on loopback that a browser comes back to after its user signed in.

    Args:
        port: Where it listens, once the browser is on its way.
        config: The server that wants it.
        wait_longer: Told how long the user may take.
    """

    def __init__(self, port: int, config: ServerConfig, wait_longer: Callable[[float], None]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/callback"
        self._config, self._wait_longer = config, wait_longer
        self._state = ""
        self._answered: asyncio.Future[dict[str, str]] | None = None
        self._server: asyncio.Server | None = None

    async def open(self, url: str) -> None:
        """Listen, and send the user's browser on its way.

        Raises:
            ServerFaultError: If the address is none for a browser, or the port is taken.
        """
        parts = urlsplit(url)
        is_plain = parts.scheme == "http" and self._config.url.startswith("http:")
        if not (parts.scheme == "https" or is_plain) or not parts.hostname:
            raise ServerFaultError("it wants a sign-in at an address that is no https page")
        self._state = parse_qs(parts.query).get("state", [""])[0]
        self._answered = asyncio.get_running_loop().create_future()
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        except OSError as error:
            raise ServerFaultError(
                f"the port {self.port} for coming back from the sign-in is taken: {error.strerror or error}; "
                "give another as 'callbackPort'"
            ) from None
        self._wait_longer(SIGN_IN_SECONDS)
        name = self._config.name or self._config.location
        # Where no browser opens, the user still has to know.
        logger.warning("to use the MCP server %r, sign in at %s", name, url)
        await asyncio.to_thread(webbrowser.open, url)

    async def answer(self) -> Any:
        """What the browser brings back, for the SDK.

        Raises:
            ServerFaultError: If the sign-in was refused, or nobody comes back in time.
        """
        assert self._answered is not None
        assert self._server is not None
        try:
            said = await asyncio.wait_for(self._answered, SIGN_IN_SECONDS)
        except TimeoutError:
            raise ServerFaultError(f"nobody signed in within {SIGN_IN_SECONDS:g} seconds") from None
        finally:
            self._server.close()
        if "code" not in said:
            reason = said.get("error_description") or said.get("error") or "no code came back"
            raise ServerFaultError(f"the sign-in was refused: {reason[:300]}")
        try:
            from mcp.shared.auth import AuthorizationCodeResult
        except ImportError:
            return said["code"], said.get("state")
        return AuthorizationCodeResult(code=said["code"], state=said.get("state"), iss=said.get("iss"))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(10):
                line = (await reader.readline()).decode("latin-1").split()
                while (await reader.readline()).strip():
                    pass
                status, text = self._received(line[1] if len(line) > 1 and line[0] == "GET" else "")
                body = _PAGE.format(text).encode()
                head = f"HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\n"
                writer.write(f"{head}connection: close\r\n\r\n".encode() + body)
                await writer.drain()
        writer.close()

    def _received(self, target: str) -> tuple[str, str]:
        parts = urlsplit(target)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        # Any page can send a browser here; only the one that was asked knows the state.
        if parts.path != "/callback" or said.get("state") != self._state:
            return "404 Not Found", "This page is for coming back from a sign-in."
        assert self._answered is not None
        if not self._answered.done():
            self._answered.set_result(said)
        return "200 OK", "You can close this page, and go on in the terminal."


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
