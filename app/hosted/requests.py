"""How request bodies are read: in memory only."""

from io import BytesIO
from typing import IO

from flask import Request


class InMemoryRequest(Request):
    """A request whose uploaded pictures never touch the disk.

    Werkzeug's own reader moves large uploads into temporary files; bodies are capped at 8 MB, so memory
    will do, and no image is ever written anywhere.
    """

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()
