"""Types of single fields of a configuration, each with a message that says what is accepted."""

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, StrictBool, StringConstraints

from app.errors import InputError
from app.signing.redirect_urls import check_redirect_url


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be a GUID") from None


def _url(text: str) -> str:
    try:
        check_redirect_url("url", text)
    except InputError as error:
        raise ValueError(error.detail) from None
    return text


def _origin(text: str) -> str:
    if not re.fullmatch(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?", text):
        raise ValueError("must be an origin such as https://shop.example")
    return text


def _colour(text: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValueError("must be a colour such as #0b6b5d")
    return text.lower()


def _logo_id(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError("must be the id of an uploaded logo, 64 hexadecimal digits")
    return text


def _storable(text: str) -> str:
    if "\0" in text:  # the one character that PostgreSQL cannot keep
        raise ValueError("must not hold U+0000")
    return text


Flag = StrictBool
Guid = Annotated[str, AfterValidator(_guid)]
Url = Annotated[str, StringConstraints(max_length=2048), AfterValidator(_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Colour = Annotated[str, AfterValidator(_colour)]
LogoId = Annotated[str, AfterValidator(_logo_id)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
CollectionId = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_storable)]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(_storable)
]
ShortText = Annotated[
    str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(_storable)
]
Description = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_storable)]
LongText = Annotated[str, StringConstraints(max_length=8000), AfterValidator(_storable)]
