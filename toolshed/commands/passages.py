"""``toolshed passages``."""

import sys
from typing import TYPE_CHECKING

import click

from toolshed.commands.declared import takes
from toolshed.commands.knowledge_base import KnowledgeBaseOptions, open_anywhere, service_options
from toolshed.commands.output import print_json, say
from toolshed.options import PassageArguments

if TYPE_CHECKING:
    from toolshed.rankings import FoundPassage


@click.command()
@click.argument("query")
@click.option(
    "-k",
    "--top-k",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    envvar="TOOLSHED_TOP_K",
    help="Most passages to return; most documents with --per-document.",
)
@takes(PassageArguments)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@service_options
def passages(
    query: str, top_k: int, options: PassageArguments, as_json: bool, at: KnowledgeBaseOptions
) -> None:
    """Find the passages of legal text that answer QUERY; "-" reads it from standard input.

    \b
    Examples:
      toolshed passages "How long must records be kept?" -k 3
      toolshed passages "standard of proof" --filter "cites=38 U.S.C. § 1110" --neighbours 1
      toolshed passages "late fees" --filter section=4.2 --json
    """
    if query == "-":
        query = sys.stdin.read()
    with open_anywhere(at, must_exist=True) as shed:
        found = shed.search_passages(query, top_k, **options)
    if as_json:
        print_json(found.to_json())
    elif found.passages:
        if found.status == "unsure":
            say(f"unsure ({found.confidence:.2f}): {found.reason}", err=True)
        say("\n\n".join(passage_text(rank, one) for rank, one in enumerate(found.passages, 1)))
    elif found.n_passages and found.reason.startswith("nothing"):
        say(
            f"{found.reason} ({found.n_passages:,} passages searched, confidence {found.confidence:.2f}); "
            "--abstain-below 0 shows the nearest"
        )
    else:
        is_filtered = options["filters"] and found.n_passages
        hint = "loosen the filters" if is_filtered else "toolshed index legal PATH adds documents"
        say(f"no passage found ({found.n_passages:,} searched); {hint}")


def passage_text(rank: int, found: "FoundPassage") -> str:
    """A passage for people: where it stands, and what it says."""
    quotes = [f"    “{' '.join(quote.text.split())}”  [{quote.start}–{quote.end}]" for quote in found.quotes]
    around = [f"    {' '.join(found.expanded_text.split())}"] if found.before or found.after else []
    place = f"{found.citation}  ({found.passage.document_id})"
    return "\n".join([f"{rank:>2}. {place}  score {found.score:.2f}", *quotes, *around])
