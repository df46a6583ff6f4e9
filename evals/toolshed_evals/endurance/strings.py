"""Hostile strings in every place that takes text: what takes long, and what fails with no error of ours.

Time is that of the processor, of all threads, so that what else runs on the machine has no part in it.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from toolshed.calling.arguments import check_arguments
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.json_shapes import parse_tools
from toolshed.catalog.mcp_configs import server_at
from toolshed.catalog.openapi import parse_openapi
from toolshed.catalog.skills import parse_skill
from toolshed.catalog.sources import parse_document
from toolshed.catalog.visible_text import visible
from toolshed.documents import LegalDocument
from toolshed.errors import ToolshedError
from toolshed.legal.citations import find_citations, normal_citation
from toolshed.legal.readers import html, markdown, rtf
from toolshed.legal.sentences import segmenter_named
from toolshed.linting.definitions import definition_findings
from toolshed.post_retrieval.equip.anthropic import to_anthropic
from toolshed.post_retrieval.equip.gemini import to_gemini
from toolshed.post_retrieval.equip.openai import to_openai
from toolshed.safety.changes import change_of
from toolshed.safety.scanner import scan
from toolshed.shed.shed import Toolshed
from toolshed.types import ToolDefinition
from toolshed_evals.endurance.trials import Outcome
from toolshed_evals.endurance.workers import document, tools_of

_CHARACTERS = 100_000
# The bar of issue 12.
_MOST_SECONDS = 1.0

# What is repeated up to the length of a string; before the bar, what stands before it.
UNITS = (
    *(
        "a",
        "A",
        " ",
        "\n",
        "\r\n",
        "\t",
        "0",
        "-",
        "_",
        ".",
        ",",
        "!",
        "?",
        ";",
        ":",
        '"',
        "'",
        "(",
        ")",
        "[",
        "{",
    ),
    *(
        "<",
        ">",
        "&",
        "%41",
        "$",
        "§",
        "*",
        "|",
        "\\",
        "/",
        "a ",
        "a. ",
        "A. ",
        '."',
        "word word ",
        "not ",
        "and then ",
    ),
    *(
        "1. ",
        "(a) ",
        "(a)",
        ":1",
        "v. ",
        "Smith v. Jones, ",
        "12 F.3d 34, ",
        "38 U.S.C. § 1|(a)",
        "§ 1|:1",
        "Art. 1 ",
    ),
    *("\u200b", "\u202e", "\u0301", "\U0001f600", "\ud800", "\0", "中", "<div>", "https://a/"),
)
assert len(set(UNITS)) == len(UNITS) == 57


def hostile(unit: str) -> str:
    """The string of a unit."""
    first, bar, repeated = unit.partition("|")
    if not (first and bar and repeated):
        first, repeated = "", unit
    return (first + repeated * (_CHARACTERS // len(repeated) + 1))[:_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Sheds:
    """What is searched, with text in it already, and what is indexed into."""

    default: Toolshed
    instant: Toolshed
    hybrid: Toolshed


def _described(text: str) -> ToolDefinition:
    return ToolDefinition("add", text, {"type": "object", "properties": {"a": {"description": text}}})


def _with_schema(text: str) -> ToolDefinition:
    return ToolDefinition(
        "add", "Adds.", {"type": "object", "properties": {text: {"enum": [text], "default": text}}}
    )


def _index(shed: Toolshed, tool: ToolDefinition) -> None:
    shed.sync_tools(tool)


def _openapi(text: str) -> object:
    operation = {"operationId": text, "summary": text, "tags": [text], "parameters": [], "responses": {}}
    given = {
        "openapi": "3.1.0",
        "info": {"title": text, "version": "1"},
        "paths": {f"/{text}": {"get": operation}},
    }
    return parse_openapi(given, source="given")


# 30 places, each with what is done with a string there.
PLACES: Mapping[str, Callable[[Sheds, str], object]] = {
    "query": lambda sheds, text: sheds.default.search(text),
    "query of instant": lambda sheds, text: sheds.instant.search(text),
    "query of hybrid": lambda sheds, text: sheds.hybrid.search(text),
    "turn before a query": lambda sheds, text: sheds.instant.search("and for Berlin?", history=[text]),
    "question": lambda sheds, text: sheds.instant.search_passages(text),
    "filter by citation": lambda sheds, text: sheds.instant.search_passages("fees", filters={"cites": text}),
    "filter by term": lambda sheds, text: sheds.instant.search_passages("fees", filters={"defines": text}),
    "source of a search": lambda sheds, text: sheds.instant.search("fees", sources=[text]),
    "id of a tool": lambda sheds, text: sheds.instant.get_tool(text),
    "exported name": lambda sheds, text: sheds.instant.tool_named(text),
    "name of a definition": lambda _, text: parse_tools([{"name": text}], source="given"),
    "description that is indexed": lambda sheds, text: _index(sheds.instant, _described(text)),
    "schema that is indexed": lambda sheds, text: _index(sheds.instant, _with_schema(text)),
    "description that is scanned": lambda _, text: scan(_described(text)),
    "description that changes": lambda _, text: change_of(_described("Adds."), _described(text)),
    "description that is linted": lambda _, text: list(
        definition_findings([_described(text)], max_tokens=1000)
    ),
    "schema for providers": lambda _, text: [
        f([_with_schema(text)]) for f in (to_openai, to_anthropic, to_gemini)
    ],
    "argument": lambda _, text: check_arguments(_with_schema("a"), {"a": text}),
    "name of an argument": lambda _, text: check_arguments(_with_schema("a"), {text: 1}),
    "OpenAPI": lambda _, text: _openapi(text),
    "skill": lambda _, text: parse_skill(f"---\nname: a\ndescription: b\n---\n{text}", source="given"),
    "YAML": lambda _, text: parse_document(f"a: {text}".encode("utf-8", "replace"), "a.yaml"),
    "JSON": lambda _, text: parse_document(
        json.dumps([{"name": "a", "description": text}]).encode(), "a.json"
    ),
    "command of a server": lambda _, text: server_at(f"mcp+stdio:{text}"),
    "what a terminal shows": lambda _, text: visible(text),
    "legal text": lambda sheds, text: sheds.instant.add_documents(LegalDocument("given", text, "Act")),
    "citation": lambda _, text: [normal_citation(text[:2_000]), find_citations(text)],
    "sentences of nupunkt": lambda _, text: segmenter_named("nupunkt").spans(text),
    "HTML": lambda _, text: html.read(text.encode("utf-8", "replace"), Path("a.html")),
    "Markdown and RTF": lambda _, text: [
        markdown.read(text.encode("utf-8", "replace"), Path("a.md")),
        rtf.read(f"{{\\rtf1 {text}}}".encode("utf-8", "replace"), Path("a.rtf")),
    ],
}
assert len(PLACES) == 30


def strings() -> Iterator[tuple[str, Outcome]]:
    """Give every string to every place."""
    with (
        Toolshed("memory:", multilingual=False) as default,
        Toolshed("memory:", pipeline="instant", multilingual=False) as instant,
        Toolshed("memory:", pipeline="hybrid", multilingual=False) as hybrid,
    ):
        sheds = Sheds(default, instant, hybrid)
        for shed in (default, instant, hybrid):
            shed.add_catalogs([Catalog("tools", tools_of("tools", n_tools=60))])
        instant.add_documents(document(1))
        for place, give in PLACES.items():
            # What is loaded at first is no fault of a string.
            with contextlib.suppress(ToolshedError):
                give(sheds, "warm up")
            for unit in UNITS:
                yield place, given(partial(give, sheds), unit)


def given(give: Callable[[str], object], unit: str) -> Outcome:
    """Give a string; what it took, and how it ended."""
    outcome, text = Outcome(1), hostile(unit)
    begun = time.process_time()
    try:
        give(text)
        outcome.answers["taken"] += 1
    except ToolshedError:
        outcome.answers["refused"] += 1
    # Broad: whatever is no error of ours is what is looked for.
    except Exception as error:
        outcome.lost.append(f"{unit!r}: raised {error!r}"[:200])
    took = time.process_time() - begun
    outcome.answers[f"over {int(took * 10) / 10:.1f} s"] += 1
    if took > _MOST_SECONDS:
        outcome.lost.append(f"{unit!r}: {took:.2f} s")
    return outcome
