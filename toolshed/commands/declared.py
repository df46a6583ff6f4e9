"""Options of the command line, made from what ``toolshed.options`` declares."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, get_args, get_origin

import click

from toolshed.options import Declared, declared_options

Command = TypeVar("Command", bound=Callable[..., Any])


def takes(arguments: type) -> Callable[[Command], Callable[..., Any]]:
    """Give a command the options of a verb; they arrive together, as its argument ``options``."""
    options = [one for one in declared_options(arguments) if not one.option.is_for_python]

    def decorate(command: Command) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathered(*positional: Any, **named: Any) -> Any:
            # Any: the command's own arguments, passed on unchanged.
            given = {one.name: named.pop(one.name) for one in options}
            return command(*positional, options=given, **named)

        for one in reversed(options):
            gathered = _click_option(one)(gathered)
        return gathered

    return decorate


def _click_option(one: Declared) -> Callable[[Any], Any]:
    flag = one.option.flag or f"--{one.name.replace('_', '-')}"
    shared: dict[str, Any] = {"help": one.option.help, "envvar": f"TOOLSHED_{one.name.upper()}"}
    if one.kind is bool:
        declaration = f"{flag}/--no-{flag.removeprefix('--')}" if one.option.default else flag
        return click.option(declaration, one.name, is_flag=True, default=one.option.default, **shared)
    if one.kind in (Sequence, Mapping):
        metavar = "FIELD=VALUE" if one.kind is Mapping else None
        callback = _by_field if one.kind is Mapping else _or_none
        shared["help"] += " May be repeated."
        return click.option(flag, one.name, multiple=True, metavar=metavar, callback=callback, **shared)
    default = one.option.default
    return click.option(
        flag, one.name, default=default, show_default=default is not None, type=_click_type(one), **shared
    )


def _click_type(one: Declared) -> Any:
    if get_origin(one.kind) is Literal:
        return click.Choice(get_args(one.kind))
    if one.kind is int:
        return click.IntRange(_whole(one.option.least), _whole(one.option.most))
    if one.kind is float:
        return click.FloatRange(one.option.least, one.option.most)
    return one.kind


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _or_none(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> Any:
    return list(values) or None


def _by_field(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> Any:
    """Values by field; a field given twice matches either value."""
    parsed: dict[str, list[str]] = {}
    for given in values:
        field, equals, value = given.partition("=")
        if not equals or not value:
            raise click.BadParameter(f"{given!r} is not of the form FIELD=VALUE")
        parsed.setdefault(field, []).append(value)
    return parsed or None
