"""From files to documents: find them, read them whole, give each to its reader."""

import importlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from toolshed.documents import GivenHeading, LegalDocument
from toolshed.errors import SourceError, ToolshedError, missing_extra
from toolshed.options import TrackedChanges

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
    ".odt": "odt",
    ".rtf": "rtf",
    ".eml": "email",
}
SUFFIXES = tuple(_READERS)
# Small files of these kinds may unpack to anything.
_CONFINED = ("docx", "pdf", "odt", "rtf", "email")
# These keep what was changed.
_TRACKING = ("docx",)
# Opening a pipe does not wait for who writes into it. Windows has no such pipes, and line ends to keep.
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
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
        kept: Share of the file's words that are in the text.
        remarks: What of the file is not in the text, or is there in one of several ways.
        scanned: Numbers of the pages that are pictures, where they were asked for.
    """

    text: str
    title: str = ""
    page_starts: tuple[int, ...] = ()
    headings: tuple[GivenHeading, ...] = ()
    kept: float = 1.0
    remarks: tuple[str, ...] = ()
    scanned: tuple[int, ...] = ()


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
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except FileNotFoundError as error:
            raise SourceError(f"there is no file or folder {str(path)!r}") from error
        except (OSError, ValueError) as error:
            # No system takes a name with NUL, or with half a character.
            reason = getattr(error, "strerror", None) or error
            raise SourceError(f"{str(path)!r} cannot be looked into: {reason}") from error
        if is_folder:
            found += _in_folder(path, glob, problems)
        else:
            found.append(FoundFile(path, path.name, os.path.realpath(path)))
    _check_ids(found)
    return found, problems


def _in_folder(folder: Path, glob: str | None, problems: list[str]) -> Iterator[FoundFile]:
    """The wanted files of a folder, and the links in it that lead elsewhere, which reading refuses."""
    source = os.path.realpath(folder)
    name = Path(source).name
    # No recursion: a path may have more levels than the interpreter's stack.
    waiting = [folder]
    while waiting:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name)
        except OSError as error:
            problems.append(f"{str(error.filename)!r} cannot be looked into: {error.strerror}")
            continue
        folders = [Path(entry) for entry in entries if _is_folder(entry)]
        waiting += reversed([path for path in folders if not path.name.startswith(".")])
        for entry in entries:
            path = Path(entry)
            within = path.relative_to(folder).as_posix()
            is_file = not _is_folder(entry) and not _is_linked_folder(entry)
            if (is_file and _is_wanted(within, entry.name, glob)) or _is_way_out(entry, source):
                yield FoundFile(path, f"{name}/{within}" if name else within, source)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _is_linked_folder(entry: os.DirEntry[str]) -> bool:
    # The method of Path raises where it may not look.
    return entry.is_symlink() and os.path.isdir(entry)  # noqa: PTH112


def _is_way_out(entry: os.DirEntry[str], source: str) -> bool:
    """Whether an entry is a link to a folder elsewhere; one to a folder within is read where that stands."""
    return not entry.name.startswith(".") and _is_linked_folder(entry) and not _is_within(entry, source)


def _is_within(path: str | os.PathLike[str], source: str) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(source)


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
        if os.path.realpath(other) != os.path.realpath(file.path):
            raise SourceError(
                f"{str(other)!r} and {str(file.path)!r} would both be the document {file.document_id!r}; "
                "index them from a folder that holds both"
            )


def read_document(
    file: FoundFile | str | Path,
    *,
    max_bytes: int = MAX_BYTES,
    tracked: TrackedChanges = "accepted",
    ocr: bool = False,
) -> LegalDocument:
    """Read one file.

    Args:
        file: The file; a bare path is its own source and its name the document's id.
        max_bytes: Larger files are refused.
        tracked: Which text is read of a Word file whose changes are tracked.
        ocr: Whether the text of PDF pages that are pictures is recognised.

    Raises:
        SourceError: If it cannot be read, is of no known kind, holds no text, or changes meanwhile.
        ConfigurationError: If the package or program that reads its kind is not installed.
    """
    if not isinstance(file, FoundFile):
        file = FoundFile(Path(file), Path(file).name, os.path.realpath(file))
    path = file.path
    _check_place(file)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise SourceError(
            f"{str(path)!r} is of no kind that can be read; give one of {', '.join(SUFFIXES)}, "
            "or convert it to plain text"
        )
    given = {"tracked": tracked} if reader in _TRACKING else {}
    data = _stable_bytes(path, max_bytes)
    content = _recognised(data, path) if ocr and reader == "pdf" else _read(reader, data, path, given)
    if not content.text.strip():
        raise SourceError(f"{str(path)!r} is empty; there is nothing to index")
    title = content.title[:_MAX_TITLE] or _title_of(path)
    return LegalDocument(
        file.document_id,
        content.text,
        title,
        file.source,
        content.page_starts,
        content.headings,
        content.kept,
        content.remarks,
    )


def _recognised(data: bytes, path: Path) -> Content:
    from toolshed.legal.readers.ocr import read_scanned

    return read_scanned(data, path, lambda pdf: _read("pdf", pdf, path, {"scans": "told"}))


def _read(reader: str, data: bytes, path: Path, given: Mapping[str, str]) -> Content:
    try:
        content: Content
        if reader in _CONFINED:
            confined = importlib.import_module("toolshed.legal.readers.confined")
            content = confined.read(reader, data, path, given)
        else:
            content = importlib.import_module(f"toolshed.legal.readers.{reader}").read(data, path, **given)
    except ImportError as error:
        raise missing_extra(f"{error.name}, which reads {path.suffix},", "legal") from error
    except ToolshedError:
        raise
    # Whatever a parser does not foresee in a file from outside must not end the run for the others.
    except Exception as error:
        raise SourceError(
            f"{str(path)!r} is damaged, or of a form that cannot be read ({error!r})"
        ) from error
    return content


def _check_place(file: FoundFile) -> None:
    """Refuse names that no index can hold, and links to what is not in the folder that was given."""
    try:
        f"{file.document_id}{file.source}".encode()
    except UnicodeEncodeError as error:
        raise SourceError(f"{str(file.path)!r} has a name that is not UTF-8; rename it") from error
    if not _is_within(file.path, file.source):
        raise SourceError(
            f"{str(file.path)!r} is a link that leads out of {file.source!r} and is not followed; "
            "give what it leads to by its own path"
        )


def _stable_bytes(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file that did not change while it was read; one change is forgiven."""
    for _ in range(2):
        try:
            with os.fdopen(os.open(path, _READING), "rb") as file:
                before = os.fstat(file.fileno())
                _check_size(path, before, max_bytes)
                # One more than there should be tells a file that grows, which may grow without end.
                data = file.read(before.st_size + 1)
            after = path.stat()
        except OSError as error:
            raise SourceError(f"{str(path)!r} cannot be read: {error.strerror}") from error
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns) and len(
            data
        ) == after.st_size:
            return data
    raise SourceError(f"{str(path)!r} changed while it was read; index it again when it is complete")


def _check_size(path: Path, found: os.stat_result, max_bytes: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(f"{str(path)!r} is no file but a folder, pipe or device; copy its text into a file")
    if found.st_size > max_bytes:
        raise SourceError(
            f"{str(path)!r} has {found.st_size / 2**20:,.0f} MB; "
            f"at most {max_bytes / 2**20:,.0f} MB are read. "
            "Split it, or raise the limit with --max-megabytes"
        )


def _title_of(path: Path) -> str:
    return " ".join(path.stem.replace("_", " ").replace("-", " ").split())
