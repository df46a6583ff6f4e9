"""``toolshed enhance``: a language model writes how people ask for each tool."""

from pathlib import Path

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options, open_shed
from toolshed.commands.output import print_json, progress_bar, say


@click.command()
@click.option(
    "--chat",
    "chat_name",
    required=True,
    metavar="KIND:MODEL",
    help="openai:MODEL or openai-responses:MODEL (OPENAI_API_KEY, OPENAI_BASE_URL); prompts:FILE to write "
    "the prompts and ask nobody, replay:FILE for answers to them.",
)
@click.option(
    "--out",
    default=Path("enhancements.jsonl"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; what it has is kept, and not asked for again.",
)
@click.option(
    "--questions",
    "n_questions",
    default=12,
    show_default=True,
    type=click.IntRange(2, 50),
    help="Hypothetical questions of each tool.",
)
@click.option(
    "--at-once",
    "n_at_once",
    default=4,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Prompts that are asked at the same time.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def enhance(
    chat_name: str,
    out: Path,
    n_questions: int,
    n_at_once: int,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Let a language model write of every indexed tool how people ask for it, and when it is the right one.

    The result is a file of JSON Lines to review and edit; `toolshed index tools SOURCES --enhancements FILE`
    makes it searchable. A run that was killed, or that failed for some tools, goes on where it stopped. Every
    call is booked in the ledger.

    \b
    Examples:
      toolshed enhance --chat openai:gpt-5-mini --out enhancements.jsonl
      toolshed index tools tools.json --enhancements enhancements.jsonl
    """
    from toolshed.backbones.named import chat_named

    chat = chat_named(chat_name)
    with open_shed(at, must_exist=True) as shed, progress_bar("tools", show=not as_json) as advance:
        report = shed.enhance(chat, out, n_questions=n_questions, n_at_once=n_at_once, progress=advance)
    if as_json:
        print_json(
            {
                "file": str(out),
                "n_written": report.n_written,
                "n_known": report.n_known,
                "failed": report.failed,
                "unbooked": list(report.unbooked),
            }
        )
    else:
        say(f"{report.n_written:,} written to {out}, {report.n_known:,} were there")
        for tool_id, reason in report.failed.items():
            say(f"failed: {tool_id}: {reason}", err=True)
        for reason in report.unbooked:
            say(f"not booked: {reason}", err=True)
    if report.failed:
        raise click.exceptions.Exit(1)
