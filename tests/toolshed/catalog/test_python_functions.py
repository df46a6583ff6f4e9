import enum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from toolshed.catalog.python_functions import function_tool
from toolshed.errors import InvalidToolError


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


class Place(BaseModel):
    """Somewhere."""

    city: str
    country: str = "PT"


def forecast(
    place: Place,
    days: Annotated[int, Field(ge=1, le=14)] = 3,
    unit: Literal["C", "F"] | None = None,
    *details: str,
    **more: object,
) -> list[str]:
    """Forecast the weather.

    Looks some days ahead.

    Args:
        place: Where it is asked for.
        days: How far to look.
    """
    return [place.city, str(days), str(unit), *details, *more]


def test_signature_and_docstring_become_the_definition() -> None:
    tool = function_tool(forecast, source="s")
    assert tool.tool_id == "s:forecast"
    assert tool.description == "Forecast the weather.\n\nLooks some days ahead."
    properties = tool.parameters["properties"]
    assert set(properties) == {"place", "days", "unit"}
    assert properties["days"]["description"] == "How far to look."
    assert properties["days"]["maximum"] == 14
    assert tool.parameters["required"] == ["place"]


def test_the_source_is_the_module() -> None:
    assert function_tool(forecast).source.endswith("test_python_functions")


def test_a_function_that_says_nothing_is_still_a_tool() -> None:
    def bare(x, y=2):  # type: ignore[no-untyped-def]
        return x, y

    tool = function_tool(bare)
    assert tool.description == ""
    assert tool.parameters["required"] == ["x"]


def test_methods_lose_their_self() -> None:
    class Robot:
        def move(self, metres: float) -> None:
            """Move forward."""

    assert set(function_tool(Robot().move).parameters["properties"]) == {"metres"}
    assert set(function_tool(Robot.move).parameters["properties"]) == {"metres"}


def test_enums_become_their_values() -> None:
    def convert(to: Unit) -> None:
        """Convert."""

    assert "celsius" in str(function_tool(convert).parameters)


def test_a_lambda_has_no_name() -> None:
    with pytest.raises(InvalidToolError, match="has no name"):
        function_tool(lambda: None)


def test_a_type_without_json_schema_is_named() -> None:
    class Opaque:
        pass

    def use(thing: Opaque) -> None:
        """Use it."""

    with pytest.raises(InvalidToolError, match="'use' have no JSON Schema"):
        function_tool(use)


def test_a_type_that_does_not_exist_is_named() -> None:
    def use(thing: "Missing") -> None:  # type: ignore[name-defined]  # noqa: F821
        """Use it."""

    with pytest.raises(InvalidToolError, match="Missing"):
        function_tool(use)
