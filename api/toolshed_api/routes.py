"""Routes that write."""

from toolshed_api.bodies import StrictRoute, UploadRequest


class WriteRoute(StrictRoute):
    """A route that writes: its bodies may be larger."""

    request_class = UploadRequest
