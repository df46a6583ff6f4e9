"""What a knowledge base was written with must be what it is read with."""

from dataclasses import replace

import pytest

from tests.stores import MANIFEST
from toolshed.errors import KnowledgeBaseMismatchError
from toolshed.knowledge_base.manifest import Manifest

STATIC_ONLY = replace(MANIFEST, encoder=None, dimension=0)


def test_it_is_read_back_as_it_was_written() -> None:
    assert Manifest(**MANIFEST.to_json()) == MANIFEST  # type: ignore[arg-type]  # JSON of its fields


def test_who_wants_no_dense_encoder_reads_what_one_wrote_and_learns_of_it() -> None:
    assert MANIFEST.accept(STATIC_ONLY, location="shed") is MANIFEST


@pytest.mark.parametrize(
    ("stored", "detail"),
    [
        pytest.param(
            STATIC_ONLY, "dimension 0 instead of 64, encoder None instead of 'hashing:64'", id="none"
        ),
        pytest.param(
            replace(MANIFEST, encoder="other:64"), "encoder 'other:64' instead of 'hashing:64'", id="encoder"
        ),
        pytest.param(replace(MANIFEST, schema_version=2), "schema_version 2 instead of 1", id="newer"),
        pytest.param(
            replace(MANIFEST, static_dimension=64, dimension=32),
            "dimension 32 instead of 64, static_dimension 64 instead of 256",
            id="two",
        ),
    ],
)
def test_everything_that_differs_is_named_with_the_place_and_what_to_do(
    stored: Manifest, detail: str
) -> None:
    with pytest.raises(KnowledgeBaseMismatchError) as refused:
        stored.accept(MANIFEST, location="./shed")
    assert str(refused.value) == (
        f"the knowledge base './shed' was written with {detail}; open it with the encoder "
        "and pipeline that wrote it, or index into a new location"
    )


def test_an_older_layout_is_read_as_it_is() -> None:
    older = replace(MANIFEST, schema_version=1)
    assert older.accept(replace(MANIFEST, schema_version=2), location="shed") == older


def test_other_static_vectors_are_refused_whatever_is_wanted() -> None:
    with pytest.raises(KnowledgeBaseMismatchError, match="static_encoder 'old' instead of"):
        replace(MANIFEST, static_encoder="old").accept(STATIC_ONLY, location="shed")
