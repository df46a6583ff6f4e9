"""The blocks of "Equip an agent" run as they stand, against a scripted provider on loopback."""

import asyncio
import gc
import json
import re
from pathlib import Path
from typing import Any

import pytest
from langchain_openai.chat_models import _client_utils
from langgraph.prebuilt import ToolNode
from llama_index.core.llms.mock import MockFunctionCallingLLM
from openai import OpenAI

from tests.provider_stub import Json, Turn, scripted_provider
from tests.toolshed.adapters.conftest import TASK, WANTED, Office
from tests.toolshed.adapters.test_llama_index_tools import pytestmark as _quiet
from tests.toolshed.adapters.test_llama_index_tools import speaking_to

PAGE = (Path(__file__).parents[3] / "docs" / "catalogs.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Equip an agent\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```py\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
# Frameworks leave clients open that they made from a model's name.
pytestmark = [
    _quiet,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


def clerk(body: Json) -> Turn:
    """Searches by whatever search it has, calls what it wants as soon as it is shown, and answers."""
    told = body.get("messages") or body["input"]
    if "done for Ana" in json.dumps(told):
        return Turn("It was done for Ana.")
    shown = [tool for tool in body["tools"] if not tool.get("defer_loading")]
    names = [(tool.get("function") or tool).get("name") or tool["type"] for tool in shown]
    loaded = json.dumps([item for item in told if item.get("type") == "tool_search_output"])
    if WANTED in names or f'"tool_name": "{WANTED}"' in json.dumps(told):
        return Turn(calls=[(WANTED, {"who": "Ana"})])
    if f'"{WANTED}"' in loaded:
        return Turn(calls=[(f"office/{WANTED}" if '"namespace"' in loaded else WANTED, {"who": "Ana"})])
    (search,) = (name for name in names if name in {"search_tools", "retrieve_tools", "tool_search"})
    return Turn(calls=[(search, {"queries": [TASK]} if "queries" in json.dumps(shown) else {"query": TASK})])


@pytest.mark.parametrize(
    "block", BLOCKS, ids=[re.findall(r"from toolshed import (\w+)", one)[0] for one in BLOCKS]
)
async def test_a_block_of_the_page_finds_the_tool_among_1000_and_answers(
    office: Office, block: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(ToolNode, "inject_tool_args"):
        # See test_bigtool.
        monkeypatch.setattr(ToolNode, "inject_tool_args", lambda node, call, *_: call, raising=False)
    # It keeps clients by URL for good, and a port of loopback comes again when their loop has long ended.
    for kind in ("sync", "async"):
        build = getattr(_client_utils, f"_build_{kind}_httpx_client")
        monkeypatch.setattr(_client_utils, f"_cached_{kind}_httpx_client", build)
    with scripted_provider(clerk) as url, OpenAI(base_url=url, api_key="none") as client:
        for name, value in {"OPENAI": url, "ANTHROPIC": url[:-3]}.items():
            monkeypatch.setenv(f"{name}_BASE_URL", value)
            monkeypatch.setenv(f"{name}_API_KEY", "none")
        llm = MockFunctionCallingLLM(response_generator=speaking_to(client), is_chat_model=True)
        given: dict[str, Any] = {"shed": office.shed, "task": TASK, "llm": llm}
        exec(f"async def example(shed, task, llm):\n{_indented(block)}\n    return answer", given)
        answer = await given["example"](office.shed, TASK, llm)
        given.clear()
        # Those clients end here, in their own loop, and not within another test.
        gc.collect()
        await asyncio.sleep(0.1)
    assert str(answer) == "It was done for Ana."
    assert office.done == [(WANTED, "Ana")]


def test_the_page_has_a_block_for_every_library() -> None:
    assert len(BLOCKS) == 6


def _indented(block: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in block.splitlines(keepends=True))
