"""Base of what goes in and out: camelCase, times in UTC, pictures as bytes."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from app.verifications.document import Block

GUID_PATTERN = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


class Request(Block):
    """Base of requests: names in any case, unknown names refused."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, use_attribute_docstrings=True
    )


class Nothing(Request):
    """A request without parameters."""


def _no_nul(text: str) -> str:
    # PostgreSQL text cannot hold U+0000; refused here so that it is the sender's error, not ours.
    if "\0" in text:
        raise ValueError("must not hold U+0000")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair, which is no character") from None
    return text


def _checked(text: object) -> object:
    return _no_nul(text) if isinstance(text, str) else text


# A text that every database can hold.
Text = Annotated[str, BeforeValidator(_checked)]
ExternalId = Annotated[Text, StringConstraints(min_length=1, max_length=256)]


def _dashed_guid(text: str) -> str:
    if not re.fullmatch(GUID_PATTERN.removesuffix("$"), text):
        raise ValueError("must be a dashed GUID")
    return text.lower()


Guid = Annotated[
    str, AfterValidator(_dashed_guid), WithJsonSchema({"type": "string", "pattern": GUID_PATTERN})
]
UnixSeconds = Annotated[int, Field(ge=0, le=253_402_300_799)]


def _picture_bytes(value: Any) -> Any:  # noqa: ANN401 -- whatever the body holds
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("must be Base64 (RFC 4648, section 4)") from None
    if not isinstance(value, bytes):
        raise ValueError("must be Base64 text")
    return value


PictureBytes = Annotated[
    bytes,
    BeforeValidator(_picture_bytes),
    WithJsonSchema({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/*"}),
]


class Picture(Request):
    """A JPEG, PNG or WebP picture of at most 6 MB and 4096 pixels a side; never fetched from a URL."""

    bytes: PictureBytes


def moment(seconds: float) -> datetime:
    """Return unix seconds as the time that answers carry."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def moment_or_none(seconds: float | None) -> datetime | None:
    """Return the time, None for what has not happened."""
    return None if seconds is None else moment(seconds)
