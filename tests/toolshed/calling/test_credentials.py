from base64 import b64encode
from typing import Any

import pytest

from toolshed.calling.credentials import (
    CredentialBook,
    from_environment,
    secrets_in,
    variable_name,
    without_secrets,
)
from toolshed.errors import ConfigurationError


def test_the_more_particular_is_asked_first() -> None:
    book = CredentialBook({"desks": {"key": "shed's"}, "rooms": "any"}).after({"desks": {"key": "call's"}})
    assert book.look_up("desks", "key") == "call's"
    assert book.look_up("rooms", "whatever") == "any"
    assert book.look_up("desks", "other") is None
    # A scheme of the same name at another source gets nothing.
    assert book.look_up("halls", "key") is None


def test_a_function_may_leave_it_to_the_next() -> None:
    book = CredentialBook(lambda source, scheme: None, {"desks": "k"})
    assert book.look_up("desks", "key") == "k"


@pytest.mark.parametrize(
    "given", ["key", {"desks": 3}, {"desks": {"key": ["a"]}}, {"desks": {"key": b"k"}}, 7]
)
def test_another_form_is_refused_and_not_shown(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="give a") as refused:
        CredentialBook(given)
    assert "key'" not in str(refused.value) or "desks" in str(refused.value)


def test_nothing_is_shown_of_it() -> None:
    assert "secret" not in repr(CredentialBook({"desks": "secret"}))


@pytest.mark.parametrize(
    ("source", "scheme", "name"),
    [
        ("desks", "", "TOOLSHED_CREDENTIAL_DESKS"),
        ("Desk-Service.v2", "X-Key", "TOOLSHED_CREDENTIAL_DESK_SERVICE_V2__X_KEY"),
        ("a__b", "c--d", "TOOLSHED_CREDENTIAL_A_B__C_D"),
    ],
)
def test_variables_are_named_by_source_and_scheme(source: str, scheme: str, name: str) -> None:
    assert variable_name(source, scheme) == name


def test_the_environment_gives_what_the_source_asks_for() -> None:
    environment = {
        "TOOLSHED_CREDENTIAL_DESKS__X_KEY": "1",
        "TOOLSHED_CREDENTIAL_DESKS__DEPOT_TOKEN": "2",
        "TOOLSHED_CREDENTIAL_ROOMS": "3",
        "TOOLSHED_CREDENTIAL_DESKS_LARGE__X_KEY": "4",
        "TOOLSHED_CREDENTIAL_NONE": "",
    }
    sources = ["desks", "desks-large", "rooms", "none"]
    read = {name: from_environment(environment, name, schemes=["X-Key"], sources=sources) for name in sources}
    assert read["desks"]["desks"] == {"X-Key": "1", "X_KEY": "1", "DEPOT_TOKEN": "2"}
    assert read["desks-large"]["desks-large"] == {"X-Key": "4", "X_KEY": "4"}
    assert read["rooms"] == {"rooms": "3"}
    # Empty: called without.
    assert CredentialBook(read["none"]).names_none("none")
    assert from_environment({}, "desks", schemes=[], sources=sources) == {}


def test_secrets_are_struck_out_in_every_form_they_are_sent_in() -> None:
    secrets = secrets_in(["ana:pass/word"])
    basic = b64encode(b"ana:pass/word").decode()
    text = f"ana:pass/word pass/word pass%2Fword {basic}"
    assert without_secrets(text, secrets) == " ".join(["[credential]"] * 4)
