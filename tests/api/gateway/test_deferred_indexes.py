"""Indexes of the tools that requests defer."""

from collections.abc import Sequence
from typing import Any

import pytest

from toolshed.testing import make_tool
from toolshed.types import ToolDefinition
from toolshed_api.gateway import deferred_indexes
from toolshed_api.gateway.deferred_indexes import DeferredIndexes

MAIL = make_tool("send_email", "Send an email to a person.", source="request")
WEATHER = make_tool("get_forecast", "Weather forecast for a city.", source="request")
INVOICE = make_tool("pay_invoice", "Pay an invoice.", source="request")


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tools that were encoded."""
    names: list[str] = []
    embed = deferred_indexes.embed_tools

    def counted(tools: Sequence[ToolDefinition], **options: Any) -> Any:
        names.extend(tool.name for tool in tools)
        return embed(tools, **options)

    monkeypatch.setattr(deferred_indexes, "embed_tools", counted)
    return names


def test_a_huge_definition_is_not_remembered_beside_its_index(encoded: list[str]) -> None:
    huge = make_tool("huge", "x" * 20_000, source="request")
    indexes = DeferredIndexes()
    indexes.of([huge, MAIL], "one")
    indexes.of([huge, MAIL, WEATHER], "two")
    assert encoded == ["huge", "send_email", "huge", "get_forecast"]


def test_the_same_set_is_indexed_once_and_of_another_only_what_is_new(encoded: list[str]) -> None:
    indexes = DeferredIndexes()
    first = indexes.of([MAIL, WEATHER], "one")
    assert indexes.of([MAIL, WEATHER], "one") is first
    second = indexes.of([MAIL, WEATHER, INVOICE], "two")
    changed = make_tool("send_email", "Send a letter by post.", source="request")
    third = indexes.of([changed, WEATHER], "three")
    assert encoded == ["send_email", "get_forecast", "pay_invoice", "send_email"]

    def best(index: Any, query: str) -> str:
        return str(index.search(query, k=1, abstain_below=0.0).definitions[0].description)

    assert best(first, "weather forecast") == WEATHER.description
    assert best(second, "pay an invoice") == INVOICE.description
    assert best(third, "send a letter by post") == changed.description
    assert first.list_tools() == ["request:get_forecast", "request:send_email"]
