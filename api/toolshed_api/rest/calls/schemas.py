"""Bodies of the endpoints that call tools."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

# A little less than an answer may take, so that what comes too late is told as the tool's.
MAX_CALL_SECONDS = 25.0
MAX_CALL_CHARACTERS = 200_000


class CallRequest(BaseModel):
    """What to call a tool with."""

    model_config = ConfigDict(extra="forbid", strict=True)

    arguments: dict[str, Any] = Field(
        default_factory=dict,
        description=(
            "As the tool's own `parameters` say, which `GET /v1/tools/{tool_id}` tells; others are refused "
            "(422, `invalid_arguments`) before anything is sent."
        ),
    )
    timeout_seconds: float = Field(20.0, ge=0.05, le=MAX_CALL_SECONDS, description="Longest wait for it.")
    max_characters: int = Field(
        20_000, ge=1, le=MAX_CALL_CHARACTERS, description="Longer texts are cut, with a handle to read on."
    )


class BinaryBody(BaseModel):
    """Content of an answer that is no text; its bytes are not told."""

    media_type: str
    n_bytes: int
    name: str


class CallResponse(BaseModel):
    """What a tool answered, also where it says that it failed: see ``is_error``."""

    tool_id: str
    is_error: bool
    text: str
    structured: Any = Field(description="The answer as JSON, where the tool gave such and it is whole.")
    binaries: list[BinaryBody]
    status: int | None = Field(description="Status of an HTTP answer.")
    is_complete: bool = Field(description="Whether the tool sent no more than was read.")
    n_characters: int = Field(description="Length of the whole text.")
    next_offset: int | None = Field(description="Where to read on; null where this is all of it.")
    handle: str = Field(description="Names the whole text: GET /v1/results/{handle}; empty where this is it.")
    meta: dict[str, Any]
    duration_ms: float


class ResultPageResponse(BaseModel):
    """A stretch of a long text."""

    text: str
    offset: int
    next_offset: int | None
    n_characters: int
    handle: str
