"""``toolshed credentials``: what tools are called with, kept sealed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options
from toolshed.commands.output import print_json, say
from toolshed.errors import ConfigurationError, UnknownSourceError

if TYPE_CHECKING:
    from toolshed.safety.vault import Secret, Vault


@click.group()
def credentials() -> None:
    """Keep credentials for the servers that tools are called at, sealed with TOOLSHED_SECRETS_KEY."""


@credentials.command("new-key")
def new_key() -> None:
    """Print a key for TOOLSHED_SECRETS_KEY; to change it, set NEW,OLD and run credentials rotate.

    \b
    Example:
      export TOOLSHED_SECRETS_KEY=$(toolshed credentials new-key)
    """
    from toolshed.safety import sealing

    say(sealing.new_key())


@credentials.command("set")
@click.argument("source")
@click.option(
    "--scheme", default="", help="Security scheme, header or variable; whatever is asked for if none."
)
@click.option("--tenant", help="Send it with the calls of this tenant only.")
@click.option("--user", help="With --tenant: with the calls of this user only, as the audit log calls him.")
@click.option(
    "--server",
    required=True,
    help="URL of the only server that it may be sent to; of a program, its location in 'sources list'.",
)
@click.option(
    "--grant",
    "is_grant",
    is_flag=True,
    help="What is read is how a token is got, as JSON; see docs/safety.md.",
)
@knowledge_base_options
def set_credential(
    source: str,
    scheme: str,
    tenant: str | None,
    user: str | None,
    server: str,
    is_grant: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Keep a credential for the tools of SOURCE: of the service, or of a tenant, or of one user.

    It is asked for, or read from standard input. A user's comes before his tenant's, that before the
    service's. A service that is running uses it from the next call on.

    \b
    Examples:
      toolshed credentials set crm --server https://crm.example
      toolshed credentials set crm --server https://crm.example --scheme X-Api-Key --tenant acme < key.txt
      toolshed credentials set crm --server https://crm.example --grant < grant.json
    """
    from toolshed.catalog.locations import location_of, origin_of
    from toolshed.safety.token_grants import TokenGrant
    from toolshed.safety.vault import Slot

    origin = origin_of(location_of(server))
    # A program is named in a file of MCP servers: FILE#NAME.
    if not origin.startswith(("http://", "https://")) and "#" not in origin:
        raise ConfigurationError(f"--server {server[:200]!r} is no address; write https://HOST")
    if user is not None and tenant is None:
        raise ConfigurationError("--user is one of a tenant; give --tenant too")
    level = "user" if user is not None else "tenant" if tenant is not None else "service"
    with _vault(at) as vault:
        value: Secret = (
            click.prompt("credential", hide_input=True, err=True)
            if sys.stdin.isatty()
            else sys.stdin.read(16_001).strip("\r\n")
        )
        if is_grant:
            value = TokenGrant.from_json(str(value))
        slot = Slot(level, tenant or "", user or "", source, scheme)  # type: ignore[arg-type]  # one of the levels
        vault.put(slot, value, by="shell", origins=[origin])
    say(f"kept for {source}, {level}")


@credentials.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def list_credentials(as_json: bool, at: KnowledgeBaseOptions) -> None:
    """List which credentials are kept; nothing of them is shown.

    \b
    Example:
      toolshed credentials list
    """
    from toolshed.safety.vault import Scope

    with _vault(at) as vault:
        kept = vault.kept(Scope())
    if as_json:
        print_json({"credentials": [one.to_json() for one in kept]})
        return
    for one in kept:
        slot = one.slot
        whose = " ".join(filter(None, (slot.level, slot.tenant, slot.owner)))
        say(f"{slot.credential_id}  {slot.source}  {slot.scheme or '(any scheme)'}  {whose}")
    if not kept:
        say("no credentials are kept")


@credentials.command("remove")
@click.argument("credential_ids", nargs=-1, required=True)
@knowledge_base_options
def remove_credentials(credential_ids: tuple[str, ...], at: KnowledgeBaseOptions) -> None:
    """Remove the credentials CREDENTIAL_IDS, as credentials list names them.

    \b
    Example:
      toolshed credentials remove 5f0c0d6c2f1b4a7e9d3b8c6a1e2f4d5b
    """
    from toolshed.safety.vault import Scope

    with _vault(at) as vault:
        for credential_id in credential_ids:
            if not vault.remove(credential_id, within=Scope()):
                raise UnknownSourceError(f"there is no credential {credential_id[:64]!r}")
            say(f"{credential_id} is removed")


@credentials.command("rotate")
@knowledge_base_options
def rotate(at: KnowledgeBaseOptions) -> None:
    """Seal with the first key of TOOLSHED_SECRETS_KEY what is sealed with the others.

    \b
    Example:
      TOOLSHED_SECRETS_KEY=NEW,OLD toolshed credentials rotate
    """
    with _vault(at) as vault:
        say(f"{vault.rotate():,} credentials are sealed anew")


@contextmanager
def _vault(at: KnowledgeBaseOptions) -> "Iterator[Vault]":
    """Without the knowledge base, which a running service has for itself."""
    from toolshed.settings import read_settings
    from toolshed.shed.location import Location
    from toolshed.shed.safekeeping import CredentialVault, StateFile

    settings = read_settings(kb=at.kb)
    key = settings.secrets_key
    state = StateFile(Location.of(at.kb), settings.state, settings.ledger)
    try:
        yield CredentialVault(state, key.get_secret_value() if key else None).opened
    finally:
        state.close()
