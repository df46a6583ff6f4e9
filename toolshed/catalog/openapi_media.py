"""Media types of bodies, parameters and responses: which of several suits a caller that holds JSON values."""

from typing import Any

from toolshed.catalog.openapi_document import Document

# The richest documents give a dozen for one body.
_MAX_MEDIA_TYPES = 100


def best_media(document: Document, content: Any) -> tuple[str, dict[str, Any]]:
    """The media type that is written best, with what is said of it."""
    given = {
        str(name): document.mapping(media, "a media type")
        for name, media in list(document.members(content, "'content'").items())[:_MAX_MEDIA_TYPES]
    }
    if not given:
        return "application/json", {}
    name = min(given, key=lambda name: ("schema" not in given[name], media_rank(name)))
    return _definite(name, given[name]), given[name]


def media_rank(media_type: str) -> int:
    """How well a media type suits a caller that holds JSON; lower is better."""
    bare = media_type.split(";")[0].strip().lower()
    ranks = (
        bare == "application/json",
        bare == "application/merge-patch+json",
        "json" in bare and "json-patch" not in bare and "seq" not in bare,
        "json" in bare,
        bare == "application/x-www-form-urlencoded",
        bare == "multipart/form-data",
        bare in ("*/*", "application/*"),
        bare.startswith("multipart/"),
        bare.startswith("text/"),
    )
    return next((rank for rank, fits in enumerate(ranks) if fits), len(ranks))


def _definite(media_type: str, media: dict[str, Any]) -> str:
    """A media type that can be sent: for any, and for none, that of the schema's values."""
    if "*" not in media_type and "/" in media_type:
        return media_type
    schema = media.get("schema")
    is_binary = isinstance(schema, dict) and schema.get("format") == "binary"
    return "application/octet-stream" if is_binary else "application/json"


def is_written_by_value(media_type: str) -> bool:
    """Whether a JSON value says all of a body in that media type, as in JSON and forms."""
    bare = media_type.split(";")[0].strip().lower()
    return "json" in bare or bare == "application/x-www-form-urlencoded" or bare.startswith("multipart/")
