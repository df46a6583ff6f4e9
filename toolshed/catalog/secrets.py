"""Variables in what configures a source, ``${NAME}``, and the secrets they bring, hidden from messages."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from toolshed.errors import SourceError

_VARIABLE = re.compile(
    r"\$\{(?:(?P<kind>env|input|command|config):)?(?P<name>[A-Za-z_][\w.-]*|/)(?::-(?P<default>[^{}]*))?\}"
)
_SURELY_SECRET = re.compile(
    r"(api|access|secret|private|auth|account|licen[cs]e|encryption)[_-]?key$|token$|secret$|passw(or)?d$|pwd$"
    r"|passphrase$|credentials?$|bearer$|^authorization$|connection_?string$|signature$|dsn$|database_url$"
    r"|(^|[_-])(pat|sig)$",
    re.IGNORECASE,
)
_MAYBE_SECRET = re.compile(r"key$|cookie$|(^|[_-])auth($|[_-])|private", re.IGNORECASE)
# Shorter ones are no secret, and hiding them would hide the message; those below eight are hidden as words.
_SHORTEST_SECRET, _HIDDEN_ANYWHERE = 3, 8
_HIDDEN = "***"
_PLAIN = re.compile(r"|[\d.]{1,6}|true|false|yes|no|on|off|none", re.IGNORECASE)
_NO_SECRETS = frozenset(
    {"HOME", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TERM", "TMPDIR", "USER"}
)


def is_secret_name(name: str) -> bool:
    """Whether a variable, header or argument of this name holds what nobody else may read."""
    return bool(_SURELY_SECRET.search(name) or _MAYBE_SECRET.search(name))


def is_secret_argument(name: str, value: str) -> bool:
    """Whether an argument is a secret: ``--sort-key name`` is none, ``--api-key abc`` is one."""
    if _SURELY_SECRET.search(name) or (name.isupper() and is_secret_name(name)):
        return True
    return is_secret_name(name) and looks_generated(value)


def looks_generated(value: str, *, least: int = 16) -> bool:
    """Whether a text looks like a key: one run of letters and digits, this long, no path, no sentence."""
    return len(value) >= least and bool(re.fullmatch(r"[\w+=.:-]*\d[\w+=.:-]*", value))


def has_secret_path(url: str) -> bool:
    """Whether a part of an address's path looks like a key: servers are handed out by such addresses."""
    path = url.partition("://")[2].partition("?")[0].partition("#")[0]
    return any(looks_generated(unquote(part)) for part in path.split("/")[1:])


def masked(text: str, secrets: Iterable[str]) -> str:
    """A text without the secrets, also where they stand encoded for a URL or line by line."""
    forms = {form for secret in secrets for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= _HIDDEN_ANYWHERE:
            text = text.replace(form, _HIDDEN)
        elif len(form) >= _SHORTEST_SECRET:
            text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", _HIDDEN, text)
    return text


def _forms(secret: str) -> Iterable[str]:
    yield secret
    yield secret.strip()
    yield quote(secret, safe="")
    yield repr(secret)[1:-1]
    if "\n" in secret:
        yield from (line for line in secret.splitlines() if len(line) >= _HIDDEN_ANYWHERE)


def is_plain(value: str) -> bool:
    """Whether a value is a number, a word of a switch, or the path of something that is there."""
    if _PLAIN.fullmatch(value):
        return True
    try:
        return Path(value).is_absolute() and Path(value).exists()
    except (OSError, ValueError):
        return False


class Variables:
    """Fills in the variables of one source, and remembers which of their values are secret.

    Args:
        where: The source, for messages.
        environment: Where ``${NAME}`` and ``${env:NAME}`` are looked up; the process's own when not given.
        inputs: What VS Code asks its user for, by id; taken from the environment here.
        folder: What ``${workspaceFolder}`` stands for.
    """

    def __init__(
        self,
        where: str,
        environment: Mapping[str, str] | None = None,
        *,
        inputs: Mapping[str, Mapping[str, Any]] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._where = where
        self.environment = os.environ if environment is None else environment
        self._inputs = inputs or {}
        self._folder = folder or Path.cwd()
        self.secrets: set[str] = set()

    def expand(self, text: str) -> str:
        """Fill in ``${NAME}``, ``${NAME:-default}``, ``${env:NAME}``, ``${input:id}`` and VS Code's folders.

        Raises:
            SourceError: If a variable is not set and has no default; names it.
        """
        return _VARIABLE.sub(self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        kind, name, default = found["kind"], found["name"], found["default"]
        if kind == "input":
            return self._input(name, default)
        if kind in ("command", "config"):
            raise SourceError(
                f"{self._where}: {found[0]} is known to VS Code only; write ${{VARIABLE}} instead"
            )
        value = self.environment.get(name)
        if value is None and kind is None:
            value = self._folders().get(name)
        # As in a shell: an empty variable takes the default too.
        if not value and default is not None:
            return default
        if value is None:
            raise SourceError(
                f"{self._where}: the variable {name} is not set; set it, or write ${{{name}:-DEFAULT}}"
            )
        # Variables are how secrets are given; of those that are known to be none, the messages stay whole.
        if is_secret_name(name) or not (name in _NO_SECRETS or is_plain(value)):
            self.secrets.add(value)
        return value

    def _folders(self) -> Mapping[str, str]:
        folder = str(self._folder)
        return {
            "workspaceFolder": folder,
            "workspaceFolderBasename": self._folder.name,
            "userHome": str(Path.home()),
            "pathSeparator": os.sep,
            "/": os.sep,
        }

    def _input(self, name: str, default: str | None) -> str:
        variable = re.sub(r"\W+", "_", name).upper()
        value = self.environment.get(variable) or self.environment.get(name)
        if value:
            self.secrets.add(value)
            return value
        if default is None:
            given = self._inputs.get(name, {}).get("default")
            default = given if isinstance(given, str) else None
        if default is None:
            raise SourceError(
                f"{self._where}: ${{input:{name}}} is not answered; set the variable {variable}"
            )
        return default
