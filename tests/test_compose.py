"""docker-compose.yml against the code: no Docker here, so everything it says is checked by hand."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed.settings import Settings
from toolshed_api.app import create_app
from toolshed_api.commands import serve

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
API, QDRANT = COMPOSE["services"]["api"], COMPOSE["services"]["qdrant"]


def paths() -> set[str]:
    return set(create_app(Settings()).openapi()["paths"])


def test_images_are_pinned() -> None:
    assert re.fullmatch(r"qdrant/qdrant:v\d+\.\d+\.\d+", QDRANT["image"])
    assert not API["image"].endswith("latest")


def test_every_variable_of_the_api_is_read_by_the_code() -> None:
    known = {f"TOOLSHED_{name.upper()}" for name in Settings.model_fields}
    known |= {str(option.envvar) for option in serve.params}
    assert set(API["environment"]) <= known


def test_the_settings_can_be_read_from_these_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"QDRANT_API_KEY": "q", "TOOLSHED_API_KEYS": '["k"]'}
    for name, value in API["environment"].items():
        filled = re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: values[match[1]], value)
        monkeypatch.setenv(name, filled)
    settings = Settings()
    assert settings.kb == "http://qdrant:6333"
    assert settings.qdrant_api_key is not None
    assert settings.qdrant_api_key.get_secret_value() == "q"
    assert [key.get_secret_value() for key in settings.api_keys] == ["k"]


def test_secrets_have_no_default_and_reach_qdrant_too() -> None:
    assert QDRANT["environment"]["QDRANT__SERVICE__API_KEY"].startswith("${QDRANT_API_KEY:?")
    assert API["environment"]["TOOLSHED_API_KEYS"].startswith("${TOOLSHED_API_KEYS:?")


def test_the_ports_are_those_the_code_listens_on_and_only_on_loopback() -> None:
    defaults = {option.name: option.default for option in serve.params}
    assert API["ports"] == [f"127.0.0.1:{defaults['port']}:{API['environment']['TOOLSHED_PORT']}"]
    assert QDRANT["ports"] == ["127.0.0.1:6333:6333"]
    assert API["environment"]["TOOLSHED_KB"].endswith(":6333")


def test_the_command_installs_extras_that_exist_and_runs_a_command_that_exists() -> None:
    script = API["command"][-1]
    subprocess.run(["bash", "-n", "-c", script], check=True)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (wanted,) = re.findall(r"/tmp/app\[([\w,]+)\]", script)
    assert set(wanted.split(",")) <= extras.keys()
    assert script.endswith("/venv/bin/toolshed serve")
    assert CliRunner().invoke(main, ["serve", "--help"]).exit_code == 0


def test_the_health_check_of_the_api_asks_a_path_that_is_served() -> None:
    program = API["healthcheck"]["test"][-1]
    compile(program, "healthcheck", "exec")
    (port, path) = re.findall(r"127\.0\.0\.1:(\d+)(/\w+)", program)[0]
    assert path in paths()
    assert port == API["environment"]["TOOLSHED_PORT"]


@pytest.mark.parametrize(("status", "exit_code"), [("200 OK", 0), ("503 Service Unavailable", 1)])
def test_the_health_check_of_qdrant_speaks_http(status: str, exit_code: int, tmp_path: Path) -> None:
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
        done = subprocess.run([shell, flag, script.replace("6333", port).replace("$$", "$")], timeout=20)
    assert (done.returncode != 0) == bool(exit_code)


def test_services_start_in_order_and_volumes_exist() -> None:
    assert API["depends_on"] == {"qdrant": {"condition": "service_healthy"}}
    named = {mount.split(":")[0] for service in (API, QDRANT) for mount in service["volumes"]}
    declared: dict[str, Any] = COMPOSE["volumes"]
    assert {mount for mount in named if not mount.startswith(".")} == declared.keys()
    json.dumps(COMPOSE)
