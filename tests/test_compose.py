"""Dockerfile and docker-compose.yml against the code: no Docker here, so what they say is checked by hand."""

import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement

from toolshed.commands.main import main
from toolshed.errors import ConfigurationError
from toolshed.settings import Settings
from toolshed_api.app import create_app
from toolshed_api.auth.pepper import find_pepper
from toolshed_api.commands import serve

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "build" in one}
OTHERS = {name: one for name, one in SERVICES.items() if "build" not in one}
QDRANT = SERVICES["qdrant"]

pytestmark = pytest.mark.skipif(not (ROOT / "Dockerfile").is_file(), reason="part of the checkout only")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, lines that go on joined."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def said(instruction: str) -> list[str]:
    return [rest for name, rest in instructions() if name == instruction]


def variables() -> set[str]:
    known = {f"TOOLSHED_{name.upper()}" for name in Settings.model_fields}
    return known | {str(option.envvar) for option in serve.params}


def test_images_are_pinned() -> None:
    assert all(re.fullmatch(r"[\w./-]+:v?\d+(\.\d+)+", one["image"]) for one in OTHERS.values())
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {one["image"] for one in OURS.values()} == {f"toolshed-kb:{version}"}
    assert all(re.match(r"python:3\.\d+-slim", source) for source in said("FROM"))


def test_every_variable_is_read_by_the_code() -> None:
    given = {name for one in OURS.values() for name in one.get("environment", {})}
    in_image = set(re.findall(r"(TOOLSHED_\w+)=", " ".join(said("ENV"))))
    assert in_image
    assert given | in_image <= variables()


def test_the_settings_can_be_read_from_these_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"QDRANT_API_KEY": "q", "POSTGRES_PASSWORD": "p", "TOOLSHED_PEPPER": "x" * 64}
    for name, value in SERVICES["api-server"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{(\w+):-[^}]*\}", lambda match: values[match[1]], value))
    settings = Settings()
    assert settings.kb == "http://qdrant:6333"
    assert settings.qdrant_api_key is not None
    assert settings.qdrant_api_key.get_secret_value() == "q"
    assert settings.ledger == "postgresql+psycopg://toolshed:p@postgres/toolshed"


def test_one_profile_does_not_ask_for_the_secrets_of_another() -> None:
    """Compose fills in the whole file, whatever the profile."""
    assert ":?" not in json.dumps(COMPOSE)


@pytest.mark.parametrize(("key", "exit_code"), [("", 1), ("secret", 0)])
def test_qdrant_does_not_start_without_a_key(tmp_path: Path, key: str, exit_code: int) -> None:
    (tmp_path / "entrypoint.sh").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "entrypoint.sh").chmod(0o755)
    command = [word.replace("$$", "$") for word in QDRANT["command"]]
    environment = {"PATH": os.environ["PATH"], "QDRANT__SERVICE__API_KEY": key}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == exit_code
    assert ("set QDRANT_API_KEY" in done.stderr) == (not key)


def test_the_service_does_not_start_without_a_pepper() -> None:
    given = SERVICES["api-server"]["environment"]["TOOLSHED_PEPPER"].replace("${TOOLSHED_PEPPER:-}", "")
    settings = Settings(pepper=given, ledger="postgresql+psycopg://toolshed@postgres/toolshed")
    with pytest.raises(ConfigurationError, match="TOOLSHED_PEPPER has 0 characters"):
        find_pepper(settings, settings.ledger or "")


def test_services_run_without_rights_on_a_file_system_that_is_read_only() -> None:
    for one in OURS.values():
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
    assert said("USER") == ["10001"]
    order = [name for name, _ in instructions()]
    assert order.index("USER") < order.index("ENTRYPOINT")


def test_what_is_written_lies_in_a_volume_of_our_user() -> None:
    (data,) = said("VOLUME")
    image = dict(re.findall(r"(\w+)=(\S+)", " ".join(said("ENV"))))
    assert image["TOOLSHED_KB"].startswith(f"{data}/")
    assert all(one["volumes"] == [f"data:{data}"] for one in OURS.values())
    assert any(f"install -d -o toolshed -g toolshed -m 700 {data}" in run for run in said("RUN"))


