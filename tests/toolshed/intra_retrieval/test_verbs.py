from dataclasses import replace

import numpy as np
import pytest

from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.verbs import asked_operations, operation_features, operations_of
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition


def told(query: str, tool: ToolDefinition) -> str:
    """The features that say something."""
    found = operation_features(asked_operations(decompose(query)), np.array([operations_of(tool)], np.int16))
    return " ".join(feature for feature, values in found.items() if values[0])


def operation(method: str, path: str, name: str = "desk") -> ToolDefinition:
    """A tool of an API description."""
    return replace(make_tool(name), annotations={"method": method, "path": path})


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("Show me desk 4", "get_desk", "same_operation"),
        ("Who sits at desk 4?", "list_desks", "same_operation"),
        ("Show me desk 4", "delete_desk", "changes_unasked"),
        ("Remove desk 4", "desks/delete", "same_operation"),
        ("Remove desk 4", "create_desk", "other_operation"),
        ("Please rename desk 4", "updateDesk", "same_operation"),
        ("desk 4", "get_desk", ""),
        ("Show me desk 4", "desk", ""),
    ],
)
def test_operations_agree_or_not(query: str, name: str, expected: str) -> None:
    assert told(query, make_tool(name)) == expected


@pytest.mark.parametrize(
    ("query", "tool", "expected"),
    [
        ("List the desks", operation("GET", "/desks"), "same_operation same_number"),
        ("List the desks", operation("GET", "/desks/{id}"), "same_operation other_number"),
        ("Show desk 4", operation("GET", "/desks/{id}"), "same_operation"),
        ("Show desk 4", operation("GET", "/desks"), "same_operation other_number"),
        ("Show desk 4", operation("PUT", "/desks/{id}"), "changes_unasked"),
        ("Delete desk 4", operation("DELETE", "/desks/{id}"), "same_operation"),
        ("Delete desk 4", operation("DELETE", "/d", "deleteCollectionDesk"), "same_operation other_number"),
        ("Change desk 4", operation("POST", "/desks/{id}", "PostDesksDesk"), "same_operation"),
        ("Create a desk", operation("POST", "/desks", "PostDesks"), "same_operation"),
        ("Create a desk", operation("POST", "/desks/{id}", "PostDesksDesk"), "other_change"),
        ("Create a desk", operation("GET", "/desks"), "reads_instead"),
        ("Create a filter", operation("POST", "/filters", "settings.filters.create"), "same_operation"),
        # What a method cannot do, the name does not say either.
        ("Show the orders", operation("GET", "/orders", "createdOrders"), "same_operation same_number"),
        ("Open the desks", operation("HEAD", "/desks"), ""),
    ],
)
def test_operations_of_one_thing_of_an_api_are_told_apart(
    query: str, tool: ToolDefinition, expected: str
) -> None:
    told_of_api = [one.removeprefix("api_") for one in told(query, tool).split() if one.startswith("api_")]
    assert " ".join(told_of_api) == expected


def test_an_operation_that_goes_on_is_none_that_is_asked_for_once() -> None:
    assert told("List the desks", operation("GET", "/watch/desks", "watchDesks")) == ""


def test_the_description_speaks_where_the_name_is_silent() -> None:
    tool = make_tool("ledger/balance", "Retrieve the balance.")
    assert told("Show me the balance", tool) == "same_operation"
