"""The connections of each address, so that slow clients of one cannot take all places."""

from collections.abc import Hashable, Set
from ipaddress import IPv6Address, ip_address
from typing import Generic, TypeVar

Connection = TypeVar("Connection", bound=Hashable)

# A host of IPv6 has a whole network of 64 bits to choose its addresses from.
_HOST_BITS = 64


class ConnectionsByAddress(Generic[Connection]):
    """Which connections are open from where; for the one thread of an event loop."""

    def __init__(self) -> None:
        self._open: dict[str, set[Connection]] = {}

    def came(self, address: str, connection: Connection) -> Set[Connection]:
        """Take in a connection; returns all that are open from there."""
        own = self._open.setdefault(_host_of(address), set())
        own.add(connection)
        return own

    def left(self, address: str, connection: Connection) -> None:
        """Let go of a connection; one that never came is none."""
        host = _host_of(address)
        own = self._open.get(host, set())
        own.discard(connection)
        if not own:
            self._open.pop(host, None)

    def __len__(self) -> int:
        return len(self._open)


def _host_of(address: str) -> str:
    """What the addresses of one host have in common."""
    try:
        # The zone of a link is none of the address.
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return address
    return str(read.ipv4_mapped or IPv6Address(int(read) >> _HOST_BITS << _HOST_BITS))
