"""Skills: folders with a ``SKILL.md`` that tells an agent how to do something (https://agentskills.io).

A skill is found beside tools, by its name and description, and handed on as instructions.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from toolshed.catalog.definitions import Catalog, collect, define_tool, source_name
from toolshed.catalog.json_values import RepeatedKeys
from toolshed.catalog.yaml_values import parse_yaml
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import JsonObject, ToolDefinition

SKILL_FILE = "SKILL.md"
# Instructions of skills in use take some 20 KB.
_MAX_BYTES = 2**20
_MAX_FOLDERS, _MAX_DEPTH = 20_000, 6
# Where no skill is, and much else.
_PASSED_OVER = frozenset({".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules", "venv"})
_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\r?\n(?P<said>.*?)^---[ \t]*(?:\r?\n|\Z)(?P<body>.*)\Z", re.DOTALL | re.MULTILINE
)
_FIELD = re.compile(r"(?P<key>[A-Za-z][\w-]*):[ \t]*(?P<value>.*)")
_BLOCK_MARKS = frozenset({"|", ">", "|-", ">-", "|+", ">+"})
_KEPT = ("license", "compatibility", "metadata", "allowed-tools", "version")


def is_skill_file(path: Path) -> bool:
    """Whether a path is that of a skill's instructions."""
    return path.name.casefold() == SKILL_FILE.casefold()


def read_skills(path: Path, *, source: str | None = None) -> Catalog:
    """Read a skill (its folder, or its file), or all skills in a folder and the folders in it.

    Args:
        path: The folder, or the file.
        source: Name of the source; that of the folder when not given.

    Raises:
        SourceError: If the folder cannot be read, or holds no skill.
    """
    root = path.parent if is_skill_file(path) else path
    try:
        root = root.resolve(strict=True)
        files = [root / path.name] if is_skill_file(path) else list(_skill_files(root))
    except OSError as error:
        raise SourceError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    if not files:
        raise SourceError(
            f"{str(path)!r} is a folder without skills: neither it nor a folder in it has a {SKILL_FILE}. "
            "Of catalogs, give the files"
        )
    name = source or source_name(root.name)
    return collect(name, ((file.relative_to(root).as_posix(), _builder(file, root, name)) for file in files))


def read_skill(content: bytes, location: str, *, source: str | None = None) -> Catalog:
    """Read a skill that was fetched from elsewhere: ``https://.../prune-roses/SKILL.md``."""
    folder = PurePosixPath(location.partition("?")[0]).parent.name
    name = source or source_name(folder)

    def build() -> ToolDefinition:
        return parse_skill(_text_of(content), source=name, folder=folder)

    return collect(name, [(SKILL_FILE, build)])


def _skill_files(root: Path) -> Iterator[Path]:
    """The files of the skills, in order; what is in the folder of a skill belongs to that skill.

    Skills are often installed as links, so links are followed, each folder once.
    """
    pending = [(root, 0)]
    seen: set[str] = set()
    while pending:
        folder, depth = pending.pop()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        if len(seen) > _MAX_FOLDERS:
            raise SourceError(
                f"{str(root)!r} holds more than {_MAX_FOLDERS:,} folders; give those with skills"
            )
        entries = sorted(_entries(folder), key=lambda entry: entry.name)
        own = next((entry for entry in entries if is_skill_file(entry) and entry.is_file()), None)
        if own is not None:
            yield own
        elif depth < _MAX_DEPTH:
            inner = [entry for entry in entries if entry.name not in _PASSED_OVER and entry.is_dir()]
            pending += [(entry, depth + 1) for entry in reversed(inner)]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except PermissionError:
        # One folder of many that may not be read; the others may.
        return []


def _builder(file: Path, root: Path, source: str) -> Callable[[], ToolDefinition]:
    def build() -> ToolDefinition:
        path = file.relative_to(root).as_posix()
        return parse_skill(_text_of(_content(file)), source=source, folder=file.parent.name, path=path)

    return build


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InvalidToolError(f"cannot be read: {error.strerror or error}") from error


def _text_of(content: bytes) -> str:
    if len(content) > _MAX_BYTES:
        raise InvalidToolError(f"is larger than {_MAX_BYTES // 2**20} MB, which no skill is")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidToolError(f"is not UTF-8 text: {error.reason} at byte {error.start}") from error


def parse_skill(text: str, *, source: str, folder: str = "", path: str = SKILL_FILE) -> ToolDefinition:
    """Read the text of a ``SKILL.md``.

    Args:
        text: YAML between two lines of ``---``, and the instructions in Markdown.
        source: Name of the source.
        folder: Its folder, which names it where the text does not.
        path: Where it is, seen from the location of its source.

    Raises:
        InvalidToolError: If it does not say what it is for.
    """
    found = _FRONT_MATTER.match(text)
    said, body = (_front_matter(found["said"]), found["body"].strip()) if found else ({}, text.strip())
    description = said.get("description") or _first_paragraph(body)
    if not description:
        raise InvalidToolError("the skill does not say what it is for; give it a 'description'")
    return define_skill(
        said.get("name") or folder,
        description,
        body,
        source=source,
        path=path,
        extras={key: said[key] for key in _KEPT if said.get(key)},
    )


def define_skill(
    name: object,
    description: object,
    instructions: str,
    *,
    source: str,
    path: str,
    extras: JsonObject | None = None,
) -> ToolDefinition:
    """Build the definition of a skill.

    Args:
        name: Its name.
        description: What it does and when it is used.
        instructions: What an agent is told once it uses it.
        source: Name of the source.
        path: Where its text is, seen from the location of its source.
        extras: What it says besides: its license, the tools it may use.

    Raises:
        InvalidToolError: If the name is missing, or something is too long or of the wrong type.
    """
    return define_tool(
        name,
        description,
        None,
        source=source,
        binding={"kind": "skill", "path": path},
        extras={**(extras or {}), "instructions": instructions},
    )


def _front_matter(said: str) -> dict[str, Any]:
    try:
        fields = parse_yaml(said)
    except ValueError:
        fields = None
    if isinstance(fields, RepeatedKeys):
        raise InvalidToolError(f"its front matter {fields}")
    # Many descriptions hold a colon without quotes, which is no YAML, and are read by every agent.
    return fields if isinstance(fields, dict) else _plain_fields(said)


def _plain_fields(said: str) -> dict[str, Any]:
    """Fields of front matter that is no YAML: one a line, and indented lines that go on."""
    fields: dict[str, str] = {}
    key = ""
    for line in said.splitlines():
        found = _FIELD.fullmatch(line)
        if found:
            key = found["key"]
            value = found["value"].strip()
            fields[key] = "" if value in _BLOCK_MARKS else value.strip("\"'")
        elif key and line.startswith((" ", "\t")):
            fields[key] = f"{fields[key]} {line.strip()}".strip()
    return dict(fields)


def _first_paragraph(body: str) -> str:
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", body))
    return next((" ".join(part.split()) for part in paragraphs if part and not part.startswith("#")), "")[
        :1024
    ]
