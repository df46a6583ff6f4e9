"""``toolshed keys``: the API keys of a service."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from toolshed.commands.output import print_json, say
from toolshed_api.auth.place import COMMAND_LINE, Lifetime, Place, place_options, recorded
from toolshed_api.callers import SCOPES

if TYPE_CHECKING:
    from toolshed_api.auth.keys import KeyRecord, NewKey


@click.group()
def keys() -> None:
    """Make, list, rotate and revoke the API keys of a service."""


@keys.command("create")
@click.argument("name")
@click.option("--tenant", default="default", show_default=True, help="Whose tools its holder uses.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(sorted(SCOPES)),
    help="What its holder may do. May be repeated.  [default: search]",
)
@click.option("--group", "groups", multiple=True, help="Whose grants its holder has. May be repeated.")
@click.option("--per-minute", type=click.IntRange(1), help="Most requests in a minute.")
@click.option("--expires-in", type=Lifetime(), help="How long it lets in: 90d, 12h, 30m.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def create_key(
    place: Place,
    name: str,
    tenant: str,
    scopes: tuple[str, ...],
    groups: tuple[str, ...],
    per_minute: int | None,
    expires_in: float | None,
    as_json: bool,
) -> None:
    """Make a key for NAME, and print it: it is shown once.

    \b
    Examples:
      toolshed keys create "billing agent" --scope search --scope call
      toolshed keys create ci --scope index --expires-in 90d --tenant acme
    """
    from toolshed_api.auth.keys import KeyWishes, scopes_of

    wishes = KeyWishes(name, scopes_of(scopes or ["search"]), groups, per_minute, expires_in)
    with place.keys() as (stored, database):
        with recorded(database, "keys.create", "", tenant=tenant) as note:
            made = stored.create(tenant, wishes, created_by=COMMAND_LINE)
            note.target = made.record.key_id
        _show_once(made, as_json)


@keys.command("list")
@click.option("--tenant", default="default", show_default=True, help="Whose.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def list_keys(place: Place, tenant: str, as_json: bool) -> None:
    """List the keys of a tenant: what they are for, what they may do, when they were used."""
    with place.keys() as (stored, _):
        found = stored.list_keys(tenant)
    if as_json:
        print_json([_json(record) for record in found])
    elif found:
        say("\n".join(map(_line, found)))
    else:
        say(f"the tenant {tenant!r} has no keys; make one with: toolshed keys create NAME")


@keys.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap", default="1d", show_default=True, type=Lifetime(), help="How long the old one lets in yet."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def rotate_key(place: Place, key_id: str, overlap: float, as_json: bool) -> None:
    """Replace the key KEY_ID by one like it, and print that: it is shown once.

    \b
    Example:
      toolshed keys rotate 0f3c2a9b51d7e684 --overlap 7d
    """
    with place.keys() as (stored, database):
        tenant = stored.get(key_id).tenant
        with recorded(database, "keys.rotate", key_id, tenant=tenant):
            made = stored.rotate(key_id, overlap_seconds=overlap, created_by=COMMAND_LINE)
        _show_once(made, as_json)


@keys.command("revoke")
@click.argument("key_ids", nargs=-1, required=True)
@place_options
def revoke_keys(place: Place, key_ids: tuple[str, ...]) -> None:
    """Let nobody in with the keys KEY_IDS any more; running services know within a second."""
    with place.keys() as (stored, database):
        for key_id in dict.fromkeys(key_ids):
            with recorded(database, "keys.revoke", key_id, tenant=stored.get(key_id).tenant):
                stored.revoke(key_id)
            say(f"revoked {key_id}")


def _show_once(made: "NewKey", as_json: bool) -> None:
    if as_json:
        print_json({**_json(made.record), "key": made.text})
        return
    say(made.text)
    say(f"this is the key {made.record.key_id}; it is shown once, and cannot be shown again", err=True)


def _json(record: "KeyRecord") -> dict[str, Any]:
    # Any: JSON.
    times = {name: str(at) for name, at in asdict(record).items() if isinstance(at, datetime)}
    return {**asdict(record), **times, "status": record.status}


def _line(record: "KeyRecord") -> str:
    used = f"used {record.last_used_at:%Y-%m-%d %H:%M}" if record.last_used_at else "never used"
    ends = f", until {record.expires_at:%Y-%m-%d %H:%M}" if record.expires_at else ""
    groups = f", groups {', '.join(record.groups)}" if record.groups else ""
    return (
        f"{record.key_id}  {record.status}{ends}  {record.name}: {', '.join(record.scopes)}{groups}; {used}"
    )
