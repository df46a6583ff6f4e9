import enum
import functools
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Required, TypedDict, Unpack

import pytest
from pydantic import BaseModel, Field, RootModel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import Doc

from toolshed.catalog.python_functions import describe_function, function_tool
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


def test_an_argument_that_a_model_cannot_give_is_left_out_where_it_need_not_be_given() -> None:
    class Opaque:
        pass

    def use(thing: int, client: Opaque | None = None) -> None:
        """Use it."""

    described = describe_function(use)
    assert list(described.tool.parameters["properties"]) == ["thing"]
    assert described.notes == ("use: 'client' is left out: its type has no JSON Schema",)


def test_a_type_that_does_not_exist_costs_itself() -> None:
    def use(thing: "Missing", size: int) -> None:  # type: ignore[name-defined]  # noqa: F821
        """Use it."""

    described = describe_function(use)
    assert described.tool.parameters["properties"] == {"thing": {}, "size": {"type": "integer"}}
    assert described.notes == (
        "use: the type of 'thing' is not known and left open: name 'Missing' is not defined",
    )


def lend(book: str, reader: str, /, days: Annotated[int, "how long"] = 14, *, note: str = "") -> str:
    """Lend a book.

    Args:
        book: Which one.
        reader: To whom.
    """
    return book


class Desk:
    """A desk.

    Args:
        number: Which one.
    """

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, visitors: int) -> int:
        """Count visitors."""
        return visitors

    @classmethod
    def order(cls, size: str) -> None:
        """Order a desk."""

    @staticmethod
    def price(size: str) -> None:
        """Tell the price."""


class Silent:
    def __call__(self, text: str) -> None: ...


@pytest.mark.parametrize(
    ("value", "name", "description", "arguments"),
    [
        pytest.param(
            functools.partial(lend, "Emma"), "lend", "Lend a book.", ["reader", "days", "note"], id="partial"
        ),
        pytest.param(
            functools.partial(functools.partial(lend, "Emma"), note="x"),
            "lend",
            "Lend a book.",
            ["reader", "days"],
            id="partial-of-partial",
        ),
        pytest.param(Desk(1), "Desk", "Count visitors.", ["visitors"], id="callable-object"),
        pytest.param(Silent(), "Silent", "", ["text"], id="silent-object"),
        pytest.param(Desk, "Desk", "A desk.", ["number"], id="class"),
        pytest.param(Desk.order, "order", "Order a desk.", ["size"], id="class-method"),
        pytest.param(Desk.price, "price", "Tell the price.", ["size"], id="static-method"),
        pytest.param(
            functools.lru_cache(lend), "lend", "Lend a book.", ["book", "reader", "days", "note"], id="cached"
        ),
    ],
)
def test_whatever_can_be_called_is_described_by_what_it_wraps(
    value: Any, name: str, description: str, arguments: list[str]
) -> None:
    tool = function_tool(value)
    assert (tool.name, tool.description) == (name, description)
    assert list(tool.parameters["properties"]) == arguments
    assert tool.source.endswith("test_python_functions")


def test_texts_come_from_annotations_first_and_docstrings_next() -> None:
    def plan(
        town: Annotated[str, Field(description="where")],
        days: Annotated[int, "how many"],
        hour: Annotated[int, Doc("at what hour")],
        plain: int,
        size: int = Field(3, ge=1, description="how large"),
        tags: list[str] = Field(default_factory=list),  # noqa: B008  # what is tested
    ) -> None:
        """Plan it.

        :param town: said twice
        :param plain: said here
        :param size:
        """

    schema = function_tool(plan).parameters
    said = {name: part.get("description") for name, part in schema["properties"].items()}
    assert said == {
        "town": "where",
        "days": "how many",
        "hour": "at what hour",
        "plain": "said here",
        "size": "how large",
        "tags": None,
    }
    assert schema["required"] == ["town", "days", "hour", "plain"]
    assert (schema["properties"]["size"]["default"], schema["properties"]["size"]["minimum"]) == (3, 1)


@pytest.mark.parametrize(
    "style", ["Args:\n    town: where", "Parameters\n----------\ntown : str\n    where", ":param town: where"]
)
def test_docstrings_of_every_style_describe_arguments(style: str) -> None:
    def plan(town: str) -> None: ...

    plan.__doc__ = f"Plan it.\n\n{style}"
    tool = function_tool(plan)
    assert (tool.description, tool.parameters["properties"]["town"]["description"]) == ("Plan it.", "where")


