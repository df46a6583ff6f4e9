"""Adapters without the library that they are for say what to install."""

import importlib
import sys

import pytest

from tests.toolshed.adapters.conftest import Office
from toolshed import AnthropicToolSearch
from toolshed.errors import ConfigurationError


def without(package: str, monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    for module in modules:
        monkeypatch.delitem(sys.modules, module, raising=False)


def test_langchain(monkeypatch: pytest.MonkeyPatch) -> None:
    without("langchain", monkeypatch, "toolshed.adapters.langchain_tools")
    with pytest.raises(ConfigurationError, match=r"langchain\S* is not installed.*'\.\[langchain\]'"):
        importlib.import_module("toolshed.adapters.langchain_tools")


def test_anthropic(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    search = AnthropicToolSearch(office.shed)
    without("anthropic", monkeypatch, "toolshed.adapters.anthropic_runnable")
    with pytest.raises(ConfigurationError, match="anthropic is not installed; run: pip install anthropic"):
        search.runnable()


def test_pydantic_ai(monkeypatch: pytest.MonkeyPatch) -> None:
    without("pydantic_ai", monkeypatch, "toolshed.adapters.pydantic_ai_toolset")
    with pytest.raises(
        ConfigurationError, match="pydantic-ai is not installed; run: pip install pydantic-ai"
    ):
        importlib.import_module("toolshed.adapters.pydantic_ai_toolset")


def test_llama_index(monkeypatch: pytest.MonkeyPatch) -> None:
    without("llama_index", monkeypatch, "toolshed.adapters.llama_index_tools")
    with pytest.raises(ConfigurationError, match="run: pip install llama-index-core"):
        importlib.import_module("toolshed.adapters.llama_index_tools")
