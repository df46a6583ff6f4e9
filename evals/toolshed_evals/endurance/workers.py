"""The processes of an endurance test, run as ``python -m toolshed_evals.endurance.workers KIND FOLDER ...``.

They speak in lines: what was acknowledged, and when a write begins and ends. Encoders are doubles: what is
tested is storing.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from toolshed.catalog.definitions import Catalog
from toolshed.documents import LegalDocument
from toolshed.errors import KnowledgeBaseBusyError, ToolshedError
from toolshed.knowledge_base.edge_folder import EdgeFolder
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool
from toolshed.types import ToolDefinition

N_TOOLS = 600


def open_shed(folder: str | Path) -> Toolshed:
    """The knowledge base under test."""
    return Toolshed(folder, encoder=HashingEncoder(), multilingual=False)


def tools_of(source: str, *, version: int = 1, n_tools: int = N_TOOLS) -> tuple[ToolDefinition, ...]:
    """The tools of a source, all different, as they are in a version of it."""
    return tuple(
        make_tool(f"tool_{n}", f"Version {version} does {n} for {source}. " * 5, source=source)
        for n in range(n_tools)
    )


def document(n: int, *, version: int = 1) -> LegalDocument:
    """A document of several passages."""
    clauses = (
        f"§ {clause}. Clause {clause} of version {version} of act {n} binds the parties. " * 8
        for clause in range(1, 9)
    )
    # Passages begin and end with their sentences.
    return LegalDocument(f"act_{n}.txt", "\n\n".join(clauses).strip(), f"Act {n}", "law")


def _say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201  # the protocol with the parent


def _announce_writes() -> None:
    """Say ``write`` before what is stored is touched and ``written`` when it is durable."""
    acknowledge = EdgeFolder.acknowledge

    def announced(self: EdgeFolder, at_least: int, at_most: int) -> None:
        if at_least == at_most:
            acknowledge(self, at_least, at_most)
            _say("written")
        else:
            acknowledge(self, at_least, at_most)
            _say("write")

    EdgeFolder.acknowledge = announced  # type: ignore[method-assign]  # in this process of a test only


def race(folder: str, source: str) -> None:
    """Create, index and remove: each process tools of its own."""
    tools = tools_of(source, n_tools=40)
    sys.stdin.readline()
    try:
        with open_shed(folder) as shed:
            shed.add_catalogs([Catalog(source, tools)])
            n_removed = shed.delete_tools(*(tool.tool_id for tool in tools[:10]))
        _say("stored", n_removed)
    except KnowledgeBaseBusyError:
        _say("busy")
    except ToolshedError as error:
        _say("failed", error)


def add(folder: str) -> None:
    """Index tools, in batches."""
    with open_shed(folder) as shed:
        shed.add_catalogs([Catalog("new", tools_of("new"))], progress=lambda done, _: _say("done", done))


def change(folder: str) -> None:
    """Index the second version of tools that are there."""
    with open_shed(folder) as shed:
        shed.add_catalogs(
            [Catalog("old", tools_of("old", version=2))], progress=lambda done, _: _say("done", done)
        )


def remove(folder: str) -> None:
    """Remove tools, ten at a time."""
    with open_shed(folder) as shed:
        for start in range(0, N_TOOLS, 10):
            shed.delete_tools(*(f"old:tool_{n}" for n in range(start, start + 10)))
            _say("done", start + 10)


def legal(folder: str) -> None:
    """Index documents one by one."""
    with open_shed(folder) as shed:
        for n in range(60):
            shed.add_documents(document(n))
            _say("done", n + 1)


KILLED: Mapping[str, Callable[[str], None]] = {"add": add, "change": change, "remove": remove, "legal": legal}

if __name__ == "__main__":
    _kind, *_arguments = sys.argv[1:]
    if _kind == "race":
        race(*_arguments)
    else:
        _announce_writes()
        KILLED[_kind](*_arguments)
