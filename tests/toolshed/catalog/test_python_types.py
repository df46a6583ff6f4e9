"""Annotations: what frameworks fill in, and the texts in them."""

import subprocess
import sys
import types
from typing import Annotated, Any, Optional

import pytest
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import InjectedToolArg, InjectedToolCallId
from mcp.server import mcpserver
from pydantic import Field
from typing_extensions import Doc

from toolshed.catalog.python_functions import function_tool
from toolshed.catalog.python_types import is_given_by_framework, said_in


def a_type(module: str, name: str) -> Any:
    """A class as a framework has it, which need not be installed."""
    return types.new_class(name, (), {}, lambda body: body.update(__module__=module))


class RunContext:
    """As pydantic-ai has it."""

    __module__ = "pydantic_ai.tools"

    def __class_getitem__(cls, item: Any) -> Any:
        return types.GenericAlias(cls, item)


@pytest.mark.parametrize(
    ("annotation", "is_given"),
    [
        pytest.param(mcpserver.Context, True, id="mcp"),
        pytest.param(a_type("fastmcp.server.context", "Context"), True, id="fastmcp"),
        pytest.param(RunContext, True, id="pydantic-ai"),
        pytest.param(RunContext[int], True, id="pydantic-ai-generic"),
        pytest.param(a_type("agents.run_context", "RunContextWrapper"), True, id="openai-agents"),
        pytest.param(a_type("langgraph.prebuilt.tool_node", "ToolRuntime"), True, id="langgraph"),
        pytest.param(RunnableConfig, True, id="langchain-config"),
        pytest.param(Optional[mcpserver.Context], True, id="optional"),  # noqa: UP045  # both spellings
        pytest.param(RunnableConfig | None, True, id="or-none"),
        pytest.param(Annotated[str, InjectedToolArg], True, id="injected-class"),
        pytest.param(Annotated[str, InjectedToolCallId()], True, id="injected-object"),
        pytest.param("RunContext[Deps]", True, id="text"),
        pytest.param("Context", True, id="text-of-a-context"),
        pytest.param("ContextWindow", False, id="text-of-another"),
        pytest.param(str, False, id="str"),
        pytest.param(Annotated[str, "RunContext"], False, id="a-word"),
    ],
)
def test_what_frameworks_fill_in_is_no_argument_of_a_model(annotation: Any, is_given: bool) -> None:
    assert is_given_by_framework(annotation, "ctx") is is_given

    def use(ctx, size: int) -> None:  # type: ignore[no-untyped-def]
        """Use it."""

    use.__annotations__["ctx"] = annotation
    expected = {"size"} if is_given else {"size", "ctx"}
    assert set(function_tool(use).parameters["properties"]) == expected


def test_a_class_of_the_users_is_not_taken_for_that_of_a_framework() -> None:
    assert not is_given_by_framework(a_type("company.weather", "Context"), "ctx")


def test_what_a_framework_gives_as_a_default_is_no_argument_either() -> None:
    depends = a_type("fastapi.params", "Depends")()

    def use(size: int, session: Any = depends) -> None:
        """Use it."""

    assert list(function_tool(use).parameters["properties"]) == ["size"]


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Annotated[int, "how many"], "how many"),
        (Annotated[int, Doc("how many")], "how many"),
        (Annotated[int, Field(description="how many")], "how many"),
        (Annotated[int, Field(ge=1), " how many "], "how many"),
        (Annotated[int, "how many"] | None, "how many"),
        (Annotated[int, 7, ""], ""),
        (int, ""),
    ],
)
def test_texts_in_annotations_are_read(annotation: Any, text: str) -> None:
    assert said_in(annotation) == text


def test_frameworks_are_not_imported_to_know_their_types() -> None:
    program = (
        "import sys\n"
        "from toolshed.catalog.sources import read_sources\n"
        "def add(first: int, context: 'RunContext', second: list[str]) -> int:\n"
        "    'Add.'\n"
        "(catalog,) = read_sources([add], name='own', timeout_seconds=None)\n"
        "print(len(catalog.tools), *{'pydantic_ai', 'agents', 'fastmcp'} & set(sys.modules))"
    )
    # In a process of its own: other tests of this one use the frameworks.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["1"], done.stderr
