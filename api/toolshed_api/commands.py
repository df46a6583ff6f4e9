"""``toolshed serve``."""

import ipaddress

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options
from toolshed.errors import ConfigurationError


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
@knowledge_base_options
def serve(host: str, port: int, at: KnowledgeBaseOptions) -> None:
    """Serve the REST API.

    API keys come from TOOLSHED_API_KEYS, a JSON list; without any, only loopback may be bound to, and only
    requests for localhost, 127.0.0.1, [::1] and the names in TOOLSHED_ALLOWED_HOSTS, a JSON list, are
    answered. The embedded knowledge base belongs to one process: to run several, use a Qdrant server.

    \b
    Examples:
      toolshed serve
      TOOLSHED_API_KEYS='["secret"]' toolshed serve --host 0.0.0.0
    """
    import uvicorn

    from toolshed.settings import read_settings
    from toolshed_api.app import create_app
    from toolshed_api.server import SERVER_OPTIONS

    settings = read_settings(kb=at.kb, pipeline=at.pipeline, encoder=at.encoder, collection=at.collection)
    if not settings.api_keys and not _is_loopback(host):
        raise ConfigurationError(
            f"{host!r} can be reached from outside, and no API key is set; "
            "set TOOLSHED_API_KEYS='[\"...\"]' or bind to 127.0.0.1"
        )
    uvicorn.run(create_app(settings), host=host, port=port, workers=1, **SERVER_OPTIONS)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
