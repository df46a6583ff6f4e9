"""Legal RAG Bench: questions whose answer is one passage of a corpus that is cut already.

Its layout is a folder with ``corpus.jsonl``, one passage a line (``id``, ``title``, ``text`` and, of some,
``footnotes``), and ``qa.jsonl``, one question a line (``question`` and ``relevant_passage_id``). Each passage
is a document here, and the whole of it is the gold, so that the measures are those of
:mod:`toolshed_evals.legal.legalbench_rag`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolshed.documents import LegalDocument
from toolshed_evals.legal.gold import GoldError
from toolshed_evals.legal.legalbench_rag import LegalBenchmark, LegalQuery

CORPUS, QUESTIONS = "corpus.jsonl", "qa.jsonl"


def is_legal_rag_bench(folder: Path) -> bool:
    """Whether a folder has this layout."""
    return (folder / CORPUS).is_file() and (folder / QUESTIONS).is_file()


def load_legal_rag_bench(folder: Path) -> LegalBenchmark:
    """Read the corpus, all of it, and the questions.

    Raises:
        GoldError: If a file is missing or not of that layout, two passages have one id, or a question names a
            passage that is not there.
    """
    documents: dict[str, LegalDocument] = {}
    for where, line in _lines(folder / CORPUS):
        document = _document(line, where)
        if document.document_id in documents:
            raise GoldError(f"{where}: there are two passages with the id {document.document_id!r}")
        documents[document.document_id] = document
    queries = [_query(line, where, documents) for where, line in _lines(folder / QUESTIONS)]
    if not queries:
        raise GoldError(f"there are no questions in {str(folder / QUESTIONS)!r}")
    return LegalBenchmark("legal-rag-bench", tuple(documents.values()), tuple(queries))


# Any: JSON of another's file.
def _lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{str(path)!r} cannot be read: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{str(path)!r}, line {number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            raise GoldError(f"{where}: this is no JSON ({error})") from error
        if not isinstance(value, dict):
            raise GoldError(f"{where}: expected a JSON object")
        yield where, value


def _document(value: dict[str, Any], where: str) -> LegalDocument:
    try:
        text = "\n\n".join(part for part in (str(value["text"]), str(value.get("footnotes") or "")) if part)
        return LegalDocument(str(value["id"]), text, str(value.get("title") or ""))
    except KeyError as error:
        raise GoldError(f'{where}: expected {{"id", "title", "text"}}; {error} is missing') from error


def _query(value: dict[str, Any], where: str, documents: dict[str, LegalDocument]) -> LegalQuery:
    try:
        question, wanted = str(value["question"]), str(value["relevant_passage_id"])
    except KeyError as error:
        raise GoldError(
            f'{where}: expected {{"question", "relevant_passage_id"}}; {error} is missing'
        ) from error
    if wanted not in documents:
        raise GoldError(f"{where}: there is no passage {wanted!r} in {CORPUS}")
    return LegalQuery(question, ((wanted, 0, len(documents[wanted].text)),))
