import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = ROOT / "requirements.lock"

pytestmark = pytest.mark.skipif(not LOCK.exists(), reason="the lock belongs to the checkout")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, list[Version]]:
    pins: dict[str, list[Version]] = {}
    for name, pinned in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", LOCK.read_text("utf-8"), re.M):
        pins.setdefault(normal(name), []).append(Version(pinned))
    return pins


def required(extras: tuple[str, ...] = ("all", "dev")) -> Iterator[Requirement]:
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    for requirement in map(Requirement, lines):
        if normal(requirement.name) == normal(PROJECT["name"]):
            yield from required(tuple(requirement.extras))
        else:
            yield requirement


def test_the_lock_pins_all_that_the_project_requires() -> None:
    pins = locked()
    missing = sorted(
        str(one)
        for one in required()
        if not any(one.specifier.contains(version) for version in pins.get(normal(one.name), []))
    )
    assert missing == [], "run: make lock"


def test_every_pin_has_a_hash_and_none_names_an_index() -> None:
    text = LOCK.read_text("utf-8")
    entries = re.split(r"^(?=\w)", text, flags=re.M)[1:]
    assert len(entries) > 100
    assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text
