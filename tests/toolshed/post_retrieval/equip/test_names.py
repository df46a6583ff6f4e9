import re
from dataclasses import replace

import pytest

from toolshed.post_retrieval.equip import provider_names
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        pytest.param([make_tool("plain")], ["plain"], id="legal-names-stay"),
        pytest.param([make_tool("a b.c")], ["a_b_c"], id="illegal-characters"),
        pytest.param([make_tool("天気")], ["tool"], id="nothing-legal"),
        pytest.param([make_tool("_reindex-all")], ["_reindex-all"], id="legal-at-both-ends"),
        pytest.param([make_tool("größe été")], ["gro_e_ete"], id="accents-are-dropped"),
        pytest.param([make_tool("3d.print")], ["_3d_print"], id="no-digit-first"),
        pytest.param(
            [make_tool("search", source="crm"), make_tool("search", source="web")],
            ["crm__search", "web__search"],
            id="namesakes-by-source",
        ),
        pytest.param([make_tool("x" * 99)], ["x" * 64], id="too-long"),
    ],
)
def test_names_are_legal_and_distinct(tools: list[ToolDefinition], expected: list[str]) -> None:
    assert list(provider_names(tools).values()) == expected


def test_long_namesakes_stay_distinct() -> None:
    tools = [
        make_tool("n" * 80, source="s" * 64),
        *(make_tool("n" * 80 + str(n), source="s") for n in range(12)),
    ]
    names = list(provider_names(tools).values())
    assert len(set(names)) == len(tools)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in names)


def test_tools_of_a_knowledge_base_keep_their_names() -> None:
    tools = [make_tool("find", source="b"), replace(make_tool("find", source="a"), exported_name="find")]
    assert provider_names(tools) == {"b:find": "b__find", "a:find": "find"}


def test_tools_of_two_knowledge_bases_do_not_share_a_name() -> None:
    tools = [replace(make_tool("find", source=source), exported_name="find") for source in "ab"]
    assert provider_names(tools) == {"a:find": "find", "b:find": "b__find"}
