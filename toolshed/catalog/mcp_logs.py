"""What the SDK and its HTTP client log about servers, without the secrets of these.

They log addresses with their queries, messages and headers; an application that sets up logging would write
them down.
"""

import logging
import weakref
from typing import Protocol

# Those that name servers, or what goes to and from them.
_LOGGERS = (
    "client",
    "httpx",
    "httpx2",
    "mcp.client.auth.oauth2",
    "mcp.client.sse",
    "mcp.client.streamable_http",
    "mcp.shared.session",
)
_FORMATTER = logging.Formatter()


class Masking(Protocol):
    """What knows secrets."""

    def masked(self, text: str) -> str:
        """A text without them."""


class _WithoutSecrets(logging.Filter):
    """Hides the secrets of all servers that are connected to."""

    def __init__(self) -> None:
        super().__init__()
        self.connected: weakref.WeakSet[Masking] = weakref.WeakSet()

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite what would be written; nothing is kept back."""
        record.msg, record.args = self._masked(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = self._masked(_FORMATTER.formatException(record.exc_info))
            record.exc_info = None
        return True

    def _masked(self, text: str) -> str:
        for server in list(self.connected):
            text = server.masked(text)
        return text


_without_secrets = _WithoutSecrets()


def hide_in_logs(server: Masking) -> None:
    """Write no secret of this server into logs, as long as it is there."""
    _without_secrets.connected.add(server)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if _without_secrets not in logger.filters:
            logger.addFilter(_without_secrets)
    # The SDK reports what it then raises, with tracebacks; where no application has set up logging, Python
    # would write that on the terminal.
    for name in ("mcp", "client"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
