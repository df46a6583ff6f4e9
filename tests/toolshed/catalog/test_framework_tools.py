"""Tools of agent frameworks: the real ones that are installed, and doubles made after the others."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from llama_index.core.tools import FunctionTool, ToolMetadata
from mcp.types import ListToolsResult, Tool
from pydantic import BaseModel, ConfigDict

from toolshed.catalog.framework_tools import framework_tool
from toolshed.catalog.python_objects import read_object, read_objects

SCHEMA = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}


def polish(size: int) -> int:
    """Polish shoes."""
    return size


class PolishArguments(BaseModel):
    """Arguments of polish."""

    size: int


@dataclass
class AgentsTool:
    """The OpenAI Agents SDK's ``FunctionTool``."""

    name: str = "polish"
    description: str = "Polish shoes."
    params_json_schema: dict[str, Any] = field(default_factory=lambda: SCHEMA)
    on_invoke_tool: Any = None
    strict_json_schema: bool = True


@dataclass
class FunctionSchema:
    json_schema: dict[str, Any]


class PydanticAITool:
    """pydantic-ai's ``Tool``."""

    def __init__(self) -> None:
        self.name, self.description, self.function = "polish", "Polish shoes.", polish
        self.function_schema = FunctionSchema(SCHEMA)
        self.strict = None


@dataclass
class PydanticAIDefinition:
    """pydantic-ai's ``ToolDefinition``."""

    name: str = "polish"
    parameters_json_schema: dict[str, Any] = field(default_factory=lambda: SCHEMA)
    description: str | None = "Polish shoes."


class FunctionToolset:
    """pydantic-ai's: its tools by name, and an asynchronous ``get_tools(ctx)``."""

    def __init__(self) -> None:
        self.tools = {"polish": PydanticAITool()}

    async def get_tools(self, ctx: object) -> dict[str, Any]:
        return {}


@dataclass
class HaystackTool:
    name: str = "polish"
    description: str = "Polish shoes."
    parameters: dict[str, Any] = field(default_factory=lambda: SCHEMA)
    function: Any = polish


class CrewAITool(BaseModel):
    """CrewAI's ``BaseTool``: a pydantic model whose description repeats everything."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    name: str = "polish"
    description: str = "Tool Name: polish\nTool Arguments: {'size': {}}\nTool Description: Polish shoes."
    args_schema: type[BaseModel] = PolishArguments

    def _run(self, size: int) -> int:
        return size


class SmolagentsTool:
    name = "polish"
    description = "Polish shoes."
    inputs: ClassVar[Any] = {
        "size": {"type": "integer", "description": "how large"},
        "wax": {"type": "string", "description": "x", "nullable": True},
    }
    output_type = "string"

    def forward(self, size: int) -> int:
        return size

    def __call__(self, size: int) -> int:
        return size


class StrandsTool:
    tool_spec: ClassVar[Any] = {
        "name": "polish",
        "description": "Polish shoes.",
        "inputSchema": {"json": SCHEMA},
    }

    def __call__(self, size: int) -> int:
        return size


class AutogenTool:
    def __init__(self) -> None:
        self.name, self.description = "polish", "Polish shoes."
        self.schema = {"name": "polish", "description": "Polish shoes.", "parameters": SCHEMA, "strict": True}


class ADKTool:
    """Google's ADK: no schema, but the function."""

    def __init__(self) -> None:
        self.name, self.description, self.func = "polish", "Polish shoes.", polish


class ToolSpec:
    """LlamaIndex's ``BaseToolSpec``."""

    def to_tool_list(self) -> list[Any]:
        return [FunctionTool.from_defaults(polish)]


class AnthropicTool:
    def __init__(self) -> None:
        self.name, self.func = "polish", polish

    def to_dict(self) -> dict[str, Any]:
        return {"name": "polish", "description": "Polish shoes.", "input_schema": SCHEMA}


