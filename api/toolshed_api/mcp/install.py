"""Writing our entry into the configuration of a host, losing nothing that stands there."""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolshed.errors import ConfigurationError
from toolshed_api.mcp.hosts import NAME, Entry, HostName, servers_key

_MAX_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Installation:
    """What is to be written, or was.

    Attributes:
        path: The file of the host.
        text: What it holds with our entry.
        entry: The entry, as the host's file holds it.
        is_change: Whether anything changes.
        backup: Where the file as it was is kept; None where there was none, or nothing changes.
    """

    path: Path
    text: str
    entry: dict[str, Any]
    is_change: bool
    backup: Path | None


def planned(host: HostName, entry: Entry, path: Path) -> Installation:
    """What the file of a host would hold.

    Raises:
        ConfigurationError: If the file cannot be read, or is not as the host writes it; nothing is changed.
    """
    # Written to where a link leads: others may keep such files in a repository.
    target = path.resolve()
    before = _read(target)
    written = entry.written(host)
    held = _parsed(before, target, {servers_key(host): {NAME: written}}) if before.strip() else {}
    servers = held.setdefault(servers_key(host), {})
    if not isinstance(servers, dict):
        raise ConfigurationError(
            f"{str(target)!r} has {servers_key(host)!r} that is no object; mend it first"
        )
    is_change = servers.get(NAME) != written
    servers[NAME] = written
    text = json.dumps(held, indent=2, ensure_ascii=False) + "\n" if is_change else before
    backup = target.with_name(target.name + ".before-toolshed") if is_change and before else None
    return Installation(target, text, written, is_change, backup)


def install(planned: Installation) -> None:
    """Write it: the file as it was is kept beside it, and the new one takes its place at once.

    Raises:
        ConfigurationError: If it cannot be written; the old one is as it was.
    """
    if not planned.is_change:
        return
    try:
        planned.path.parent.mkdir(parents=True, exist_ok=True)
        if planned.backup is not None:
            shutil.copy2(planned.path, planned.backup)
        _replace(planned.path, planned.text)
    except OSError as error:
        raise ConfigurationError(f"{str(planned.path)!r} cannot be written: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigurationError(
                f"{str(path)!r} is larger than {_MAX_BYTES // 2**20} MB; that is no configuration"
            )
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{str(path)!r} cannot be read: {error}") from error


def _parsed(text: str, path: Path, addition: dict[str, Any]) -> dict[str, Any]:
    try:
        held = json.loads(text)
    # RecursionError: nested beyond what anybody writes.
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{str(path)!r} is no plain JSON ({error}); comments would be lost, so it is left as it is. "
            f"Mend it, or add this by hand: {json.dumps(addition, ensure_ascii=False)}"
        ) from error
    if not isinstance(held, dict):
        raise ConfigurationError(f"{str(path)!r} holds no JSON object; mend it first")
    return held
