"""Backups: a knowledge base in one file, from any engine and into any engine.

The file is a zip. ``backup.json`` comes last and says what is in it, so that half a backup is none.
Each kind of record is a file of JSON Lines with its points as they are stored, checksums included.
Databases of SQLite are copied as SQLite copies them while others write.
"""

import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from toolshed.backbones.static import StaticEncoder
from toolshed.errors import ConfigurationError, KnowledgeBaseError
from toolshed.knowledge_base.engine import Point
from toolshed.knowledge_base.examples import EXAMPLE_LAYOUT, ExampleStore
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.passages import PASSAGE_LAYOUT, PassageStore
from toolshed.knowledge_base.store import Layout, Store
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolStore
from toolshed.knowledge_base.tuned import TUNED_LAYOUT, TunedStore
from toolshed.options import Progress
from toolshed.shed.location import STATE_FILE, TENANTS, Location
from toolshed.shed.opening import ShedArguments, open_engine
from toolshed.vectors import SparseVector, Vectors

_FORMAT = 1
_CONTENTS = "backup.json"
_POINTS_AT_ONCE = 256
_MAX_CONTENTS_BYTES = 2**20
_KINDS: Mapping[str, tuple[Layout, Callable[[Any], Store[Any]]]] = {
    "tools": (TOOL_LAYOUT, ToolStore),
    "passages": (PASSAGE_LAYOUT, PassageStore),
    "examples": (EXAMPLE_LAYOUT, ExampleStore),
    "tuned": (TUNED_LAYOUT, TunedStore),
}
_DATABASES = ("ledger.db", STATE_FILE)
# What reporters' names are digested with: without it nothing that they reported could be forgotten.
_KEY = "examples.key"
_ELSEWHERE = (
    "it lies beside an embedded knowledge base; take the file out of the zip, and say where it is with "
    "TOOLSHED_LEDGER or TOOLSHED_STATE"
)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What went into a backup, or came out of one.

    Attributes:
        n_records: Records by their place, such as ``tools`` and ``tenants/acme/passages``.
        databases: Databases beside them.
        left_out: What was not, and why.
    """

    n_records: Mapping[str, int]
    databases: Sequence[str]
    left_out: Sequence[str]


def write_backup(
    file: Path,
    location: Location,
    options: ShedArguments,
    *,
    state: str | None = None,
    progress: Progress | None = None,
) -> BackupReport:
    """Write a knowledge base into a file, with those of its tenants and its databases.

    Args:
        file: The file; it must not be there yet.
        location: Where the knowledge base is. An embedded one must not be open elsewhere.
        options: How it is opened.
        state: Where the service's state is, if not beside it.
        progress: Told the number of records done and to do.

    Raises:
        ConfigurationError: If the file is there, or cannot be written.
        KnowledgeBaseError: If the knowledge base cannot be read, or a record is damaged; see
            ``toolshed doctor --deep``.
    """
    if file.exists():
        raise ConfigurationError(f"{str(file)!r} is there already; give the backup another name")
    partial = file.with_name(f"{file.name}.partial")
    kinds: dict[str, Any] = {}
    keys: list[str] = []
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for prefix, at in _places(location):
                for name in _KINDS:
                    if at.holds("" if name == "tools" else name):
                        kinds[prefix + name] = _write_kind(archive, prefix, name, at, options, progress)
            for prefix, at in _places(location):
                if at.folder is not None and (at.folder / _KEY).is_file():
                    archive.write(at.folder / _KEY, prefix + _KEY)
                    keys.append(prefix + _KEY)
            databases, left_out = _write_databases(archive, location, options, state)
            contents = {
                "format": _FORMAT,
                "made_at": datetime.now(UTC).isoformat(),
                "kinds": kinds,
                "databases": databases,
                "keys": keys,
            }
            archive.writestr(_CONTENTS, json.dumps(contents, indent=2))
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.chmod(0o600)
        partial.replace(file)
    except OSError as error:
        raise ConfigurationError(f"{str(file)!r} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return BackupReport({name: kind["n_records"] for name, kind in kinds.items()}, databases, left_out)


def restore_backup(
    file: Path, location: Location, options: ShedArguments, *, progress: Progress | None = None
) -> BackupReport:
    """Make a knowledge base of a backup: on the engine of the new location, whichever it was written from.

    Args:
        file: The backup.
        location: Where to; nothing may be there yet. A folder appears when all of it is restored.
        options: How it is opened.
        progress: Told the number of records done and to do.

    Raises:
        ConfigurationError: If the file is no backup, or something is at the location.
        KnowledgeBaseError: If a record is not as it was stored, or cannot be written.
    """
    _refuse_taken(location)
    into = location
    if location.folder is not None:
        into = Location.of(location.folder.with_name(f"{location.folder.name}.restoring"))
        _refuse_taken(into)
    try:
        with zipfile.ZipFile(file) as archive:
            contents = _contents(archive)
            for place, kind in contents["kinds"].items():
                _restore_kind(archive, place, kind, into, options, progress)
            files = [*contents["databases"], *contents.get("keys", ())]
            left_out = [] if into.folder else files
            if into.folder is not None:
                for name in files:
                    _copy_out(archive, name, into.folder)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError) as error:
        _discard(into)
        raise ConfigurationError(f"{str(file)!r} is no backup that can be read: {error}") from error
    except BaseException:
        _discard(into)
        raise
    if location.folder is not None and into.folder is not None:
        into.folder.replace(location.folder)
    n_records = {place: kind["n_records"] for place, kind in contents["kinds"].items()}
    databases = [name for name in contents["databases"] if name not in left_out]
    told = [f"{name}: {_ELSEWHERE}" for name in left_out]
    return BackupReport(n_records, databases, told)


def _discard(into: Location) -> None:
    """Remove what was restored of a backup that did not hold."""
    if into.folder is not None:
        shutil.rmtree(into.folder, ignore_errors=True)


def _places(location: Location) -> Iterator[tuple[str, Location]]:
    """The knowledge base, and those of its tenants, with how their places begin in a backup."""
    yield "", location
    tenants = None if location.folder is None else location.folder / TENANTS
    if tenants is not None and tenants.is_dir():
        for folder in sorted(tenants.iterdir()):
            yield f"{TENANTS}/{folder.name}/", Location.of(folder)


def _write_kind(
    archive: zipfile.ZipFile,
    prefix: str,
    name: str,
    at: Location,
    options: ShedArguments,
    progress: Progress | None,
) -> dict[str, Any]:
    layout, store_of = _KINDS[name]
    # What wants no dense encoder may read what was written with any.
    wanted = Manifest(None, 0, StaticEncoder.model_id, StaticEncoder.dimension)
    store = store_of(open_engine(layout, at, wanted, options))
    try:
        n_records, n_done = store.count(), 0
        with archive.open(f"{prefix}{name}.jsonl", "w", force_zip64=True) as lines:
            for point in store.points():
                lines.write(json.dumps(_packed(point)).encode() + b"\n")
                n_done += 1
                if progress is not None and n_done % _POINTS_AT_ONCE == 0:
                    progress(n_done, n_records)
        return {"manifest": store.manifest.to_json(), "n_records": n_done}
    finally:
        store.close()


def _restore_kind(
    archive: zipfile.ZipFile,
    place: str,
    kind: Mapping[str, Any],
    into: Location,
    options: ShedArguments,
    progress: Progress | None,
) -> None:
    prefix, _, name = place.rpartition("/")
    layout, store_of = _KINDS[name]
    at = into
    if prefix:
        if into.folder is None:
            tenant = prefix.rpartition("/")[2]
            options = ShedArguments(**{**options, "collection": f"{options['collection']}--{tenant}"})
        else:
            at = Location.of(into.folder / prefix)
    engine = open_engine(layout, at, Manifest(**kind["manifest"]), options, as_written=True)
    store = store_of(engine)
    try:
        if store.count():
            raise ConfigurationError(f"{at.text!r} holds {layout.noun}s already; restore into an empty place")
        n_done = 0
        with archive.open(f"{place}.jsonl") as lines:
            while points := [_unpacked(json.loads(line)) for line in islice(lines, _POINTS_AT_ONCE)]:
                store.put(points)
                n_done += len(points)
                if progress is not None:
                    progress(n_done, kind["n_records"])
        if not n_done == kind["n_records"] == store.count():
            raise KnowledgeBaseError(
                f"{store.count():,} of {kind['n_records']:,} {layout.noun}s were restored; the backup is "
                "damaged, take an older one"
            )
    finally:
        store.close()


def _contents(archive: zipfile.ZipFile) -> dict[str, Any]:
    with archive.open(_CONTENTS) as file:
        contents: dict[str, Any] = json.loads(file.read(_MAX_CONTENTS_BYTES))
    if contents["format"] != _FORMAT:
        raise ValueError(f"its format is {contents['format']!r}, this version reads {_FORMAT}")
    return contents


def _refuse_taken(location: Location) -> None:
    folder = location.folder
    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{str(folder)!r} is there already; give an empty or a new folder")


def _write_databases(
    archive: zipfile.ZipFile, location: Location, options: ShedArguments, state: str | None
) -> tuple[list[str], list[str]]:
    """Copy the databases that are files beside the knowledge base; tells of those that are elsewhere."""
    left_out = []
    if location.is_server:
        left_out.append(
            f"other tenants: each is a collection of its own ({options['collection']}--TENANT); back each up "
            "with --collection"
        )
    if state is not None:
        left_out.append(f"the service's state: it is elsewhere ({_place_of(state)})")
    ledger = options.get("ledger")
    if ledger is not None:
        left_out.append(f"the ledger: it is elsewhere ({_place_of(str(ledger))}), and has backups of its own")
    written = []
    for name in _DATABASES:
        path = None if location.folder is None else location.folder / name
        if path is None or not path.is_file():
            continue
        with tempfile.TemporaryDirectory(prefix="toolshed-backup-") as folder:
            copy = Path(folder) / name
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            archive.write(copy, name)
        written.append(name)
    return written, left_out


def _place_of(url: str) -> str:
    """A URL without what may be secret in it."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else url


