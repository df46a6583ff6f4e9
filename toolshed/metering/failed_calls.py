"""Calls that failed, and were paid for all the same."""

from toolshed.errors import ToolshedError
from toolshed.metering.provider_usage import usage_or_estimate
from toolshed.metering.usage import Usage


class SpentError(ToolshedError):
    """A call that failed, of which is known what it took.

    Attributes:
        reported: Its tokens, as the provider's client gives it; None where they are estimated.
        text: What had been answered by then, for the estimate; None where nothing was paid for.
    """

    code = "failed_call"
    http_status = 502

    def __init__(self, message: str, *, reported: object = None, text: str | None = None) -> None:
        super().__init__(message)
        self.reported, self.text = reported, text

    def usage_or(self, prompt: Usage) -> Usage:
        """Its tokens, given those of the prompt."""
        if self.reported is None and self.text is None:
            return Usage()
        return usage_or_estimate(self.reported, input_tokens=prompt.input_tokens, text=self.text or "")
