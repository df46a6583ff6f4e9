"""The LangChain splitter: every verb of the base class, with true offsets."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from tests.toolshed.legal.test_sentences import TEXTS
from toolshed import LegalTextSplitter
from toolshed.errors import ConfigurationError
from toolshed.legal.tokens import default_counter

REPEATED = "Id. at 3. The motion is denied. " * 40


@settings(max_examples=100, deadline=None)
@given(text=TEXTS, size=st.sampled_from([20, 80]), overlap=st.sampled_from([0, 10]))
def test_offsets_are_true_for_any_text(text: str, size: int, overlap: int) -> None:
    splitter = LegalTextSplitter(size, overlap, len)
    documents = splitter.create_documents([text])
    assert [document.page_content for document in documents] == splitter.split_text(text)
    for document in documents:
        start, end = document.metadata["start_index"], document.metadata["end_index"]
        assert text[start:end] == document.page_content
        assert len(document.page_content) <= size


def test_repeated_sentences_get_offsets_of_their_own() -> None:
    documents = LegalTextSplitter(60).create_documents([REPEATED])
    starts = [document.metadata["start_index"] for document in documents]
    assert starts == sorted(set(starts))
    assert [document.metadata["chunk_index"] for document in documents] == list(range(len(documents)))
    assert all(default_counter().count(document.page_content) <= 60 for document in documents)


def test_overlap_repeats_whole_sentences() -> None:
    documents = LegalTextSplitter(60, 20).create_documents([REPEATED])
    for before, after in pairwise(documents):
        shared = REPEATED[after.metadata["start_index"] : before.metadata["end_index"]]
        assert shared
        assert shared[0] in "IT"
        assert default_counter().count(shared) <= 20


def test_documents_keep_their_metadata_and_are_not_changed() -> None:
    original = Document(page_content="ARTICLE I\nTERM\n\nIt ends. It begins.", metadata={"tags": ["a"]})
    splitter = LegalTextSplitter()
    (split,) = splitter.split_documents([original])
    (transformed,) = splitter.transform_documents([original])
    assert split == transformed
    assert split.metadata["section_path"] == ["ARTICLE I TERM"]
    split.metadata["tags"].append("b")
    assert original.metadata == {"tags": ["a"]}


def test_the_segmenter_is_chosen_by_name() -> None:
    with pytest.raises(ConfigurationError, match="unknown segmenter"):
        LegalTextSplitter(segmenter="spacy")
    assert LegalTextSplitter(segmenter="regex").split_text("One. Two.") == ["One. Two."]


@pytest.mark.parametrize("sizes", [(0, 0), (10, 10), (10, -1)])
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="chunk_"):
        LegalTextSplitter(*sizes)
