"""Text of PDF pages that are pictures, recognised by OCRmyPDF with Tesseract in a process of their own."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from toolshed.errors import ConfigurationError, SourceError, missing_extra
from toolshed.legal.readers.files import Content

# A page takes some three seconds; one that takes longer than this stays without text.
_PAGE_SECONDS = 60
# Starting, and writing what was recognised.
_MORE_SECONDS = 60
_LISTING_SECONDS = 30
# The languages whose sentences are known, as Tesseract calls them; those that are installed are looked for.
_LANGUAGES = ("eng", "deu", "fra", "spa", "ita", "por")
_TOLD = 20


def read_scanned(data: bytes, path: Path, read_pdf: Callable[[bytes], Content]) -> Content:
    """Read a PDF after the text of its scanned pages was recognised.

    Args:
        data: The file.
        path: Where it is, for messages.
        read_pdf: Reads a PDF, whether it was scanned or not.

    Raises:
        ConfigurationError: If OCRmyPDF or Tesseract are missing.
        SourceError: If they fail, take too long, or find no text.
    """
    content = read_pdf(data)
    if not content.scanned:
        return content
    recognised = read_pdf(_with_text(data, path, content.scanned))
    if not recognised.text.strip():
        raise SourceError(f"{str(path)!r} was scanned, and no text was recognised in it; scan it again")
    numbers = ", ".join(map(str, content.scanned[:_TOLD])) + (", ..." if len(content.scanned) > _TOLD else "")
    remark = f"pages that are pictures were recognised, which makes mistakes: {numbers}"
    return replace(recognised, remarks=(remark, *recognised.remarks))


def _with_text(data: bytes, path: Path, pages: Sequence[int]) -> bytes:
    """The same PDF with text behind the pictures of some pages."""
    if importlib.util.find_spec("ocrmypdf") is None:
        raise missing_extra("ocrmypdf, which reads scans,", "ocr")
    languages = "+".join(_languages())
    with tempfile.TemporaryDirectory(prefix="toolshed-") as folder:
        scan, read = Path(folder, "scan.pdf"), Path(folder, "read.pdf")
        scan.write_bytes(data)
        command = [sys.executable, "-m", "ocrmypdf", "--quiet", "--jobs=1", "--output-type=pdf"]
        command += ["--optimize=0", f"--language={languages}", f"--tesseract-timeout={_PAGE_SECONDS}"]
        # A page with a stamp has text, and is recognised whole all the same.
        command += ["--force-ocr", f"--pages={','.join(map(str, pages))}", str(scan), str(read)]
        told = _ended(command, _MORE_SECONDS + _PAGE_SECONDS * len(pages), path)
        if told or not read.exists():
            reason = told or "it wrote nothing"
            raise SourceError(f"the text of {str(path)!r} could not be recognised: {reason}; scan it again")
        return read.read_bytes()


def _ended(command: Sequence[str], seconds: float, path: Path) -> str:
    """Run a command in a session of its own; why it failed, or nothing."""
    with tempfile.TemporaryFile() as errors:
        # What it starts itself ends with it.
        child = subprocess.Popen(  # noqa: S603  # our own interpreter; the paths are of our own folder
            command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
        try:
            status = child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise SourceError(
                f"the text of {str(path)!r} was not recognised within {seconds:.0f} seconds; split the file"
            ) from error
        finally:
            _end(child)
        errors.seek(0)
        lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return (lines[-1][:200] if lines else f"status {status}") if status else ""


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with suppress(ProcessLookupError):
            if sys.platform == "win32":
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _languages() -> list[str]:
    """The languages that Tesseract reads here."""
    program = shutil.which("tesseract")
    if program is None:
        raise ConfigurationError(
            "tesseract is not installed, which recognises the text of scans; on Debian and Ubuntu run: apt "
            "install tesseract-ocr (other languages: tesseract-ocr-deu and so on)"
        )
    listed = subprocess.run(  # noqa: S603  # the program that OCRmyPDF starts
        [program, "--list-langs"], capture_output=True, text=True, timeout=_LISTING_SECONDS, check=False
    )
    installed = [line.strip() for line in listed.stdout.splitlines()[1:]]
    wanted = [language for language in _LANGUAGES if language in installed]
    if not wanted:
        raise ConfigurationError(
            f"tesseract has none of the languages {', '.join(_LANGUAGES)}; on Debian and Ubuntu run: apt "
            "install tesseract-ocr-eng"
        )
    return wanted
