"""The command line: ``toolshed``. Commands arrive through the entry points ``toolshed.commands``."""

import logging
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from toolshed.catalog.visible_text import visible
from toolshed.commands.output import VisibleFormatter
from toolshed.errors import ConfigurationError, ToolshedError, missing_extra

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_GROUP = "toolshed.commands"
# Commands that are asked for so often, and take so little, that they are not looked up among all packages.
_AT_ONCE = {"search": "toolshed.commands.search"}
_CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    # Options without a variable of their own get one: TOOLSHED_SEARCH_EXPLAIN, TOOLSHED_INDEX_TOOLS_WATCH.
    "auto_envvar_prefix": "TOOLSHED",
}
# What commands of the applications import, and the extra that brings it.
_EXTRAS = {
    "alembic": "economics",
    "fastapi": "api",
    "genai_prices": "economics",
    "ir_measures": "evals",
    "matplotlib": "economics",
    "pyarrow": "parquet",
    "rank_bm25": "evals",
    "scipy": "economics",
    "sentence_transformers": "bench",
    "sqlalchemy": "economics",
    "eyecite": "legal",
    "torch": "bench",
    "uvicorn": "api",
}


class _Group(click.Group):
    """Finds commands by entry point and turns our errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_entry_points()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        if cmd_name in _AT_ONCE:
            found: click.Command = getattr(import_module(_AT_ONCE[cmd_name]), cmd_name)
            return found
        point = _entry_points().get(cmd_name)
        command: click.Command | None = point.load() if point else None
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name not in _EXTRAS:
                raise
            raise _Misuse(str(missing_extra(error.name, _EXTRAS[error.name]))) from error
        except ConfigurationError as error:
            raise _Misuse(visible(str(error))) from error
        except ToolshedError as error:
            raise click.ClickException(visible(str(error))) from error
        except BrokenPipeError:
            # The reader of our output, such as head, has enough.
            sys.stderr.close()
            ctx.exit(0)


class _Misuse(click.ClickException):
    exit_code = 2


def _entry_points() -> "dict[str, EntryPoint]":
    # Reads what all installed packages say of theirs.
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=_GROUP)}


@click.group(cls=_Group, context_settings=_CONTEXT)
@click.version_option(package_name="toolshed-kb", prog_name="toolshed")
@click.option("-v", "--verbose", is_flag=True, envvar="TOOLSHED_VERBOSE", help="Log what happens to stderr.")
def main(verbose: bool) -> None:
    """Find the few tools an agent needs, among hundreds to a million.

    \b
    Examples:
      toolshed index tools openapi.json mcp+stdio:mcp-server-git
      toolshed search "email Ana the weather in Lisbon tomorrow"
      toolshed serve
    """
    log = logging.StreamHandler(sys.stderr)
    log.setFormatter(VisibleFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[log], level=logging.INFO if verbose else logging.ERROR)


if __name__ == "__main__":
    main()