def _copy_out(archive: zipfile.ZipFile, name: str, folder: Path) -> None:
    prefix, _, file = name.rpartition("/")
    is_tenants = bool(re.fullmatch(rf"{TENANTS}/[a-z0-9-]+", prefix))
    if not (name in _DATABASES or (file == _KEY and (is_tenants or not prefix))):
        raise ValueError(f"it names a file {name[:80]!r}")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    with archive.open(name) as source, path.open("wb") as target:
        _copy(source, target)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while part := source.read(2**20):
        target.write(part)


def _packed(point: Point) -> dict[str, Any]:
    vectors = {
        name: {"indices": _text(vector.indices), "values": _text(vector.values)}
        if isinstance(vector, SparseVector)
        else {"shape": list(np.shape(vector)), "values": _text(np.asarray(vector, np.float32))}
        for name, vector in point.vectors.items()
    }
    return {"id": point.point_id, "payload": dict(point.payload), "vectors": vectors}


def _unpacked(line: Mapping[str, Any]) -> Point:
    vectors: dict[str, Vectors | SparseVector] = {}
    for name, kept in line["vectors"].items():
        values = np.frombuffer(b64decode(kept["values"]), np.float32)
        if "indices" in kept:
            vectors[name] = SparseVector(np.frombuffer(b64decode(kept["indices"]), np.uint32), values)
        else:
            vectors[name] = values.reshape(kept["shape"])
    return Point(line["id"], line["payload"], vectors)


def _text(array: Any) -> str:
    return b64encode(np.ascontiguousarray(array).tobytes()).decode()
