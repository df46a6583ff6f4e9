"""``toolshed eval`` as a whole."""

import subprocess
import sys

from click.testing import CliRunner

from toolshed.commands.main import main


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(main, ["eval", "--help"]).stdout
    for name in (
        "run",
        "compare",
        "report",
        "fetch",
        "sentences",
        "passages",
        "legalbench-rag",
        "rights",
        "scale",
    ):
        assert f"  {name} " in shown


def test_the_commands_are_imported_without_what_they_run() -> None:
    heavy = ("numpy", "matplotlib", "ir_measures", "tokenizers")
    code = f"import sys, toolshed_evals.commands; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
