"""The instructions of skills, as text for a model."""

import re
from html import escape
from pathlib import PurePath

from toolshed.types import ToolDefinition

# What would end the fence, in any spelling.
_CLOSING = re.compile(r"<(?=\s*/\s*skill\b)", re.IGNORECASE)


def fenced_instructions(skill: ToolDefinition) -> str:
    """Instructions between tags that name the skill and its folder, which the text cannot close."""
    folder = skill_folder(skill)
    where = f' folder="{escape(folder)}"' if folder else ""
    text = _CLOSING.sub("&lt;", skill.instructions or skill.description)
    return f'<skill name="{escape(skill.name)}"{where}>\n{text}\n</skill>'


def skill_folder(skill: ToolDefinition) -> str:
    """Where the files of a skill are that its instructions speak of; empty where they are not at hand."""
    path = (skill.binding or {}).get("path")
    if not skill.location or not isinstance(path, str) or "://" in skill.location:
        return ""
    location = PurePath(skill.location)
    root = location.parent if location.name.casefold() == PurePath(path).name.casefold() else location
    return str((root / path).parent)
