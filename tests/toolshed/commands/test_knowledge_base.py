"""The options that say which knowledge base a command works on."""

import os
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from toolshed.commands.knowledge_base import (
    KnowledgeBaseOptions,
    knowledge_base_options,
    open_shed,
    opening_options,
)
from toolshed.errors import ConfigurationError, KnowledgeBaseMismatchError
from toolshed.options import checked
from toolshed.settings import Settings
from toolshed.shed.opening import ShedArguments

AT = KnowledgeBaseOptions("./shed", "instant", None, "tools")


def given(*line: str, **env: str) -> KnowledgeBaseOptions:
    seen: list[KnowledgeBaseOptions] = []

    @click.command()
    @knowledge_base_options
    def command(at: KnowledgeBaseOptions) -> None:
        seen.append(at)

    assert CliRunner().invoke(command, line, env=env).exit_code == 0
    return seen[0]


def test_the_line_comes_before_the_environment_and_that_before_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("KB", "PIPELINE", "ENCODER", "COLLECTION"):
        monkeypatch.delenv(f"TOOLSHED_{name}", raising=False)
    assert given() == KnowledgeBaseOptions("./shed", "default", None, "tools")
    env = {"TOOLSHED_KB": "http://qdrant:6333", "TOOLSHED_COLLECTION": "mine", "TOOLSHED_ENCODER": "openai:x"}
    assert given("--collection", "yours", **env) == KnowledgeBaseOptions(
        "http://qdrant:6333", "default", "openai:x", "yours"
    )


@pytest.mark.usefixtures("instant_folder")
def test_a_command_that_reads_makes_no_knowledge_base() -> None:
    with pytest.raises(
        ConfigurationError, match=r"make one with: toolshed index tools SOURCE --kb \./shed, or"
    ):
        open_shed(AT, must_exist=True)
    assert not Path("shed").exists()
    open_shed(AT, must_exist=False).close()
    open_shed(AT, must_exist=True).close()


@pytest.mark.usefixtures("filled")
def test_what_is_chosen_on_the_line_is_what_is_opened() -> None:
    with open_shed(AT, must_exist=True) as shed:
        assert len(shed.list_tools()) == 2
    with pytest.raises(KnowledgeBaseMismatchError, match="encoder None instead of"):
        open_shed(replace(AT, pipeline="default"), must_exist=True)
    with pytest.raises(ConfigurationError, match="unknown encoder 'other'"):
        open_shed(replace(AT, encoder="other"), must_exist=True)


@pytest.mark.parametrize(("threads", "expected"), [(None, 3), (2, 2)], ids=["environment", "line"])
def test_threads_are_those_of_the_command_or_else_of_the_settings(
    instant_folder: Path, monkeypatch: pytest.MonkeyPatch, threads: int | None, expected: int
) -> None:
    monkeypatch.setenv("TOOLSHED_ENCODER_THREADS", "3")
    with open_shed(replace(AT, kb="memory:"), must_exist=True, threads=threads) as shed:
        assert shed.encoders._n_threads == expected


def test_a_variable_that_is_wrong_is_told(instant_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLSHED_MAX_K", "many")
    with pytest.raises(ConfigurationError, match=r"(?s)TOOLSHED_\.\.\. variable is wrong.*max_k"):
        open_shed(AT, must_exist=False)
    assert not Path("shed").exists()


def test_options_are_the_same_whether_settings_were_read_or_had_no_need_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TOOLSHED_{name.upper()}", raising=False)
    unread = opening_options(AT, ["PATH", "TOOLSHED_KB", "toolshed_data"])
    assert checked(ShedArguments, unread) == checked(ShedArguments, opening_options(AT, ["TOOLSHED_MAX_K"]))


def test_the_environment_says_the_rest_and_has_to_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLSHED_ENCODER_THREADS", "3")
    assert opening_options(AT, os.environ)["encoder_threads"] == 3
    monkeypatch.setenv("TOOLSHED_MAX_K", "many")
    with pytest.raises(ConfigurationError, match="max_k"):
        opening_options(AT, os.environ)
