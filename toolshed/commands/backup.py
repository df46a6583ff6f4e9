"""``toolshed backup`` and ``toolshed restore``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options
from toolshed.commands.output import print_json, say

if TYPE_CHECKING:
    from toolshed.shed.backup import BackupReport
    from toolshed.shed.location import Location
    from toolshed.shed.opening import ShedArguments

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def backup(file: Path, as_json: bool, at: KnowledgeBaseOptions) -> None:
    """Write a knowledge base into FILE: tools, legal text, those of all tenants, and the databases beside it.

    An embedded knowledge base must not be open elsewhere: stop the service first. A ledger in PostgreSQL has
    backups of its own (pg_dump).

    \b
    Examples:
      toolshed backup shed.zip
      toolshed backup shed.zip --kb http://qdrant:6333
    """
    from toolshed.errors import ConfigurationError
    from toolshed.settings import read_settings
    from toolshed.shed.backup import write_backup

    location, options = _opened(at)
    state = read_settings().state
    if not location.holds():
        raise ConfigurationError(f"there is no knowledge base in {at.kb!r} to back up")
    _tell(write_backup(file, location, options, state=state), as_json, f"written to {file}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def restore(file: Path, as_json: bool, at: KnowledgeBaseOptions) -> None:
    """Make a knowledge base of the backup FILE, in an empty place; on either engine.

    \b
    Examples:
      toolshed restore shed.zip --kb ./restored
      toolshed restore shed.zip --kb http://qdrant:6333
    """
    from toolshed.shed.backup import restore_backup

    _tell(restore_backup(file, *_opened(at)), as_json, f"restored to {at.kb}")


def _opened(at: KnowledgeBaseOptions) -> "tuple[Location, ShedArguments]":
    from toolshed.options import checked
    from toolshed.settings import read_settings
    from toolshed.shed.location import Location
    from toolshed.shed.opening import ShedArguments, options_from

    settings = read_settings(kb=at.kb, pipeline=at.pipeline, encoder=at.encoder, collection=at.collection)
    return Location.of(settings.kb), checked(ShedArguments, options_from(settings))


def _tell(report: "BackupReport", as_json: bool, done: str) -> None:
    if as_json:
        told = {"n_records": dict(report.n_records), "databases": list(report.databases)}
        print_json({**told, "left_out": list(report.left_out)})
        return
    parts = [f"{n:,} {place}" for place, n in report.n_records.items()]
    say(f"{', '.join([*parts, *report.databases]) or 'nothing'} {done}")
    for reason in report.left_out:
        say(f"left out: {reason}")
