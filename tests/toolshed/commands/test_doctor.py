"""``toolshed doctor``."""

import importlib.util
import json

import pytest

from tests.command_line import run
from toolshed.backbones import minilm
from toolshed.errors import ConfigurationError
from toolshed.shed.shed import Toolshed


@pytest.mark.usefixtures("filled")
def test_doctor_finds_a_healthy_installation() -> None:
    result = run("doctor")
    assert result.exit_code == 0
    assert "all-MiniLM-L6-v2 verified and answering, 384 dimensions" in result.stdout
    assert "2 tools in ./shed, 1 legal documents" in result.stdout
    assert "FAIL" not in result.stdout


@pytest.mark.usefixtures("instant_folder")
def test_doctor_says_what_is_missing() -> None:
    result = run("doctor", "--json")
    assert result.exit_code == 1
    failed = [check for check in json.loads(result.stdout) if not check["ok"]]
    assert [check["check"] for check in failed] == ["knowledge base"]
    assert "toolshed index tools" in failed[0]["detail"]


@pytest.mark.usefixtures("filled")
def test_an_extra_that_is_not_installed_is_no_failure_and_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec
    absent = {"onnxruntime", "qdrant_client"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name in absent else find(name, *more)
    )
    result = run("doctor")
    assert result.exit_code == 0
    assert "the pipeline 'instant' works without" in result.stdout
    assert "not installed; optional: pip install '.[server]'" in result.stdout


@pytest.mark.usefixtures("filled")
def test_an_encoder_that_cannot_be_loaded_fails_and_the_other_checks_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConfigurationError("the weights are damaged; install them again")

    monkeypatch.setattr(minilm, "MiniLMEncoder", refuse)
    result = run("doctor")
    assert result.exit_code == 1
    assert "FAIL  encoder          the weights are damaged; install them again" in result.stdout
    assert "ok    knowledge base" in result.stdout


@pytest.mark.usefixtures("filled")
def test_a_deep_check_reads_what_is_stored_and_tells_the_first_damages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    healthy = run("doctor", "--deep")
    assert healthy.exit_code == 0
    assert "0 records are not as they were stored" in healthy.stdout
    monkeypatch.setattr(Toolshed, "damages", lambda self: [f"the tool {n} is damaged" for n in range(500)])
    told = run("doctor", "--deep")
    assert told.exit_code == 1
    assert "500 records are not as they were stored" in told.stdout
    # No more of them than can be read.
    assert "the tool 0 is damaged" in told.stdout
    assert told.stdout.count("is damaged") <= 100
    assert "damaged" not in run("doctor").stdout
