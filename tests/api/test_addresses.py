import pytest

from toolshed_api.addresses import ConnectionsByAddress


@pytest.mark.parametrize(
    ("first", "second", "is_one_host"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("no address", "no address", True),
    ],
)
def test_connections_of_one_host_are_counted_together(first: str, second: str, is_one_host: bool) -> None:
    known = ConnectionsByAddress[int]()
    known.came(first, 1)
    assert known.came(second, 2) == ({1, 2} if is_one_host else {2})


def test_nothing_is_kept_of_who_has_left() -> None:
    known = ConnectionsByAddress[int]()
    known.came("10.0.0.1", 1)
    known.left("10.0.0.1", 1)
    known.left("10.0.0.2", 2)
    assert len(known) == 0
