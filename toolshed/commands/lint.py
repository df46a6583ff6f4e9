"""``toolshed lint``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options, open_shed
from toolshed.commands.output import print_json, progress_bar, say
from toolshed.errors import ConfigurationError
from toolshed.linting.findings import RULES, SEVERITIES, Finding, LintReport
from toolshed.safety.findings import SAFETY_RULES

if TYPE_CHECKING:
    from toolshed.catalog.definitions import Catalog
    from toolshed.safety.findings import SafetyFinding
    from toolshed.safety.report import SafetyReport
    from toolshed.shed.shed import Toolshed

_RULE_NAMES = [*(rule.name for rule in RULES), *(rule.name for rule in SAFETY_RULES)]


@click.command()
@click.argument("sources", nargs=-1)
@click.option(
    "--fail-on",
    default="error",
    show_default=True,
    type=click.Choice([*SEVERITIES, "never"]),
    help="The mildest finding that ends with exit code 1.",
)
@click.option(
    "--ignore",
    multiple=True,
    type=click.Choice(_RULE_NAMES),
    help="A rule to leave out; several may be given.",
)
@click.option(
    "--max-tokens",
    default=4_000,
    show_default=True,
    type=click.IntRange(1, 10**9),
    help="What a definition may take.",
)
@click.option(
    "--sample",
    type=click.IntRange(1, 10**6),
    help="Ask for this many tools only, always the same ones; all when not given.",
)
@click.option(
    "--chat",
    "chat_name",
    help="A chat model that makes requests too: openai:MODEL, openai-responses:MODEL, replay:FILE, "
    "prompts:FILE. Asked once a tool; by rule alone when not given.",
)
@click.option(
    "--safety",
    is_flag=True,
    help="Look for what is meant to harm instead: instructions aimed at models, hidden text, secrets.",
)
@click.option(
    "--allow",
    type=click.Path(exists=True, dir_okay=False),
    help="With --safety: a JSON file of findings that were looked at, as --safety --json prints them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def lint(
    sources: tuple[str, ...],
    fail_on: str,
    ignore: tuple[str, ...],
    max_tokens: int,
    sample: int | None,
    chat_name: str | None,
    safety: bool,
    allow: str | None,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Say what keeps tools from being found and called: those of SOURCES, or of the knowledge base.

    Every tool is asked for in its own words, as it says them and without its name; who takes its place is
    named. Also told: near-duplicates, what is not described, what providers refuse, and what is too long.
    The same input gives the same findings. Exit code 1 when there is one of --fail-on or worse.

    \b
    Examples:
      toolshed lint tools.json
      toolshed lint --kb ./shed --fail-on warning --ignore undescribed-arguments
      toolshed lint --safety mcp.json --json
    """
    if safety:
        _lint_safety(sources, allow, fail_on, ignore, as_json, at)
        return
    if allow:
        raise ConfigurationError("--allow is for --safety; of other findings, leave out rules by --ignore")
    from toolshed.backbones.named import chat_named
    from toolshed.linting.lint import lint as lint_shed

    chat = chat_named(chat_name) if chat_name else None
    shed, catalogs = _opened(sources, at)
    with shed, progress_bar("asking for tools") as progress:
        report = lint_shed(
            shed, max_tokens=max_tokens, sample=sample, chat=chat, catalogs=catalogs, progress=progress
        )
    report = replace(report, findings=[one for one in report.findings if one.rule not in ignore])
    if report.n_unanswered:
        say(f"the model made no requests for {report.n_unanswered:,} tools", err=True)
    if as_json:
        print_json(report.to_json())
    else:
        say(_table(report))
    if any(report.has(severity) for severity in SEVERITIES if severity == fail_on):
        raise click.exceptions.Exit(1)


def _lint_safety(
    sources: Sequence[str],
    allow: str | None,
    fail_on: str,
    ignore: Sequence[str],
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Tell what the scanner finds; sources are read and not indexed."""
    from toolshed.catalog.sources import read_sources
    from toolshed.safety.allow_list import AllowList
    from toolshed.safety.report import scan_tools

    allowed = AllowList.read(allow) if allow else None
    failed: list[str] = []
    if sources:
        catalogs = read_sources(sources)
        tools = [tool for catalog in catalogs for tool in catalog.tools]
        # Other readers may take, and show to a model, what is no entry to this one.
        failed = [f"{one.source}, {entry}" for one in catalogs for entry in one.invalid]
        failed += [catalog.failure for catalog in catalogs if catalog.failure]
    else:
        with open_shed(at, must_exist=True) as shed:
            tools = shed.tools.definitions()
    report = scan_tools(tools, allowed)
    report = replace(report, findings=[one for one in report.findings if one.rule not in ignore])
    for reason in failed:
        say(f"not scanned: {reason}", err=True)
    if as_json:
        print_json(report.to_json())
    else:
        say("\n".join([*map(_safety_lines, report.findings), _safety_sum(report)]))
    if failed or any(report.has(severity) for severity in SEVERITIES if severity == fail_on):
        raise click.exceptions.Exit(1)


def _safety_lines(finding: "SafetyFinding") -> str:
    return (
        f"{finding.severity:<8} {finding.rule:<22} {finding.tool_id}, {finding.place}\n"
        f"    {finding.excerpt!r}\n    {finding.advice}"
    )


def _safety_sum(report: "SafetyReport") -> str:
    counts = [
        f"{sum(one.severity == severity for one in report.findings):,} {severity}s" for severity in SEVERITIES
    ]
    return f"{report.n_tools:,} tools: {', '.join(counts)}; {report.n_allowed:,} findings are allowed"


def _opened(sources: Sequence[str], at: KnowledgeBaseOptions) -> "tuple[Toolshed, Sequence[Catalog]]":
    """The knowledge base, or one in memory with the tools of sources."""
    if not sources:
        return open_shed(at, must_exist=True), ()
    from toolshed.catalog.sources import read_sources

    catalogs = read_sources(sources)
    shed = open_shed(replace(at, kb="memory:"), must_exist=False)
    if any(catalog.tools for catalog in catalogs):
        shed.add_catalogs(catalogs, skip_invalid=True)
    return shed, catalogs


def _table(report: LintReport) -> str:
    lines = [_line(finding) for finding in report.findings]
    counts = [
        f"{sum(finding.severity == severity for finding in report.findings):,} {severity}s"
        for severity in SEVERITIES
    ]
    lines.append(
        f"{report.n_tools:,} tools, {report.n_requests:,} requests: {', '.join(counts)}"
        if report.findings
        else f"{report.n_tools:,} tools, {report.n_requests:,} requests: nothing to mend"
    )
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    return f"{finding.severity:<8} {finding.rule:<22} {finding.tool_id}\n    {finding.message}"
