"""``toolshed mcp``."""

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options, open_shed


@click.group(invoke_without_command=True)
@click.option(
    "--pin",
    "pinned",
    multiple=True,
    metavar="TOOL_ID",
    help="List this tool beside the search, as itself; may be given several times.",
)
@knowledge_base_options
@click.pass_context
def mcp(context: click.Context, pinned: tuple[str, ...], at: KnowledgeBaseOptions) -> None:
    """Serve the knowledge base to one host over MCP, on standard input and output.

    Hosts start this command themselves: 'toolshed mcp install' writes it into their configuration. Over HTTP
    'toolshed serve' speaks MCP at /mcp. The embedded knowledge base belongs to one process: where several
    hosts shall use it at once, let them use the service.

    \b
    Examples:
      toolshed mcp install --host claude-code --kb ./shed
      toolshed mcp --kb ./shed --pin git:git_status
    """
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from toolshed.settings import read_settings
    from toolshed_api.mcp.sdk import check_sdk

    check_sdk()
    from toolshed_api.mcp.stdio import serve_stdio

    settings = read_settings(kb=at.kb, pipeline=at.pipeline, encoder=at.encoder, collection=at.collection)
    with open_shed(at, must_exist=True) as shed:
        asyncio.run(serve_stdio(shed, settings, pinned or settings.mcp_pinned))
