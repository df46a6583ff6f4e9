"""Cases and statutes, by eyecite's patterns of reporters and codes.

Its `get_citations` also looks for the parties, courts and parentheticals of every citation, which costs
most of its time and is not asked for here. What is asked for, span and normal form, is the same.
"""

from collections.abc import Generator, Iterable, Iterator
from itertools import count

from eyecite.helpers import extract_pin_cite
from eyecite.models import (
    CitationToken,
    Document,
    FullCaseCitation,
    FullLawCitation,
    ResourceCitation,
    ShortCaseCitation,
    Token,
    TokenExtractor,
)
from eyecite.tokenizers import EXTRACTORS, AhocorasickTokenizer

# Its patterns take time that grows with the square of what they are given. No passage is longer than this;
# other text is given to them in windows that overlap by more than a citation is long.
_WINDOW, _OVERLAP = 4_096, 256
# Reporters of one name are told apart by the year, for which eyecite reads what stands around a citation.
# No honest window has more of them.
_MOST_LOOKED_AROUND = 40


_ORDER = {id(extractor): position for position, extractor in enumerate(EXTRACTORS)}


class _Tokenizer(AhocorasickTokenizer):
    """Picks the same patterns as its parent, and does not describe each at every word to compare them."""

    def extract_tokens(self, text: str) -> Generator[Token, None, None]:
        for extractor in self._chosen(text):
            for match in extractor.get_matches(text):
                yield extractor.get_token(match)

    def _chosen(self, text: str) -> Iterable[TokenExtractor]:
        bare = "".join(text.split())
        chosen = {id(extractor): extractor for extractor in self.unfiltered_extractors}
        for strings, searched in (
            (self.case_sensitive_filter, bare),
            (self.case_insensitive_filter, bare.lower()),
        ):
            groups = {id(group): group for _, group in strings.iter(searched)}
            chosen |= {id(extractor): extractor for group in groups.values() for extractor in group}
        # eyecite keeps them in sets, whose order is another in every process; of two that match the same
        # words the first wins.
        return sorted(chosen.values(), key=lambda extractor: _ORDER[id(extractor)])


_tokenizer = _Tokenizer()


def reporter_citations(text: str) -> Iterator[tuple[int, ResourceCitation]]:
    """Citations of cases and statutes in order, each with the offset that its span counts from."""
    begin = found_to = 0
    while begin < len(text):
        for citation in _in_window(text[begin : begin + _WINDOW]):
            start, end = citation.span()
            # One that touches the end of a window may go on; the next window sees it whole.
            is_cut = begin + _WINDOW < len(text) and start >= _WINDOW - _OVERLAP
            if begin + start >= found_to and not is_cut:
                yield begin, citation
                found_to = begin + end
        begin += _WINDOW - _OVERLAP


def _in_window(text: str) -> Iterator[ResourceCitation]:
    document = Document(plain_text=text)
    document.tokenize(_tokenizer)
    looked_around = count()
    for index, token in document.citation_tokens:
        if type(token) is CitationToken:
            citation = _citation(document, index, token)
            if citation is not None:
                is_ambiguous = len(citation.exact_editions or citation.variation_editions) > 1
                if is_ambiguous and next(looked_around) < _MOST_LOOKED_AROUND:
                    citation.add_metadata(document)
                else:
                    citation.guess_edition()
                yield citation


def _citation(document: Document, index: int, token: CitationToken) -> ResourceCitation | None:
    """The citation of a token, or None for a journal."""
    exact, variation = token.exact_editions, token.variation_editions
    if token.short:
        _, end, _ = extract_pin_cite(document.words, index, prefix=token.groups["page"])
        return ShortCaseCitation(
            token, index, exact_editions=exact, variation_editions=variation, span_end=end or 0
        )
    sources = {edition.reporter.source for edition in exact or variation}
    if "reporters" in sources:
        return FullCaseCitation(token, index, exact_editions=exact, variation_editions=variation)
    if "laws" in sources:
        return FullLawCitation(token, index, exact_editions=exact, variation_editions=variation)
    return None
