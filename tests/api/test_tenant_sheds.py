"""One knowledge base a tenant."""

from pathlib import Path

import pytest

from toolshed.errors import ConfigurationError
from toolshed.settings import Settings
from toolshed.testing import make_tool
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import Caller, MissingScopeError
from toolshed_api.tenant_sheds import TenantSheds


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(kb=str(tmp_path / "shed"), pipeline="instant")


def test_a_tenant_sees_nothing_of_another_before_and_after_a_restart(settings: Settings) -> None:
    tool = make_tool("get_forecast", "Weather forecast for a city.", source="weather")
    for is_first in (True, False):
        sheds = TenantSheds(settings)
        if is_first:
            sheds.of("acme").add_tools(tool)
        assert sheds.of("acme").list_tools() == [tool.tool_id]
        assert sheds.of("default").list_tools() == []
        assert sheds.of("other").list_tools() == []
        assert sheds.of("acme") is sheds.of("acme")
        sheds.close()


def test_the_ranking_of_a_tenant_is_bit_identical_with_and_without_another(settings: Settings) -> None:
    own = [
        make_tool(f"{verb}_{thing}", f"{verb} the {thing} of a person.", source="own")
        for verb in ("send", "read", "delete", "find")
        for thing in ("letter", "invoice", "parcel", "calendar", "ticket")
    ]
    asked = ["send the invoyce to Ana and then delete the ticket", "find my calendar", "launch a rocket"]
    sheds = TenantSheds(settings)
    sheds.of("acme").add_tools(*own)

    def answers() -> list[object]:
        found = [sheds.of("acme").search(text, k=5, abstain_below=0.0) for text in asked]
        return [
            (f.n_tools, [(t.tool.tool_id, t.score, t.confidence, t.channels) for t in f.tools]) for f in found
        ]

    before = answers()
    sheds.of("other").add_tools(
        *(make_tool(f"send_{n}", f"Send invoice {n} by rocket.", source=f"s{n % 7}") for n in range(1_500))
    )
    assert answers() == before
    sheds.close()


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a" * 64, "-a", "a\n"])
def test_a_name_that_is_no_folder_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name of a tenant"):
        TenantSheds(settings).of(name)


def test_tenants_share_the_ledger_and_book_under_their_names(settings: Settings) -> None:
    sheds = TenantSheds(settings)
    acme, default = sheds.of("acme"), sheds.of("default")
    assert acme.account.ledger.location == default.account.ledger.location
    assert (acme.account.tenant, default.account.tenant) == ("acme", "default")
    sheds.close()


def test_a_verb_asks_for_its_scope(settings: Settings) -> None:
    sheds = TenantSheds(settings)
    caller_shed = CallerShed(sheds.of("default"), Caller("key", scopes=frozenset({"call"})))
    with pytest.raises(MissingScopeError, match="'search'"):
        caller_shed.search("anything")
    with pytest.raises(MissingScopeError, match="'call'"):
        CallerShed(sheds.of("default"), Caller("key", scopes=frozenset({"search"}))).call("a:b")
    sheds.close()
