"""Lint a catalog: everything that is found in it."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from toolshed.backbones.chat import ChatModel
from toolshed.catalog.definitions import Catalog
from toolshed.linting.definitions import definition_findings
from toolshed.linting.duplicates import duplicate_findings
from toolshed.linting.findability import DEPTH, findability_findings, requests_for
from toolshed.linting.findings import Finding, LintReport
from toolshed.linting.model_requests import ModelRequests, model_requests
from toolshed.options import Progress
from toolshed.shed.shed import Toolshed
from toolshed.types import ToolDefinition
from toolshed.waiting import wait_for


def lint(
    shed: Toolshed,
    *,
    max_tokens: int,
    sample: int | None = None,
    chat: ChatModel | None = None,
    catalogs: Sequence[Catalog] = (),
    progress: Progress = lambda _done, _total: None,
) -> LintReport:
    """Everything that is to mend in the tools of a knowledge base.

    Args:
        shed: The knowledge base; its pipeline answers the requests.
        max_tokens: What a definition may take.
        sample: How many tools to ask for, always the same ones; None for all.
        chat: A model that makes requests beside those made by rule; the same ones only where its answers
            are a recording.
        catalogs: Where the tools were read from, for the entries that are none.
        progress: Told how many tools were asked for.
    """
    records = sorted(shed.knowledge_base.scan(), key=lambda record: record.tool_id)
    tools = [record.definition for record in records]
    findings = [*_of_catalogs(catalogs), *definition_findings(tools, max_tokens=max_tokens)]
    findings += duplicate_findings(records)
    n_requests = 0
    chosen = _sampled(tools, sample)
    made = ModelRequests({}, 0)
    if chat is not None:
        with shed.booking.run("lint"):
            made = wait_for(model_requests(chat, chosen, progress))

    def search(request: str) -> list[str]:
        found = shed.search(request, DEPTH, abstain_below=0.0)
        return [one.tool.tool_id for one in found.tools]

    for n_done, tool in enumerate(chosen):
        progress(n_done, len(chosen))
        requests = list(dict.fromkeys([*requests_for(tool), *made.by_tool.get(tool.tool_id, ())]))
        n_requests += len(requests)
        findings += findability_findings(tool, requests, search)
    progress(len(chosen), len(chosen))
    return LintReport.of(findings, n_tools=len(tools), n_requests=n_requests, n_unanswered=made.n_unanswered)


def _of_catalogs(catalogs: Sequence[Catalog]) -> Iterator[Finding]:
    for catalog in catalogs:
        if catalog.failure:
            yield Finding("invalid-entry", catalog.source or catalog.location, catalog.failure)
        for entry in catalog.invalid:
            yield Finding("invalid-entry", f"{catalog.source}, {entry.position}", entry.reason)


def _sampled(tools: Sequence[ToolDefinition], size: int | None) -> Sequence[ToolDefinition]:
    if size is None or size >= len(tools):
        return tools
    # By a hash of the id: a tool that is added moves few others out.
    by_hash = sorted(tools, key=lambda tool: sha256(tool.tool_id.encode("utf-8", "replace")).digest())
    return sorted(by_hash[:size], key=lambda tool: tool.tool_id)
