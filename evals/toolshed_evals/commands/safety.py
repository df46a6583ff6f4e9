"""``toolshed eval safety``."""

from collections import Counter

import click

from toolshed.commands.output import print_json, say


@click.command()
@click.argument("catalogs", nargs=-1)
@click.option("--corpus/--no-corpus", default=True, help="Read bastioncorpus too, where it is installed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def safety(catalogs: tuple[str, ...], corpus: bool, as_json: bool) -> None:
    """Count the poisoned definitions that the scanner finds, and its false alarms in CATALOGS.

    A definition counts as found, or as an alarm, if there is an error in it. Rules were widened with what
    they had missed of all sets here: what they find of others is less, see docs/safety.md.

    \b
    Example:
      toolshed eval safety tools.json
    """
    from toolshed.catalog.sources import read_sources
    from toolshed.safety.scanner import scan
    from toolshed.types import ToolDefinition
    from toolshed_evals.poisoned import corpus_tools, poisoned_tools

    def is_alarm(tool: ToolDefinition) -> bool:
        return any(finding.severity == "error" for finding in scan(tool))

    n_tools: Counter[str] = Counter()
    n_alarms: Counter[str] = Counter()
    named = [*poisoned_tools(), *(corpus_tools() if corpus else ())]
    named += [
        (read.source, tool) for read in (read_sources(catalogs) if catalogs else ()) for tool in read.tools
    ]
    for family, tool in named:
        name = family if family == "corpus/benign" else family.partition("/")[0]
        n_tools[name] += 1
        n_alarms[name] += is_alarm(tool)
    if as_json:
        print_json({name: {"n_tools": n, "n_alarms": n_alarms[name]} for name, n in n_tools.items()})
        return
    for name, n in n_tools.items():
        say(f"{name:<30} {n_alarms[name]:>6,} of {n:>7,}  {n_alarms[name] / n:>7.2%}")
