import pytest

from toolshed.catalog.mcp_configs import address_location, server_at
from toolshed.errors import SourceError


def test_a_word_with_a_variable_stays_one_word() -> None:
    made = server_at("mcp+stdio:dock --say '${GREETING} all'", environment={"GREETING": "good day"})
    assert made.command == ("dock", "--say", "good day all")
    assert made.location == "mcp+stdio:dock --say '${GREETING} all'"


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("mcp+stdio:dock --sort-key name --author ana", "mcp+stdio:dock --sort-key name --author ana"),
        ("mcp+stdio:dock --api-key k1 --v", "mcp+stdio:dock --api-key ${API_KEY} --v"),
        ("mcp+stdio:dock --db-password=k1", "mcp+stdio:dock --db-password=${DB_PASSWORD}"),
        ("mcp+stdio:env DOCK_KEY=k1 dock", "mcp+stdio:env DOCK_KEY=${DOCK_KEY} dock"),
        ("mcp+stdio:dock '${A b' \"it's\"", "mcp+stdio:dock '${A b' 'it'\"'\"'s'"),
        ("mcp+https://a:b@dock.example:8/mcp", "mcp+https://a:${DOCK_EXAMPLE_PASSWORD}@dock.example:8/mcp"),
        ("mcp+https://dock.example/mcp?apiKey=k1&v=2", "mcp+https://dock.example/mcp?apiKey=${APIKEY}&v=2"),
        ("mcp+sse:https://dock.example/sse?v=2", "mcp+sse:https://dock.example/sse?v=2"),
    ],
)
def test_a_location_holds_variables_for_secrets(address: str, location: str) -> None:
    assert address_location(address) == location
    assert server_at(address, environment={"A": "x"}).location == location
    # The same again: a location is a location of itself.
    assert address_location(location) == location


def test_a_location_without_its_variable_names_it() -> None:
    location = server_at("mcp+https://dock.example/mcp?apiKey=k1").location
    with pytest.raises(SourceError, match="the variable APIKEY is not set"):
        server_at(location, environment={})
    assert server_at(location, environment={"APIKEY": "k1"}).url == "https://dock.example/mcp?apiKey=k1"


def test_what_a_program_gives_is_hidden_and_no_part_of_the_location() -> None:
    plain = server_at("mcp+https://dock.example/mcp", environment={})
    made = plain.with_credentials(headers={"Authorization": "Bearer abcdefgh1"})
    assert made.location == plain.location
    assert made.masked("abcdefgh1 is refused") == "*** is refused"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("mcp+stdio:", "names no command"),
        ("mcp+stdio:dock 'open", "cannot be split into words"),
        ("mcp+ftp://x", "is no MCP server"),
        ("tools.json", "is no MCP server"),
        ("mcp+https://", "gives no URL of a server"),
        ("mcp+https://do ck/mcp", "gives no URL of a server"),
        ("mcp+stdio:dock ${DOCK_ZONE}", "the variable DOCK_ZONE is not set; set it"),
    ],
)
def test_addresses_that_lead_nowhere_are_explained(address: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        server_at(address, environment={})
