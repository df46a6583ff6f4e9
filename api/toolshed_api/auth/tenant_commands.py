"""``toolshed tenants``: the tenants of a service."""

from dataclasses import asdict

import click

from toolshed.commands.output import print_json, say
from toolshed_api.auth.place import Place, place_options, recorded


@click.group()
def tenants() -> None:
    """Make, list and change the tenants of a service."""


@tenants.command("create")
@click.argument("name")
@click.option("--restricted", is_flag=True, help="Its callers find only what is granted.")
@place_options
def create_tenant(place: Place, name: str, restricted: bool) -> None:
    """Make the tenant NAME, with a knowledge base of its own.

    \b
    Example:
      toolshed tenants create acme --restricted
    """
    from toolshed_api.auth.tenants import Tenants

    with place.opened() as database, recorded(database, "tenants.create", name, tenant="default"):
        made = Tenants(database).create(name, is_restricted=restricted)
    say(f"made the tenant {made.name}; give it a key with: toolshed keys create NAME --tenant {made.name}")


@tenants.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def list_tenants(place: Place, as_json: bool) -> None:
    """List the tenants by name."""
    from toolshed_api.auth.tenants import Tenants

    with place.opened() as database:
        found = Tenants(database).list_tenants()
    if as_json:
        print_json([{**asdict(tenant), "created_at": str(tenant.created_at)} for tenant in found])
        return
    for tenant in found:
        marks = ["restricted to grants"] * tenant.is_restricted + ["suspended"] * tenant.is_suspended
        say(f"{tenant.name}{': ' if marks else ''}{', '.join(marks)}")


@tenants.command("change")
@click.argument("name")
@click.option("--restricted/--unrestricted", default=None, help="Whether only what is granted is found.")
@click.option("--suspended/--active", default=None, help="Whether nobody is let in.")
@place_options
def change_tenant(place: Place, name: str, restricted: bool | None, suspended: bool | None) -> None:
    """Restrict the tenant NAME to what is granted, or suspend it.

    \b
    Examples:
      toolshed tenants change acme --restricted
      toolshed tenants change acme --suspended
    """
    from toolshed_api.auth.tenants import Tenants

    if restricted is None and suspended is None:
        raise click.UsageError("say what to change: --restricted, --unrestricted, --suspended or --active")
    with place.opened() as database, recorded(database, "tenants.change", name, tenant=name):
        changed = Tenants(database).change(name, is_restricted=restricted, is_suspended=suspended)
    finds = "only what is granted" if changed.is_restricted else "everything"
    say(f"callers of {name} find {finds}" + (", and none is let in" if changed.is_suspended else ""))
