"""From files to documents: find them, read them whole, give each to its reader."""

import importlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from toolshed.documents import GivenHeading, LegalDocument
from toolshed.errors import SourceError, ToolshedError, missing_extra

MAX_BYTES = 100 * 2**20
# Reader and extra of each kind of file. Readers are imported when they are used.
_READERS = {
    ".txt": "plain",
    ".text": "plain",
    ".md": "markdown",
    ".markdown": "markdown",
    ".htm": "html",
    ".html": "html",
    ".xhtml": "html",
    ".docx": "docx",
    ".pdf": "pdf",
}
SUFFIXES = tuple(_READERS)
# Every passage carries the title.
_MAX_TITLE = 500


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader finds in a file.

    Attributes:
        text: The text. Plain text and Markdown are kept as they are.
        title: The title that the file gives itself, if any.
        page_starts: Offset of the first character of each page.
        headings: Headings that the file marks as such.
    """

    text: str
    title: str = ""
    page_starts: tuple[int, ...] = ()
    headings: tuple[GivenHeading, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read: its path, the id of its document, and the file or folder it was found by."""

    path: Path
    document_id: str
    source: str


def find_files(paths: Sequence[str | Path], *, glob: str | None = None) -> tuple[list[FoundFile], list[str]]:
    """The files under the given paths, in order, and what could not be looked into.

    Args:
        paths: Files, and folders that are searched through.
        glob: Only files whose name or path under the folder matches; all kinds that can be read when not
            given. A file that is named itself is always taken.

    Raises:
        SourceError: If a path does not exist, or two files would get the same document id.
    """
    found: list[FoundFile] = []
    problems: list[str] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += _in_folder(path, glob, problems)
        elif path.exists():
            found.append(FoundFile(path, path.name, str(path.resolve())))
        else:
            raise SourceError(f"there is no file or folder {str(path)!r}")
    _check_ids(found)
    return found, problems


def _in_folder(folder: Path, glob: str | None, problems: list[str]) -> Iterator[FoundFile]:
    def note(error: OSError) -> None:
        problems.append(f"{error.filename!r} cannot be looked into: {error.strerror}")

    name = folder.resolve().name
    for parent, folders, files in os.walk(folder, onerror=note):
        folders[:] = sorted(entry for entry in folders if not entry.startswith("."))
        for file in sorted(files):
            path = Path(parent) / file
            within = path.relative_to(folder).as_posix()
            if _is_wanted(within, file, glob):
                yield FoundFile(path, f"{name}/{within}" if name else within, str(folder.resolve()))


def _is_wanted(within: str, name: str, glob: str | None) -> bool:
    if name.startswith("."):
        return False
    if glob is None:
        return Path(name).suffix.lower() in _READERS
    return fnmatch(within, glob) or fnmatch(name, glob)


def _check_ids(found: Iterable[FoundFile]) -> None:
    paths: dict[str, Path] = {}
    for file in found:
        other = paths.setdefault(file.document_id, file.path)
        if other.resolve() != file.path.resolve():
            raise SourceError(
                f"{str(other)!r} and {str(file.path)!r} would both be the document {file.document_id!r}; "
                "index them from a folder that holds both"
            )


def read_document(file: FoundFile | str | Path, *, max_bytes: int = MAX_BYTES) -> LegalDocument:
    """Read one file.

    Args:
        file: The file; a bare path is its own source and its name the document's id.
        max_bytes: Larger files are refused.

    Raises:
        SourceError: If it cannot be read, is of no known kind, holds no text, or changes meanwhile.
        ConfigurationError: If the package that reads its kind is not installed.
    """
    if not isinstance(file, FoundFile):
        file = FoundFile(Path(file), Path(file).name, str(Path(file).resolve()))
    path = file.path
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise SourceError(
            f"{str(path)!r} is of no kind that can be read; give one of {', '.join(SUFFIXES)}, "
            "or convert it to plain text"
        )
    content = _read(reader, _stable_bytes(path, max_bytes), path)
    if not content.text.strip():
        raise SourceError(f"{str(path)!r} is empty; there is nothing to index")
    title = content.title[:_MAX_TITLE] or _title_of(path)
    return LegalDocument(
        file.document_id, content.text, title, file.source, content.page_starts, content.headings
    )


def _read(reader: str, data: bytes, path: Path) -> Content:
    try:
        module = importlib.import_module(f"toolshed.legal.readers.{reader}")
    except ImportError as error:
        raise missing_extra(f"{error.name}, which reads {path.suffix},", "legal") from error
    try:
        content: Content = module.read(data, path)
    except ToolshedError:
        raise
    # Whatever a parser does not foresee in a file from outside must not end the run for the others.
    except Exception as error:
        raise SourceError(
            f"{str(path)!r} is damaged, or of a form that cannot be read ({error!r})"
        ) from error
    return content


def _stable_bytes(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file that did not change while it was read; one change is forgiven."""
    for _ in range(2):
        try:
            before = path.stat()
            if before.st_size > max_bytes:
                raise SourceError(
                    f"{str(path)!r} has {before.st_size / 2**20:,.0f} MB; "
                    f"at most {max_bytes / 2**20:,.0f} MB are read. "
                    "Split it, or raise the limit with --max-megabytes"
                )
            data = path.read_bytes()
            after = path.stat()
        except OSError as error:
            raise SourceError(f"{str(path)!r} cannot be read: {error.strerror}") from error
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(
            data
        ) == after.st_size:
            return data
    raise SourceError(f"{str(path)!r} changed while it was read; index it again when it is complete")


def _title_of(path: Path) -> str:
    return " ".join(path.stem.replace("_", " ").replace("-", " ").split())
