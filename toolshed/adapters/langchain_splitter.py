"""LangChain: a text splitter that cuts between sentences and writes true offsets."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from toolshed.documents import LegalDocument, Passage
from toolshed.errors import missing_extra
from toolshed.legal.passages import DEFAULT_BUDGET, PassageOptions, build_passages
from toolshed.legal.sentences import segmenter_named
from toolshed.legal.tokens import TokenCounter, default_counter

try:
    from langchain_core.documents import Document
    from langchain_text_splitters import TextSplitter
except ImportError as missing:
    raise missing_extra(str(missing.name), "langchain") from missing


class LegalTextSplitter(TextSplitter):
    """Splits legal text into chunks of whole sentences.

    Chunks are passages (see :func:`~toolshed.legal.passages.build_passages`) without a header. With
    ``create_documents``, ``split_documents`` and ``transform_documents`` each carries ``start_index``,
    ``end_index``, ``chunk_index``, ``section_path`` and ``is_partial``; ``text[start_index:end_index]`` is
    always the chunk.

    Args:
        chunk_size: Greatest length of a chunk.
        chunk_overlap: Greatest length of what a chunk repeats of the one before; whole sentences.
        length_function: Measures lengths; tokens of the default encoder when not given.
        segmenter: Name of the sentence segmenter.
        options: What :class:`TextSplitter` takes besides.

    Raises:
        ConfigurationError: If there is no segmenter of that name.
        ValueError: If the sizes make no sense.
    """

    def __init__(
        self,
        chunk_size: int = DEFAULT_BUDGET,
        chunk_overlap: int = 0,
        length_function: Callable[[str], int] | None = None,
        *,
        segmenter: str = "legal",
        **options: Any,
    ) -> None:
        # Any: the options of the base class, passed on unchanged.
        self._counter: TokenCounter = (
            default_counter() if length_function is None else _Measured(length_function)
        )
        super().__init__(chunk_size, chunk_overlap, self._counter.count, **options)
        if chunk_overlap >= chunk_size:
            raise ValueError(
                f"chunk_overlap is {chunk_overlap}; it must be less than chunk_size, {chunk_size}"
            )
        self._segmenter = segmenter_named(segmenter)

    def split_text(self, text: str) -> list[str]:
        """The chunks of a text."""
        return [text[start:end] for start, end, _ in self._chunks(text)]

    def create_documents(
        self, texts: list[str], metadatas: list[dict[Any, Any]] | None = None
    ) -> list[Document]:
        """The chunks of several texts, with the metadata of each text and true offsets in it."""
        described = metadatas or [{} for _ in texts]
        return [
            Document(
                page_content=text[start:end],
                metadata={
                    **deepcopy(metadata),
                    "start_index": start,
                    "end_index": end,
                    "chunk_index": index,
                    "section_path": list(passage.section_path),
                    "is_partial": passage.is_partial,
                },
            )
            for text, metadata in zip(texts, described, strict=True)
            for index, (start, end, passage) in enumerate(self._chunks(text))
        ]

    def _chunks(self, text: str) -> list[tuple[int, int, Passage]]:
        options = PassageOptions(budget=self._chunk_size - self._chunk_overlap, header=False)
        passages = build_passages(
            LegalDocument("", text), options=options, segmenter=self._segmenter, counter=self._counter
        )
        sentences = [span for passage in passages for span in passage.sentences]
        starts = [start for start, _ in sentences]
        return [
            (self._with_overlap(text, starts, passage.start), passage.end, passage) for passage in passages
        ]

    def _with_overlap(self, text: str, starts: list[int], start: int) -> int:
        """Where a chunk begins that repeats as many sentences before ``start`` as the overlap allows."""
        begin = start
        for earlier in reversed(starts[: starts.index(start)]) if self._chunk_overlap else ():
            if self._counter.count(text[earlier:start]) > self._chunk_overlap:
                break
            begin = earlier
        return begin


class _Measured:
    """A length function as a counter."""

    def __init__(self, length_function: Callable[[str], int]) -> None:
        self._length = length_function

    def count(self, text: str) -> int:
        """Length of the text."""
        return self._length(text)
