import numpy as np
import pytest

from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.verbs import asked_operations, operation_features, operations_of
from toolshed.testing import make_tool


def told(query: str, name: str, description: str = "") -> str:
    """The one feature that says something."""
    done = np.array([operations_of(make_tool(name, description))], np.int8)
    found = operation_features(asked_operations(decompose(query)), done)
    return next((feature for feature, values in found.items() if values[0]), "")


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
    assert told(query, name) == expected


def test_the_description_speaks_where_the_name_is_silent() -> None:
    assert told("Show me the balance", "ledger/balance", "Retrieve the balance.") == "same_operation"
