"""Credentials of the caller: looked up by source and security scheme, shown nowhere."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from toolshed.errors import ConfigurationError, ToolshedError
from toolshed.options import Credential, Credentials

# Runs a function of the caller's that may block, and gives what is awaited for it. Any: what it gives.
Ask = Callable[[Callable[[], Any]], Awaitable[Any]]
ENVIRONMENT_PREFIX = "TOOLSHED_CREDENTIAL_"
_NO_LETTER = re.compile(r"[^A-Z0-9]+")


class CredentialBook:
    """What a caller gave, the more particular first.

    Args:
        given: Credentials as :data:`~toolshed.options.Credentials` has them; the first that knows one tells.

    Raises:
        ConfigurationError: If what was given is of another form.
    """

    def __init__(self, *given: Credentials | None) -> None:
        self._given = [one for one in given if one is not None]
        for one in self._given:
            _check(one)

    def __repr__(self) -> str:
        return f"<credentials from {len(self._given)} places>"

    def after(self, given: Credentials | None) -> "CredentialBook":
        """What a caller gave for one call, and then these."""
        return CredentialBook(given, *self._given)

    def names_none(self, source: str) -> bool:
        """Whether the caller says that a source takes none: an empty text or mapping under its name."""
        mappings = [one for one in self._given if isinstance(one, Mapping)]
        return any(source in one and not one[source] for one in mappings)

    def look_up(self, source: str, scheme: str) -> Credential | Awaitable[Credential | None] | None:
        """The credential of a scheme; None where there is none. May call what the caller gave."""
        for given in self._given:
            found = _found(given, source, scheme)
            if found is not None and found != "":
                return found
        return None

    def of_source(self, source: str) -> Mapping[str, Credential] | Credential | None:
        """All that was given for a source by mappings, as it was given."""
        for given in self._given:
            if isinstance(given, Mapping) and given.get(source):
                return given[source]
        return None


def _found(given: Credentials, source: str, scheme: str) -> Credential | Awaitable[Credential | None] | None:
    if not isinstance(given, Mapping):
        return given(source, scheme)
    own = given.get(source)
    return own.get(scheme) if isinstance(own, Mapping) else own


def checked_credential(value: object, source: str, scheme: str) -> Credential | None:
    """A credential in the form it must have; the error shows nothing of it.

    Raises:
        ConfigurationError: If it is no text, and no pair of texts.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(one, str) for one in value):
        return (value[0], value[1])
    raise ConfigurationError(
        f"the credential of {source!r} for {scheme!r} is of type {type(value).__name__}; "
        "give a text, or (name, password)"
    )


def _check(given: object) -> None:
    if callable(given):
        return
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"credentials are of type {type(given).__name__}; give a mapping by source, or a function of "
            "source and scheme"
        )
    for source, own in given.items():
        schemes = own if isinstance(own, Mapping) else {"": own}
        for scheme, value in schemes.items():
            checked_credential(value, str(source), str(scheme))


def variable_name(source: str, scheme: str = "") -> str:
    """The variable of the environment that holds a credential on the command line.

    ``TOOLSHED_CREDENTIAL_<SOURCE>__<SCHEME>``, or without the scheme for all of the source: upper case,
    everything but letters and digits one underscore.
    """
    parts = [_NO_LETTER.sub("_", part.upper()).strip("_") for part in (source, scheme) if part]
    return ENVIRONMENT_PREFIX + "__".join(parts)


def from_environment(
    environment: Mapping[str, str], source: str, *, schemes: Sequence[str], sources: Sequence[str]
) -> Mapping[str, Credential | Mapping[str, Credential]]:
    """The credentials of a source as the environment holds them; see :func:`variable_name`.

    Args:
        environment: The variables.
        source: The source.
        schemes: Its security schemes.
        sources: Names of all sources: two that share a variable get nothing from it.

    Raises:
        ConfigurationError: If another source shares a variable that is set.
    """
    whole = variable_name(source)
    held = {name: value for name, value in environment.items() if name.startswith(f"{whole}__")}
    by_scheme = {scheme: held[name] for scheme in schemes if (name := variable_name(source, scheme)) in held}
    # Those that no scheme asks for may be variables of a command.
    others = {name.removeprefix(f"{whole}__"): value for name, value in held.items()}
    alike = [one for one in sources if one != source and variable_name(one) == whole]
    if alike and (held or whole in environment):
        raise ConfigurationError(
            f"the sources {source!r} and {alike[0]!r} share the variable {whole}; "
            "index one of them under another name"
        )
    if held:
        return {source: {**others, **by_scheme}}
    return {source: environment[whole]} if whole in environment else {}


async def asked(book: CredentialBook, source: str, scheme: str, ask: Ask) -> Credential | None:
    """A credential, looked up where it may wait.

    Args:
        book: What the caller gave.
        source: The source.
        scheme: Its security scheme.
        ask: See :data:`Ask`.

    Raises:
        ConfigurationError: If it is of another form, or the caller's function fails.
    """
    try:
        found = await ask(lambda: book.look_up(source, scheme))
    except ToolshedError:
        raise
    # Broad: the caller's function, which may raise anything.
    except Exception as error:
        raise ConfigurationError(
            f"the function that gives credentials failed for {source!r} and {scheme!r}: "
            f"{type(error).__name__}"
        ) from error
    return checked_credential(found, source, scheme)


def secrets_in(texts: Sequence[str]) -> list[str]:
    """What may be shown nowhere, in the forms in which it is sent, longest first."""
    # Of a name and a password, the password too.
    parts = {part for text in texts for part in (text, text.partition(":")[2]) if len(part) >= 4}
    sent = {form for part in parts for form in (quote(part, safe=""), b64encode(part.encode()).decode())}
    return sorted(parts | sent, key=len, reverse=True)


def without_secrets(text: str, secrets: Sequence[str]) -> str:
    """A text with every secret struck out."""
    for secret in secrets:
        text = text.replace(secret, "[credential]")
    return text
