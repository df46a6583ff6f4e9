"""The options that say which knowledge base a command works on, and how to open it."""

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from toolshed.errors import ConfigurationError
from toolshed.options import PipelineName

if TYPE_CHECKING:
    from toolshed.shed.opening import ShedArguments
    from toolshed.shed.remote import ToolshedClient
    from toolshed.shed.shed import Toolshed

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class KnowledgeBaseOptions:
    """Where the knowledge base is, what wrote it and which pipeline reads it; or which service has it."""

    kb: str
    pipeline: PipelineName
    encoder: str | None
    collection: str
    url: str | None = None
    api_key: str | None = field(default=None, repr=False)


_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "kb": {"default": "./shed", "help": "Folder of the knowledge base, or URL of a Qdrant server."},
    "pipeline": {
        "default": "default",
        "type": click.Choice(get_args(PipelineName)),
        "help": "Named pipeline; 'instant' needs no transformer.",
    },
    "encoder": {"help": "Another dense encoder: sentence-transformers:MODEL or openai:MODEL[:DIMENSION]."},
    "collection": {"default": "tools", "help": "Collection on the Qdrant server."},
}
_SERVICE: Mapping[str, Mapping[str, Any]] = {
    "url": {"help": "URL of a running service to ask, in the place of a knowledge base here."},
    "api_key": {"help": "Key of that service."},
}

_PREFIX = "TOOLSHED_"
# Variables that options stand for as well, and those that opening a knowledge base does not read.
_NO_SETTINGS = frozenset(
    f"{_PREFIX}{name.upper()}" for name in (*_OPTIONS, *_SERVICE, "top_k", "data", "eval_cache", "verbose")
)


def knowledge_base_options(command: Command) -> Callable[..., Any]:
    """Give a command the options of a knowledge base; they arrive together, as its argument ``at``."""
    return _with_options(command, _OPTIONS)


def service_options(command: Command) -> Callable[..., Any]:
    """The same, and those of a running service that may have the knowledge base."""
    return _with_options(command, {**_OPTIONS, **_SERVICE})


def _with_options(command: Command, said_of: Mapping[str, Mapping[str, Any]]) -> Callable[..., Any]:
    @functools.wraps(command)
    def with_options(*arguments: Any, **options: Any) -> Any:
        # Any: the command's own arguments, passed on unchanged.
        at = KnowledgeBaseOptions(**{name: options.pop(name) for name in said_of})
        return command(*arguments, at=at, **options)

    for name, said in reversed([*said_of.items()]):
        flag = f"--{name.replace('_', '-')}"
        option = click.option(flag, envvar=f"TOOLSHED_{name.upper()}", show_default="default" in said, **said)
        with_options = option(with_options)
    return with_options


def open_shed(
    at: KnowledgeBaseOptions, *, must_exist: bool, threads: int | None = None, chat: str | None = None
) -> "Toolshed":
    """Open a knowledge base for a command.

    Args:
        at: Which one.
        must_exist: Whether a command that only reads shall refuse to make one.
        threads: Threads of the encoder, where the command has an option for them.
        chat: Name of the model that plans, reranks and reflects; none where it is None.

    Raises:
        ConfigurationError: If it must exist and does not, or a variable of the environment is wrong.
    """
    from toolshed.shed.location import Location
    from toolshed.shed.shed import Toolshed

    if must_exist and not Location.of(at.kb).holds():
        raise ConfigurationError(
            f"there is no knowledge base in {at.kb!r}; "
            f"make one with: toolshed index tools SOURCE --kb {at.kb}, or index legal PATH"
        )
    options = opening_options(at, os.environ)
    if threads is not None:
        options["encoder_threads"] = threads
    if chat is not None:
        from toolshed.backbones.named import chat_named
        from toolshed.pipelines import full

        options["pipeline"] = full(chat_named(chat), at.pipeline)
    return Toolshed(at.kb, **options)


def opening_options(at: KnowledgeBaseOptions, environment: Iterable[str]) -> "ShedArguments":
    """The options of opening a knowledge base: what the command was given, and the environment for the rest.

    Args:
        at: What the command was given.
        environment: Names of the variables that are set.

    Raises:
        ConfigurationError: If a variable is wrong.
    """
    from toolshed.shed.opening import ShedArguments, options_from

    ours = {name.upper() for name in environment if name.upper().startswith(_PREFIX)}
    if ours <= _NO_SETTINGS:
        return ShedArguments(pipeline=at.pipeline, encoder=at.encoder, collection=at.collection)
    # What reads and checks them takes as long as a tenth of a search from nothing.
    from toolshed.settings import read_settings

    return options_from(
        read_settings(kb=at.kb, pipeline=at.pipeline, encoder=at.encoder, collection=at.collection)
    )


def open_anywhere(
    at: KnowledgeBaseOptions, *, must_exist: bool, threads: int | None = None, chat: str | None = None
) -> "Toolshed | ToolshedClient":
    """Open a knowledge base for a command, or connect to the service that has it; see :func:`open_shed`.

    Raises:
        ConfigurationError: If it must exist and does not, or a variable of the environment is wrong.
    """
    if at.url is None:
        return open_shed(at, must_exist=must_exist, threads=threads, chat=chat)
    if chat is not None:
        raise ConfigurationError("a service asks its own model, or none; leave out --chat, or --url")
    from toolshed.shed.remote import ToolshedClient

    return ToolshedClient(at.url, at.api_key)
