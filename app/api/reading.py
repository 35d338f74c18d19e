"""From an HTTP request to the declared model, or a refusal that names every field."""

from typing import Any, get_origin

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel
from werkzeug.datastructures import MultiDict

from app.api.operations import Operation
from app.errors import InputError, RequestRefusedError, UnsupportedMediaError
from app.verifications.configuration import Configuration
from app.verifications.document import ConfigurationRefusedError, problems_of

NO_URL = "pictures are never fetched from a URL; send their bytes"


def read_request(operation: Operation) -> BaseModel:
    """Validate query or body as the operation declares.

    Raises `RequestRefusedError` with all problems by field, `ConfigurationRefusedError` for a
    configuration, `UnsupportedMediaError` for a body of another kind.
    """
    model = operation.request
    try:
        if operation.reads_query(request.method):
            return model.model_validate(_single_values(request.args))
        if operation.takes_picture and request.mimetype == "multipart/form-data":
            return model.model_validate(_form(model))
        return model.model_validate_json(_json_body(model), strict=True)
    except ValidationError as error:
        raise refusal(model, problems_of(error)) from None


def refusal(model: type[BaseModel], problems: dict[str, str]) -> Exception:
    """Return the error that fits: an operator's document is told apart from a call's parameters."""
    if issubclass(model, Configuration):
        return ConfigurationRefusedError(problems)
    named = {("body" if path == "document" else path): what for path, what in problems.items()}
    return RequestRefusedError({path: _wording(path, what) for path, what in named.items()})


def _wording(path: str, what: str) -> str:
    return NO_URL if path.lower().endswith(".url") and what == "is not a known field" else what


def _json_body(model: type[BaseModel]) -> bytes:
    body = request.get_data()
    if not body and not any(field.is_required() for field in model.model_fields.values()):
        return b"{}"
    if request.mimetype != "application/json":
        raise UnsupportedMediaError("Content-Type", "must be application/json")
    return body


def _form(model: type[BaseModel]) -> dict[str, Any]:
    """Return form fields as they are, those of lists as lists, and each file as a picture."""
    lists = [
        to_camel(name) for name, field in model.model_fields.items() if get_origin(field.annotation) is tuple
    ]
    document: dict[str, Any] = {name: request.form.getlist(name) for name in lists if name in request.form}
    document |= _single_values(MultiDict((k, v) for k, v in request.form.items(multi=True) if k not in lists))
    for name, file in request.files.items(multi=True):
        if name in document:
            raise InputError(name, "is given more than once")
        document[name] = {"bytes": file.read()}
    return document


def _single_values(values: MultiDict[str, str]) -> dict[str, Any]:
    for name, given in values.lists():
        if len(given) > 1:
            raise InputError(name, "is given more than once")
    return values.to_dict()
