"""What a knowledge base was written with, which must serve what reads it."""

from dataclasses import asdict, dataclass

from toolshed.backbones.embedding import space_of
from toolshed.errors import KnowledgeBaseMismatchError


@dataclass(frozen=True, slots=True)
class Manifest:
    """What records were written with. All of it must agree before anything is read; a layout may be older.

    Attributes:
        encoder: ``model_id`` of the dense encoder, or None when there are static vectors only.
        dimension: Length of a dense vector; 0 without an encoder.
        static_encoder: ``model_id`` of the static encoder.
        static_dimension: Length of a static vector.
        schema_version: The ``version`` of the layout they were written in.
        multilingual_encoder: ``model_id`` of the encoder for other languages than English, or None.
        multilingual_dimension: Length of one of its vectors; 0 without it.
    """

    encoder: str | None
    dimension: int
    static_encoder: str
    static_dimension: int
    schema_version: int = 1
    multilingual_encoder: str | None = None
    multilingual_dimension: int = 0

    def to_json(self) -> dict[str, object]:
        """The manifest as a JSON object."""
        return asdict(self)

    def accept(self, wanted: "Manifest", *, location: str) -> "Manifest":
        """Return this stored manifest if it serves what is ``wanted``.

        A pipeline that wants no dense encoder can read a knowledge base that has one; what is there for other
        languages may be lacking on either side. One in an older layout
        is read as it is; one in a newer layout was written by a newer Toolshed.

        Raises:
            KnowledgeBaseMismatchError: Naming every field that differs.
        """
        stored, expected = self.to_json(), wanted.to_json()
        ignored = {"encoder", "dimension"} if wanted.encoder is None else set()
        if self.multilingual_encoder is None or wanted.multilingual_encoder is None:
            ignored |= {"multilingual_encoder", "multilingual_dimension"}
        if self.schema_version < wanted.schema_version:
            ignored.add("schema_version")
        if self.encoder is not None and wanted.encoder is not None:
            # Vectors of one model are compared whatever precision they were computed in.
            ignored |= {"encoder"} if space_of(self.encoder) == space_of(wanted.encoder) else set()
        differing = [key for key in expected.keys() - ignored if stored[key] != expected[key]]
        if differing:
            detail = ", ".join(
                f"{key} {stored[key]!r} instead of {expected[key]!r}" for key in sorted(differing)
            )
            raise KnowledgeBaseMismatchError(
                f"the knowledge base {location!r} was written with {detail}; open it with the encoder "
                "and pipeline that wrote it, or index into a new location"
            )
        return self
