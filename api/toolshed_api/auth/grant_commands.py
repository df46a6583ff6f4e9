"""``toolshed grants``: what groups may find."""

from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import print_json, say
from toolshed_api.auth.place import COMMAND_LINE, Place, place_options, recorded

if TYPE_CHECKING:
    from toolshed_api.auth.grants import Grant, GrantKind


@click.group()
def grants() -> None:
    """Grant sources and tools to groups, and take grants back."""


@grants.command("add")
@click.option("--group", "groups", multiple=True, help="Who; * is everybody. May be repeated.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="Who, by a claim of his token.")
@click.option("--source", "sources", multiple=True, help="A source, all tools of it. May be repeated.")
@click.option("--tool", "tools", multiple=True, help="The id of one tool. May be repeated.")
@click.option("--tenant", default="default", show_default=True, help="Whose callers, and whose tools.")
@place_options
def add_grants(
    place: Place,
    groups: tuple[str, ...],
    claims: tuple[str, ...],
    sources: tuple[str, ...],
    tools: tuple[str, ...],
    tenant: str,
) -> None:
    """Let groups find sources and tools. It counts once the tenant is restricted.

    \b
    Examples:
      toolshed grants add --group finance --source billing --source crm
      toolshed grants add --claim department=sales --tool crm:create_contact
    """
    from toolshed_api.auth.grants import Grants
    from toolshed_api.auth.tenants import Tenants

    subjects = [*(f"group:{group}" for group in groups), *(f"claim:{claim}" for claim in claims)]
    if not subjects or not (sources or tools):
        raise click.UsageError("say who (--group, --claim) may find what (--source, --tool)")
    with place.opened() as database:
        stored = Grants(database)
        things: list[tuple[GrantKind, str]] = [("source", source) for source in sources]
        things += [("tool", tool) for tool in tools]
        for subject, (kind, thing) in product(subjects, things):
            with recorded(database, "grants.create", f"{kind} {thing} to {subject}", tenant=tenant):
                made = stored.add(tenant, subject, kind, thing, created_by=COMMAND_LINE)
            say(_line(made))
        is_in_force = Tenants(database).get(tenant).is_restricted
    if not is_in_force:
        say(
            f"{tenant} is not restricted, so its callers find everything; make grants count with: "
            f"toolshed tenants change {tenant} --restricted",
            err=True,
        )


@grants.command("list")
@click.option("--tenant", default="default", show_default=True, help="Whose.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def list_grants(place: Place, tenant: str, as_json: bool) -> None:
    """List the grants of a tenant."""
    from toolshed_api.auth.grants import Grants

    with place.opened() as database:
        found = Grants(database).list_grants(tenant)
    if as_json:
        print_json([{**asdict(grant), "created_at": str(grant.created_at)} for grant in found])
    elif found:
        say("\n".join(map(_line, found)))
    else:
        say(f"nothing is granted to callers of {tenant}; add a grant with: toolshed grants add")


@grants.command("remove")
@click.argument("grant_ids", nargs=-1, required=True)
@click.option("--tenant", default="default", show_default=True, help="Whose.")
@place_options
def remove_grants(place: Place, grant_ids: tuple[str, ...], tenant: str) -> None:
    """Take the grants GRANT_IDS back; running services know within a second."""
    from toolshed_api.auth.grants import Grants

    with place.opened() as database:
        for grant_id in dict.fromkeys(grant_ids):
            with recorded(database, "grants.delete", grant_id, tenant=tenant):
                Grants(database).remove(grant_id, tenant=tenant)
            say(f"removed {grant_id}")


def _line(grant: "Grant") -> str:
    return f"{grant.grant_id}  {grant.subject} finds the {grant.kind} {grant.object}"
