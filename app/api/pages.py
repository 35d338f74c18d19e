"""Long lists in pages: a cursor says where the next one begins, whatever was added in between."""

import base64
import binascii
import json
from typing import Annotated

from pydantic import Field, StringConstraints

from app.api.shapes import Answer, Request
from app.errors import InputError

MAX_LIMIT, DEFAULT_LIMIT = 200, 50
_CURSOR_LENGTH = 400

Position = tuple[float | str, str]
"""Sort value and id of the last row of a page."""


class PageRequest(Request):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, StringConstraints(max_length=_CURSOR_LENGTH)] | None = None
    """`nextCursor` of the page before."""


class Page(Answer):
    """One part of a list."""

    next_cursor: str | None
    """Ask with it for what follows; null at the end."""


def write_cursor(position: Position) -> str:
    """Return the text that stands for a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def read_cursor(text: str | None, kind: type[float] | type[str]) -> Position | None:
    """Return the place that a cursor names; `InputError` unless it came from this list."""
    if text is None:
        return None
    try:
        value, row_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError):
        raise InputError("cursor", "is not one of this service") from None
    if not isinstance(value, kind) or not isinstance(row_id, str):
        raise InputError("cursor", "belongs to another list")
    return value, row_id
