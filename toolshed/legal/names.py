"""What a document is called by: the words of its title, and the names at its beginning.

"What does Corvid pay Dr. Ferro for a day?" names a contract by its parties. They stand on its first page, and
the clauses say "the Company" and "the Consultant".
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from toolshed.backbones.lexical import terms
from toolshed.documents import LegalDocument, Passage

# Parties, courts and dates stand on the first page.
_FIRST_PAGE = 1_500
_MAX_NAMES = 64
_CAPITALISED = re.compile(r"\b[A-Z][\w’'&-]*[a-z\d][\w’'&-]*|\b[A-Z]{2,}\b")


def document_names(document: LegalDocument) -> tuple[str, ...]:
    """Index terms of the title and of the capitalised words of the first page, in reading order."""
    capitalised = (match[0] for match in _CAPITALISED.finditer(document.text[:_FIRST_PAGE]))
    found = dict.fromkeys([*terms(document.title), *terms(" ".join(capitalised))])
    return tuple(islice(found, _MAX_NAMES))


def with_names(passages: Sequence[Passage], document: LegalDocument) -> list[Passage]:
    """The passages with what their document is called by."""
    names = document_names(document)
    return [replace(passage, names=names) for passage in passages]