def test_names_that_pydantic_keeps_for_itself_are_arguments_like_others() -> None:
    def train(
        model_config: str, schema: int, copy: bool, _private: int, self_: int, model_fields: int = 3
    ) -> None:
        """Train."""

    schema = function_tool(train).parameters
    assert list(schema["properties"]) == [
        "model_config",
        "schema",
        "copy",
        "_private",
        "self_",
        "model_fields",
    ]
    assert schema["required"] == ["model_config", "schema", "copy", "_private", "self_"]


def test_a_plain_function_may_have_an_argument_called_self() -> None:
    tool = function_tool(BY_ITSELF)
    assert list(tool.parameters["properties"]) == ["self", "other"]


def by_itself(self: int, other: int) -> int:
    return self + other


BY_ITSELF = by_itself


class Options(TypedDict, total=False):
    """Options."""

    size: Required[int]
    colour: Annotated[str, "which one"]


@dataclass
class Parcel:
    """A parcel.

    Attributes:
        weight: In grams.
    """

    weight: int
    label: str = "plain"
    tags: list[str] = field(default_factory=list)


class Order(BaseModel):
    flavour: str = Field(description="what it tastes of")
    tiers: int = 1


def test_classes_with_fields_are_tools_and_say_nothing_of_pydantic() -> None:
    order, parcel, options = map(function_tool, (Order, Parcel, Options))
    assert order.description == ""
    assert order.parameters == {
        "type": "object",
        "properties": {
            "flavour": {"type": "string", "description": "what it tastes of"},
            "tiers": {"type": "integer", "default": 1},
        },
        "required": ["flavour"],
    }
    assert parcel.description == "A parcel."
    assert parcel.parameters["properties"]["weight"]["description"] == "In grams."
    assert parcel.parameters["required"] == ["weight"]
    assert options.description == "Options."
    assert options.parameters["properties"]["colour"]["description"] == "which one"
    assert options.parameters["required"] == ["size"]


def test_typed_dicts_are_read_wherever_they_stand() -> None:
    def ship(options: Options, more: list[Options] | None = None, **rest: Unpack[Options]) -> None:
        """Ship it."""

    schema = function_tool(ship).parameters
    assert set(schema["properties"]) == {"options", "more", "size", "colour"}
    assert set(schema["required"]) == {"options", "size"}
    assert schema["$defs"]["Options"]["required"] == ["size"]


def test_what_names_no_arguments_is_left_out_and_said() -> None:
    assert describe_function(forecast).notes == (
        "forecast: '*details' is left out: it names no arguments",
        "forecast: '**more' is left out: it names no arguments",
    )


def test_defaults_stay_where_they_have_json_and_are_no_secrets() -> None:
    def call(
        limit: float = float("inf"),
        size: int = 3,
        api_key: str = "k-1",
        anything: object = object(),
        key: str = "",
    ) -> None:
        """Call."""

    schema = function_tool(call).parameters
    assert {name: part.get("default", "none") for name, part in schema["properties"].items()} == {
        "limit": "none",
        "size": 3,
        "api_key": "none",
        "anything": "none",
        "key": "",
    }
    assert "required" not in schema


def test_asynchronous_functions_are_tools() -> None:
    async def fetch(page: int) -> str:
        """Fetch a page."""
        return str(page)

    assert list(function_tool(fetch).parameters["properties"]) == ["page"]


def test_what_does_not_tell_its_arguments_is_named() -> None:
    with pytest.raises(InvalidToolError, match="'int' does not tell its arguments"):
        function_tool(int)


@pydantic_dataclass
class Crate:
    """A crate."""

    weight: int = Field(description="in grams")


class Sizes(RootModel[list[int]]):
    """Sizes."""


class Announcer:
    """Announces."""

    name, description = "announce", "Say it aloud."

    def __call__(self, text: str) -> str:
        return text


def test_dataclasses_of_pydantic_models_of_one_value_and_named_objects_are_tools() -> None:
    assert function_tool(Crate).parameters["properties"] == {
        "weight": {"type": "integer", "description": "in grams"}
    }
    sizes = function_tool(Sizes).parameters
    assert sizes["properties"] == {"root": {"type": "array", "items": {"type": "integer"}}}
    assert sizes["required"] == ["root"]
    announcer = function_tool(Announcer())
    assert (announcer.name, announcer.description) == ("announce", "Say it aloud.")
