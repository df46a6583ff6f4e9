import os
import subprocess
import sys
from pathlib import Path

import pytest

import toolshed
from toolshed import Toolshed
from toolshed.errors import ConfigurationError


def test_every_public_name_can_be_had() -> None:
    for name in toolshed.__all__:
        assert getattr(toolshed, name).__name__ == name


def test_a_name_whose_extra_is_missing_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for module in [name for name in sys.modules if name.startswith("toolshed.economics")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(ConfigurationError, match=r"^sqlalchemy.* is not installed.*'\.\[economics\]'$"):
        _ = toolshed.Budget


def test_searching_a_folder_waits_for_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    with Toolshed(tmp_path / "shed", pipeline="instant") as shed:
        shed.add_tools({"name": "send_email", "description": "Send an email."})
    code = (
        "import sys; from toolshed import Toolshed; shed = Toolshed(sys.argv[1], pipeline='instant'); "
        "shed.search('send an email'); shed.close(); "
        "print(*{'httpx', 'rich', 'cryptography', 'toolshed.catalog.sources', 'toolshed.legal.passages', "
        "'toolshed.legal.citations', 'onnxruntime', 'sqlalchemy', 'numpy.ma'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "shed")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == ""
