"""Hosts by which a caller might have a service ask its own network; each must be refused.

Those that stand for 127.0.0.1 would reach a server that the test runs; the others say their address.
"""

import socket
from typing import Any

import pytest

METADATA = "169.254.169.254"
# Names that resolve to addresses which are not public, as anyone's name server may say.
NAMES = {
    "internal.example": "127.0.0.1",
    "metadata.example": METADATA,
    "intranet.example": "10.1.2.3",
    "localtest.example": "::1",
    "mapped.example": "::ffff:10.0.0.1",
}
HOSTS = {
    "loopback": "127.0.0.1",
    "loopback-elsewhere": "127.0.0.2",
    "end-of-loopback": "127.255.255.254",
    "name": "localhost",
    "name-in-capitals": "LOCALHOST",
    "name-with-a-trailing-dot": "localhost.",
    "address-with-a-trailing-dot": "127.0.0.1.",
    "decimal": "2130706433",
    "hexadecimal": "0x7f000001",
    "hexadecimal-in-parts": "0x7f.0x0.0x0.0x1",
    "octal": "017700000001",
    "octal-in-parts": "0177.0.0.01",
    "octal-with-zeros": "0000177.0.0.1",
    "mixed-bases": "0x7f.0.0.01",
    "short": "127.1",
    "shorter-than-four-parts": "127.0.1",
    "zero": "0",
    "unspecified": "0.0.0.0",  # where to connect to
    "full-width-digits": "１２７.0.0.1",
    "ideographic-dots": "127。0。0。1",
    "full-width-dots": "127．0．0．1",
    "circled-digits": "①②⑦.⓪.⓪.①",
    "full-width-name": "ｌｏｃａｌｈｏｓｔ",
    "percent-escapes": "%31%32%37.0.0.1",
    "ipv6": "[::1]",
    "ipv6-written-out": "[0:0:0:0:0:0:0:1]",
    "ipv6-unspecified": "[::]",
    "ipv6-with-a-zone": "[::1%25lo]",
    "link-local-with-a-zone": "[fe80::1%25lo]",
    "ipv4-in-ipv6": "[::ffff:127.0.0.1]",
    "ipv4-in-ipv6-in-hexadecimal": "[::ffff:7f00:1]",
    "ipv4-compatible": "[::127.0.0.1]",
    "nat64": "[64:ff9b::7f00:1]",
    "nat64-of-a-network": "[64:ff9b:1::7f00:1]",
    "nat64-of-metadata": "[64:ff9b::a9fe:a9fe]",
    "6to4": "[2002:7f00:1::]",
    "6to4-of-metadata": "[2002:a9fe:a9fe::]",
    "teredo": "[2001:0:7f00:1::80ff:fffe]",
    "unique-local": "[fd00::1]",
    "site-local": "[fec0::1]",
    "documentation": "[2001:db8::1]",
    "ten": "10.0.0.1",
    "ten-in-decimal": "167772161",
    "one-seven-two": "172.16.0.1",
    "one-nine-two": "192.168.1.1",
    "shared-space": "100.64.0.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
    "metadata": METADATA,
    "metadata-in-decimal": "2852039166",
    "metadata-in-hexadecimal": "0xa9fea9fe",
    "metadata-in-octal": "0251.0376.0251.0376",
    "metadata-in-ipv6": "[::ffff:a9fe:a9fe]",
    "metadata-of-amazon-ipv6": "[fd00:ec2::254]",
    "metadata-of-alibaba": "100.100.100.200",
    "metadata-of-azure": "168.63.129.16",
    "metadata-of-oracle": "192.0.0.192",
    "a-public-name-as-user": "example.com@127.0.0.1",
    "a-public-name-and-password-as-user": "example.com:443@127.0.0.1",
    "an-escaped-at-sign": "example.com%40127.0.0.1@127.0.0.1",
    "a-backslash": "127.0.0.1\\@example.com",
    "name-of-loopback": "internal.example",
    "name-of-metadata": "metadata.example",
    "name-of-an-intranet": "intranet.example",
    "name-of-ipv6-loopback": "localtest.example",
    "name-of-ipv4-in-ipv6": "mapped.example",
}
FORMS = [pytest.param(host, id=name) for name, host in HOSTS.items()]


def name_hosts(monkeypatch: pytest.MonkeyPatch, addresses: dict[str, str] | None = None) -> list[str]:
    """Make names resolve to addresses, :data:`NAMES` by default; gives the names that were looked up.

    Names that nobody gave an address are looked up nowhere.
    """
    look_up, asked = socket.getaddrinfo, []
    known = {**NAMES, **(addresses or {})}

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        asked.append(name)
        if name.endswith((".com", ".example")) and name not in known:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return look_up(known.get(name, name), *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
