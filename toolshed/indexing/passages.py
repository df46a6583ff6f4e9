"""Indexing of legal documents: bring a store of passages in step with files, embedding only what changed."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.lexical import TERMS_VERSION
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import LegalDocument, Passage
from toolshed.errors import ConfigurationError, DocumentConflictError, SourceError, ToolshedError
from toolshed.knowledge_base.passages import PassageStore, StoredDocument
from toolshed.legal.citations import with_citations
from toolshed.legal.defined_terms import with_definitions
from toolshed.legal.languages import language_of
from toolshed.legal.names import with_names
from toolshed.legal.passages import PassageOptions, build_passages, cut_version
from toolshed.legal.readers.files import MAX_BYTES, FoundFile, read_document
from toolshed.options import Progress, TrackedChanges
from toolshed.pre_retrieval.passage_embedding import embed_passages

logger = logging.getLogger(__name__)

# Raise when citations, defined terms or names are found by other rules, or vectors made in another way.
_ANNOTATION_VERSION = 4
# A document with less of its file's words is told of.
_LEAST_KEPT = 0.995


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """What indexing documents changed.

    Attributes:
        added: Ids of documents that were not there before.
        changed: Ids of documents that were cut or embedded anew.
        removed: Ids of documents whose file is gone.
        unchanged: How many documents needed no work.
        n_passages: Passages that were embedded and written.
        left_out: For each file that could not be indexed, its reason.
        kept: For each document that was read, the share of its file's words that are in its text.
        remarks: What of a file is not in its text, or is there in one of several ways.
        unbooked: Why calls are not in the ledger, where they should be.
    """

    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    removed: Sequence[str] = ()
    unchanged: int = 0
    n_passages: int = 0
    left_out: Sequence[str] = ()
    kept: Mapping[str, float] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    unbooked: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document that was read and cut; without passages when the stored ones are of this version."""

    document_id: str
    source: str
    version_hash: str
    passages: Sequence[Passage] | None
    kept: float = 1.0
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: see :func:`~toolshed.legal.readers.files.read_document`."""

    max_bytes: int = MAX_BYTES
    tracked: TrackedChanges = "accepted"
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    """What a worker needs to cut one document."""

    item: FoundFile | LegalDocument
    options: PassageOptions
    stored_hash: str
    reading: Reading


def sync_documents(
    store: PassageStore,
    items: Sequence[FoundFile | LegalDocument],
    *,
    options: PassageOptions,
    static: Callable[[], StaticEncoder],
    dense: Callable[[], DenseEncoder | None],
    remove_missing_from: Iterable[str] = (),
    problems: Sequence[str] = (),
    n_workers: int = 1,
    reading: Reading = Reading(),
    progress: Progress = lambda _done, _total: None,
) -> DocumentReport:
    """Add new documents, cut and embed changed ones anew, and leave the others alone.

    Each document is written whole before the next: a run that is killed goes on where it stopped, and
    finds what it had half written by the number of its passages. A file that cannot be read is left out
    with its reason; the others are indexed.

    Args:
        static: Gives the static encoder; called, like ``dense``, only when there is something to embed.
        remove_missing_from: Sources whose stored documents are removed when they are not among the items.

    Raises:
        DocumentConflictError: If two documents have the same id.
        SourceError: If a process that reads documents dies.
        EncoderError: If an encoder fails; the document it failed on is not written.
    """
    stored = {document.document_id: document for document in store.stored_documents()}
    _check_ids(items, stored)
    jobs = [_Job(item, options, _stored_hash(stored, item.document_id), reading) for item in items]

    def write(cut: CutDocument) -> None:
        _write(store, cut, stored.get(cut.document_id), static(), dense())

    report = _written(jobs, stored, write, n_workers=n_workers, progress=progress)
    removed = _remove_missing(store, stored.values(), items, remove_missing_from)
    n_added, n_changed = len(report.added), len(report.changed)
    logger.info("synced: %d added, %d changed, %d removed", n_added, n_changed, len(removed))
    return replace(report, removed=removed, left_out=[*problems, *report.left_out])


def _written(
    jobs: Sequence[_Job],
    stored: Mapping[str, StoredDocument],
    write: Callable[[CutDocument], None],
    *,
    n_workers: int,
    progress: Progress,
) -> DocumentReport:
    """Cut the documents, write those that differ from what is stored, and tell what was done."""
    added: list[str] = []
    changed: list[str] = []
    left_out: list[str] = []
    kept: dict[str, float] = {}
    remarks: list[str] = []
    unchanged = n_passages = 0
    progress(0, len(jobs))
    for done, cut in enumerate(_cut_all(jobs, n_workers), start=1):
        if isinstance(cut, str):
            left_out.append(cut)
            progress(done, len(jobs))
            continue
        kept[cut.document_id] = cut.kept
        remarks += cut.remarks
        if cut.passages is None:
            unchanged += 1
        else:
            write(cut)
            (changed if cut.document_id in stored else added).append(cut.document_id)
            n_passages += len(cut.passages)
        progress(done, len(jobs))
    return DocumentReport(added, changed, (), unchanged, n_passages, left_out, kept, remarks)


def _check_ids(items: Sequence[FoundFile | LegalDocument], stored: dict[str, StoredDocument]) -> None:
    """Refuse ids that stand for two documents; one whose file was moved is still the same."""
    seen: set[str] = set()
    for item in items:
        name = item.document_id
        if name in seen:
            raise DocumentConflictError(f"two documents have the id {name!r}; give each its own")
        seen.add(name)
        before = stored[name].source if name in stored else ""
        if before and before != item.source and Path(before).exists():
            raise DocumentConflictError(
                f"the document {name!r} was indexed from {before!r} and would be replaced by that of "
                f"{item.source!r}; index a folder that holds both, or delete the other first"
            )


def _stored_hash(stored: dict[str, StoredDocument], document_id: str) -> str:
    return stored[document_id].content_hash if document_id in stored else ""


def _write(
    store: PassageStore,
    cut: CutDocument,
    before: StoredDocument | None,
    static: StaticEncoder,
    dense: DenseEncoder | None,
) -> None:
    """Write a document, then remove what it had before and has no more."""
    passages = cut.passages or ()
    records = embed_passages(
        passages, source=cut.source, content_hash=cut.version_hash, static=static, dense=dense
    )
    store.upsert(records)
    stale = (before.passage_ids if before else frozenset()) - {passage.passage_id for passage in passages}
    if stale:
        store.delete(sorted(stale))


def _remove_missing(
    store: PassageStore,
    stored: Iterable[StoredDocument],
    items: Sequence[FoundFile | LegalDocument],
    sources: Iterable[str],
) -> list[str]:
    """Remove documents of these sources that are no longer there; unreadable files still are."""
    present, looked_into = {item.document_id for item in items}, set(sources)
    gone = [
        document
        for document in stored
        if document.source in looked_into and document.document_id not in present
    ]
    for document in gone:
        store.delete(sorted(document.passage_ids))
    return [document.document_id for document in gone]


def _cut_all(jobs: Sequence[_Job], n_workers: int) -> Iterator[CutDocument | str]:
    """Cut documents in order, in processes of their own where several are wanted."""
    if n_workers < 2 or len(jobs) < 2:
        yield from map(_cut, jobs)
        return
    # Forked children would share the engine's threads and locks.
    with ProcessPoolExecutor(min(n_workers, len(jobs)), mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(_cut, jobs)
        except BrokenProcessPool as error:
            raise SourceError(
                "a process that reads documents died, most likely for want of memory; what was done is kept. "
                "Run again with fewer workers"
            ) from error


def _cut(job: _Job) -> CutDocument | str:
    """Read and cut one document, or say why it is left out."""
    try:
        item = job.item
        document = item if isinstance(item, LegalDocument) else _read(item, job)
        described = (
            f"{document.content_hash}:{cut_version(job.options)}:{_ANNOTATION_VERSION}:{TERMS_VERSION}"
        )
        version_hash = sha256(described.encode()).hexdigest()
        cut = CutDocument(
            document.document_id, document.source, version_hash, None, document.kept, _remarks(document)
        )
        if version_hash == job.stored_hash:
            return cut
        passages = with_definitions(with_citations(build_passages(document, options=job.options)))
        passages = with_names(passages, document)
        if not passages:
            return f"{document.document_id!r} is empty; there is nothing to index"
        return replace(cut, passages=passages)
    except ConfigurationError:
        # What is not installed is missing for every document of its kind.
        raise
    except ToolshedError as error:
        return str(error)


def _read(file: FoundFile, job: _Job) -> LegalDocument:
    reading = job.reading
    return read_document(file, max_bytes=reading.max_bytes, tracked=reading.tracked, ocr=reading.ocr)


def _remarks(document: LegalDocument) -> list[str]:
    remarks = list(document.remarks)
    if language_of(document.text) == "unknown":
        remarks.append(
            "its language is none of those that are known; only sure boundaries of sentences are taken"
        )
    if document.kept < _LEAST_KEPT:
        remarks.append(f"{document.kept:.1%} of the words of its file were read")
    return [f"{document.document_id!r}: {remark}" for remark in remarks]