def test_ports_are_those_the_code_listens_on_and_only_on_loopback() -> None:
    defaults = {option.name: option.default for option in serve.params}
    ports = [port for one in SERVICES.values() for port in one.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert all(
        port.endswith(f":{defaults['port']}") for one in OURS.values() for port in one.get("ports", [])
    )
    assert said("EXPOSE") == [str(defaults["port"])]
    assert SERVICES["api-server"]["environment"]["TOOLSHED_KB"].endswith(":6333")


def test_the_image_installs_extras_that_exist_in_versions_that_are_locked(tmp_path: Path) -> None:
    (build, _) = said("RUN")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (wanted,) = re.findall(r"\.whl\)\[([\w,]+)\]", build)
    assert set(wanted.split(",")) <= extras.keys()
    (program,) = re.findall(r"sed ('[^']+') requirements\.lock", build)
    command = ["sed", *shlex.split(program), str(ROOT / "requirements.lock")]
    locked = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pinned = [Requirement(line) for line in locked.splitlines() if line.strip()]
    assert {"fastapi", "qdrant-edge-py", "psycopg-binary"} <= {one.name for one in pinned}
    assert all([specifier.operator for specifier in one.specifier] == ["=="] for one in pinned)


def test_all_that_the_image_copies_is_there_and_is_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for rest in said("COPY") if "--from" not in rest for name in rest.split()[:-1]}
    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)


def test_commands_exist() -> None:
    (entry,), (command,) = said("ENTRYPOINT"), said("CMD")
    assert json.loads(entry) == ["toolshed"]
    for arguments in (json.loads(command), *(one["command"] for one in OURS.values() if "command" in one)):
        groups = [word for word in arguments if not word.startswith("$")]
        assert CliRunner().invoke(main, [*groups, "--help"]).exit_code == 0


def test_the_health_check_asks_a_path_that_is_open() -> None:
    (check,) = said("HEALTHCHECK")
    *_, program = json.loads(check[check.index("[") :])
    compile(program, "healthcheck", "exec")
    (port, path) = re.findall(r"127\.0\.0\.1:(\d+)(/\w+)", program)[0]
    # Ready is another question: an empty knowledge base must be there to be filled.
    assert path == "/healthz"
    assert path in create_app(Settings()).openapi()["paths"]
    assert [port] == said("EXPOSE")


@pytest.mark.parametrize(("status", "exit_code"), [("200 OK", 0), ("503 Service Unavailable", 1)])
def test_the_health_check_of_qdrant_speaks_http(status: str, exit_code: int) -> None:
    """Qdrant's image has bash and no curl: the check is run against a socket of ours."""
    *_, shell, flag, script = QDRANT["healthcheck"]["test"]
    server = (
        "import socket\nwith socket.create_server(('127.0.0.1', 0)) as s:\n"
        " print(s.getsockname()[1], flush=True)\n c, _ = s.accept()\n request = b''\n"
        " while not request.endswith(b'\\r\\n\\r\\n'): request += c.recv(1000)\n"
        f" assert request.startswith(b'GET /readyz HTTP/1.1')\n"
        f" c.sendall(b'HTTP/1.1 {status}\\r\\n\\r\\n')\n c.close()"
    )
    with subprocess.Popen(["python3", "-c", server], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        # Compose turns $$ into $.
        done = subprocess.run([shell, flag, script.replace("6333", port).replace("$$", "$")], timeout=60)
    assert (done.returncode != 0) == bool(exit_code)


def test_services_start_in_order_and_volumes_exist() -> None:
    needed = SERVICES["api-server"]["depends_on"]
    assert needed == {name: {"condition": "service_healthy"} for name in ("qdrant", "postgres")}
    named = {mount.split(":")[0] for one in SERVICES.values() for mount in one.get("volumes", [])}
    assert named == COMPOSE["volumes"].keys()


def test_prometheus_asks_for_metrics_with_a_key_that_is_no_part_of_the_file() -> None:
    config = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])
    (job,) = config["scrape_configs"]
    assert job["authorization"]["credentials_file"] == "/run/secrets/admin_key"
    assert COMPOSE["secrets"]["admin_key"] == {"environment": "TOOLSHED_ADMIN_KEY"}
    assert {name for one in job["dns_sd_configs"] for name in one["names"]} <= SERVICES.keys()
    assert "/metrics" in create_app(Settings()).openapi()["paths"]
