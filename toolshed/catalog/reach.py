"""How far a source may lead, by who names it: at the machine, or through a service from anywhere.

In a shell or a program, files, commands and private addresses are the user's own. A caller of a service may
name what is public, and what an administrator allowed by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from toolshed.errors import ForbiddenSourceError

if TYPE_CHECKING:
    import httpx

# Ports of other protocols, as browsers refuse them (https://fetch.spec.whatwg.org/#port-blocking).
_OTHER_PROTOCOLS = frozenset(
    map(
        int,
        "0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 "
        "113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 "
        "548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 "
        "6000 6379 6566 6665 6666 6667 6668 6669 6679 6697 10080 11211".split(),
    )
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What whoever names a source may reach.

    Attributes:
        is_local: Whether he is at this machine, so that its files, programs and network are his.
        allowed: What an administrator allowed others: hosts (``crm.intranet``, ``10.0.0.5:8080``), origins
            (``https://crm.intranet``), and whole locations, of files and programs too.
    """

    is_local: bool = True
    allowed: frozenset[str] = frozenset()

    @classmethod
    def of_service(cls, allowed: Iterable[str] = ()) -> Self:
        """That of a service's callers."""
        return cls(is_local=False, allowed=frozenset(allowed))

    def allows(self, location: str) -> bool:
        """Whether a file, a program or an address with variables may be read."""
        return self.is_local or location in self.allowed

    def may_be_private(self, url: "httpx.URL") -> bool:
        """Whether the server of a URL may be at a private address."""
        return self.is_local or any(_is_server(one, url) for one in self.allowed)

    def check_url(self, url: "httpx.URL") -> None:
        """Refuse what is no web address, and ports that speak other protocols.

        Raises:
            ForbiddenSourceError: If it is one of these, and nobody allowed it.
        """
        if self.is_local or self.may_be_private(url):
            return
        if url.scheme not in ("http", "https") or not url.host:
            raise ForbiddenSourceError(f"{str(url)[:200]!r} is no web address; give one of https")
        if url.port in _OTHER_PROTOCOLS:
            raise ForbiddenSourceError(
                f"{url.host!r} is asked for at port {url.port}, which is for another protocol than HTTP; "
                f"{how_to_allow(url)}"
            )


def check_file(text: str, location: str, reach: Reach) -> None:
    """Refuse a file or folder of the machine to whoever is not at it.

    Args:
        text: Its path as it was given.
        location: The same, written out.
        reach: What whoever named it may reach.

    Raises:
        ForbiddenSourceError: If he may not reach it.
    """
    if not (reach.allows(text) or reach.allows(location)):
        raise ForbiddenSourceError(
            f"{text[:200]!r} is no URL, and files of the machine that the service runs on are not read for "
            "its callers; an administrator can allow it by its path: TOOLSHED_ALLOWED_SOURCES"
        )


# Where nothing else is said, whoever asks is at the machine.
LOCAL = Reach()


def how_to_allow(url: "httpx.URL") -> str:
    """What an administrator has to do so that callers may name the server of a URL."""
    where = url.netloc.decode("ascii", "replace")
    return f"an administrator can allow it: TOOLSHED_ALLOWED_SOURCES='[\"{where}\"]'"


def _is_server(allowed: str, url: "httpx.URL") -> bool:
    # A search of a knowledge base in a folder reaches no server: it need not wait for this.
    import httpx

    text = allowed.removeprefix("registry+").removeprefix("mcp-").removeprefix("mcp+").removeprefix("sse:")
    try:
        named = httpx.URL(text if "://" in text else f"{url.scheme}://{text}")
    except httpx.InvalidURL:
        return False
    if not named.host or named.host.rstrip(".") != url.host.rstrip("."):
        return False
    if "://" in text:
        return (named.scheme, named.port) == (url.scheme, url.port)
    # Without a port, all of the host: httpx leaves the usual one out of both.
    has_port = text.rpartition("]")[2].rpartition(":")[1] != ""
    return not has_port or _port(named) == _port(url)


def _port(url: "httpx.URL") -> int:
    return url.port or (443 if url.scheme == "https" else 80)