class GeminiDeclaration(BaseModel):
    """google-genai's ``FunctionDeclaration``."""

    name: str = "polish"
    description: str = "Polish shoes."
    parameters: dict[str, Any] | None = None
    parameters_json_schema: Any = SCHEMA


class GeminiTool(BaseModel):
    function_declarations: list[GeminiDeclaration] = [GeminiDeclaration()]


MCP_TOOL = Tool.model_validate(
    {
        "name": "polish",
        "title": "Shoes",
        "description": "Polish shoes.",
        "inputSchema": SCHEMA,
        "_meta": {"desks.example/tier": 2},
        "annotations": {"readOnlyHint": True},
    }
)


@pytest.mark.parametrize(
    ("value", "can_be_called"),
    [
        pytest.param(MCP_TOOL, False, id="mcp"),
        pytest.param(FunctionTool.from_defaults(polish, description="Polish shoes."), True, id="llama-index"),
        pytest.param(
            ToolMetadata("Polish shoes.", "polish", PolishArguments), False, id="llama-index-metadata"
        ),
        pytest.param(AgentsTool(), True, id="openai-agents"),
        pytest.param(PydanticAITool(), True, id="pydantic-ai"),
        pytest.param(PydanticAIDefinition(), False, id="pydantic-ai-definition"),
        pytest.param(HaystackTool(), True, id="haystack"),
        pytest.param(CrewAITool(), True, id="crewai"),
        pytest.param(SmolagentsTool(), True, id="smolagents"),
        pytest.param(StrandsTool(), True, id="strands"),
        pytest.param(AutogenTool(), False, id="autogen"),
        pytest.param(AnthropicTool(), True, id="anthropic"),
        pytest.param(ADKTool(), True, id="google-adk"),
        pytest.param(GeminiDeclaration(), False, id="gemini"),
    ],
)
def test_tools_of_every_framework_are_read(value: Any, can_be_called: bool) -> None:
    (catalog,) = read_objects([value])
    (tool,) = catalog.tools
    assert (tool.name, tool.description) == ("polish", "Polish shoes.")
    assert tool.parameters["properties"]["size"]["type"] == "integer"
    assert tool.parameters["required"] == ["size"]
    assert catalog.callables == ({tool.tool_id: value} if can_be_called else {})
    assert tool.binding == ({"kind": "python"} if can_be_called else None)


def test_what_mcp_says_besides_is_kept() -> None:
    tool = read_object(MCP_TOOL)
    assert (tool.source, tool.title, tool.annotations) == ("mcp", "Shoes", {"readOnlyHint": True})
    assert tool.extras == {"_meta": {"desks.example/tier": 2}}
    assert read_object(AgentsTool()).extras == {"strict": True}


@pytest.mark.parametrize(
    "value",
    [ListToolsResult(tools=[MCP_TOOL]), FunctionToolset(), GeminiTool(), ToolSpec()],
    ids=lambda v: type(v).__name__,
)
def test_answers_and_toolsets_stand_for_their_tools(value: Any) -> None:
    assert [tool.name for catalog in read_objects([value]) for tool in catalog.tools] == ["polish"]


def test_a_tool_around_a_function_has_the_id_of_the_function() -> None:
    ids = {
        read_object(value).tool_id for value in (polish, HaystackTool(), FunctionTool.from_defaults(polish))
    }
    assert len(ids) == 1


class Person(BaseModel):
    name: str = "Ada"


@pytest.mark.parametrize("value", [Person(), object(), polish, PolishArguments, 7])
def test_what_is_no_tool_of_a_framework_is_none(value: Any) -> None:
    assert framework_tool(value) is None


class Hostile:
    @property
    def name(self) -> str:
        raise RuntimeError("no")

    @property
    def parameters(self) -> dict[str, Any]:
        raise RuntimeError("no")


def test_attributes_that_fail_are_not_there() -> None:
    assert framework_tool(Hostile()) is None
