"""``toolshed doctor``."""

import importlib.util
from collections.abc import Iterator
from importlib.metadata import version

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options, open_shed
from toolshed.commands.output import print_json, say
from toolshed.errors import ToolshedError

_MAX_DAMAGES = 20


@click.command()
@click.option("--deep", is_flag=True, help="Read all that is stored, and compare it with its checksums.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def doctor(deep: bool, as_json: bool, at: KnowledgeBaseOptions) -> None:
    """Check the installation and the knowledge base, and say what to do about what is wrong.

    \b
    Example:
      toolshed doctor --deep --kb ./shed
    """
    checks = [*_package_checks(), _encoder_check(), *_knowledge_base_checks(at, deep=deep)]
    if as_json:
        print_json([{"check": name, "ok": ok, "detail": detail} for name, ok, detail in checks])
    else:
        for name, ok, detail in checks:
            say(f"{'ok  ' if ok else 'FAIL'}  {name:<16} {detail}")
    if not all(ok for _, ok, _ in checks):
        raise click.exceptions.Exit(1)


def _package_checks() -> list[tuple[str, bool, str]]:
    extras = {
        "transformer": "onnxruntime",
        "legal": "eyecite",
        "economics": "sqlalchemy",
        "server": "qdrant_client",
        "api": "fastapi",
        "mcp": "mcp",
    }
    checks = [("toolshed-kb", True, version("toolshed-kb"))]
    for extra, module in extras.items():
        installed = importlib.util.find_spec(module) is not None
        detail = "installed" if installed else f"not installed; optional: pip install '.[{extra}]'"
        checks.append((f"extra {extra}", True, detail))
    return checks


def _encoder_check() -> tuple[str, bool, str]:
    from toolshed.backbones.static import StaticEncoder

    try:
        StaticEncoder()
        if importlib.util.find_spec("onnxruntime") is None:
            return "encoder", True, "the transformer is not installed; the pipeline 'instant' works without"
        from toolshed.backbones.minilm import MiniLMEncoder

        dimension = MiniLMEncoder().encode(["doctor"]).shape[1]
    except ToolshedError as error:
        return "encoder", False, str(error)
    return "encoder", True, f"all-MiniLM-L6-v2 verified and answering, {dimension} dimensions"


def _knowledge_base_checks(at: KnowledgeBaseOptions, *, deep: bool) -> Iterator[tuple[str, bool, str]]:
    name = "knowledge base"
    try:
        with open_shed(at, must_exist=True) as shed:
            n_tools, n_documents = shed.knowledge_base.count(), len(shed.list_documents())
            yield name, True, f"{n_tools:,} tools in {at.kb}, {n_documents:,} legal documents"
            if deep:
                damaged = shed.damages()
                yield from ((name, False, damage) for damage in damaged[:_MAX_DAMAGES])
                yield name, not damaged, f"{len(damaged):,} records are not as they were stored"
    except ToolshedError as error:
        yield name, False, str(error)
