"""``toolshed serve``."""

import ipaddress
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options
from toolshed.errors import ConfigurationError

if TYPE_CHECKING:
    from toolshed.settings import Settings


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, envvar="TOOLSHED_HOST", help="Address to bind to."
)
@click.option(
    "--port",
    default=8321,
    show_default=True,
    type=click.IntRange(0, 65535),
    envvar="TOOLSHED_PORT",
    help="Port to bind to.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    envvar="TOOLSHED_WORKERS",
    help="Processes that answer searches; more than one beside another that writes.",
)
@knowledge_base_options
def serve(host: str, port: int, workers: int, at: KnowledgeBaseOptions) -> None:
    """Serve the REST API.

    On loopback nothing needs to be shown until a key is made (toolshed keys create), and only requests for
    localhost, 127.0.0.1, [::1] and the names in TOOLSHED_ALLOWED_HOSTS, a JSON list, are answered. Anywhere
    else the first start makes a key that may do everything, and prints it once. Keys in TOOLSHED_API_KEYS, a
    JSON list, may do everything too. The embedded knowledge base belongs to one service, of several processes
    with --workers: to run several services, use a Qdrant server.

    \b
    Examples:
      toolshed serve
      toolshed serve --host 0.0.0.0
      toolshed serve --workers 4
    """
    import uvicorn

    from toolshed.settings import read_settings
    from toolshed_api.app import create_app
    from toolshed_api.server import SERVER_OPTIONS

    settings = read_settings(kb=at.kb, pipeline=at.pipeline, encoder=at.encoder, collection=at.collection)
    if not _is_loopback(host) and not settings.api_keys:
        _make_first_key(settings, host)
    if workers > 1:
        from toolshed_api.workers.run import run_workers

        sys.exit(run_workers(settings, host=host, port=port, n_searching=workers))
    uvicorn.run(create_app(settings), host=host, port=port, workers=1, **SERVER_OPTIONS)


def _make_first_key(settings: "Settings", host: str) -> None:
    """Make and print a key if there was never any, so that nobody is let in without one."""
    from toolshed_api.auth.keys import Keys
    from toolshed_api.auth.pepper import find_pepper
    from toolshed_api.state import open_state, state_location

    location = state_location(settings)
    if location == "memory:":
        raise ConfigurationError(
            f"{host!r} can be reached from outside, and there is no place to keep API keys; set "
            "TOOLSHED_STATE (a file or a database URL) or TOOLSHED_API_KEYS, or bind to 127.0.0.1"
        )
    with closing(open_state(location)) as database:
        keys = Keys(database, find_pepper(settings, location))
        keys.check_pepper()
        made = keys.create_first()
    if made is not None:
        click.echo(
            f"The first API key of this service, which may do everything. It is shown once:\n{made.text}"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
