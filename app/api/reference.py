"""The OpenAPI document as a page for people: what each operation takes and answers, line by line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.api.shapes import GUID_PATTERN

Json = dict[str, Any]
# Deeper parts of a document are named, and shown where they are answered themselves.
DEEPEST = 4
_BOUNDS = {
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
    "pattern": "{}",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a table."""

    path: str
    kind: str
    required: bool
    description: str
    default: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One status with its problem types."""

    status: str
    types: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation."""

    anchors: tuple[str, ...]
    """Its ids, one for each method; the first is the usual one."""
    methods: tuple[str, ...]
    path: str
    summary: str
    description: str
    scope: str
    takes_files: bool
    request: tuple[Field, ...]
    answer: tuple[Field, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One section of the API."""

    name: str
    description: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The page."""

    server: str
    version: str
    description: str
    chapters: tuple[Chapter, ...]


def reference_page(document: Json) -> Reference:
    """Return the page of a document."""
    schemas = document["components"]["schemas"]
    entries = [
        (next(iter(methods.values()))["tags"][0], _entry(path, methods, schemas))
        for path, methods in document["paths"].items()
    ]
    chapters = tuple(
        Chapter(tag["name"], tag["description"], tuple(e for name, e in entries if name == tag["name"]))
        for tag in document["tags"]
    )
    return Reference(
        document["servers"][0]["url"],
        document["info"]["version"],
        _plain(document["info"]["description"]),
        chapters,
    )


def _entry(path: str, methods: Json, schemas: Json) -> Entry:
    operation = next(iter(methods.values()))
    body = operation.get("requestBody", {}).get("content", {})
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return Entry(
        anchors=tuple(each["operationId"] for each in methods.values()),
        methods=tuple(method.upper() for method in methods),
        path=path,
        summary=operation["summary"],
        description=_plain(operation["description"]),
        scope=operation["x-scope"],
        takes_files="multipart/form-data" in body,
        request=tuple(_request(operation, body, schemas)),
        answer=tuple(_fields(answer, schemas)),
        refusals=tuple(_refusals(operation["responses"])),
    )


def _request(operation: Json, body: Json, schemas: Json) -> Iterator[Field]:
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            yield _field(parameter["name"], parameter["schema"], parameter, schemas, parameter["required"])
    if body:
        yield from _fields(body["application/json"]["schema"], schemas)


def _refusals(responses: Json) -> Iterator[Refusal]:
    for status, response in responses.items():
        if status != "200":
            schema = response["content"]["application/problem+json"]["schema"]
            yield Refusal(status, tuple(schema["properties"]["type"]["enum"]), response["description"])


def _fields(schema: Json, schemas: Json, prefix: str = "", depth: int = 0) -> Iterator[Field]:
    resolved = _resolved(schema, schemas)
    for name, part in resolved.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield _field(path, part, part, schemas, name in resolved.get("required", []))
        if depth < DEEPEST:
            inner, mark = _inner(part, schemas)
            yield from _fields(inner, schemas, f"{path}{mark}.", depth + 1)


def _inner(part: Json, schemas: Json) -> tuple[Json, str]:
    """Return the object behind a field, if there is one, and the mark of a list."""
    option = next((each for each in part.get("anyOf", []) if each != {"type": "null"}), part)
    if option.get("type") == "array" and isinstance(option.get("items"), dict):
        return _resolved(option["items"], schemas), "[]"
    return _resolved(option, schemas), ""


def _field(path: str, schema: Json, told: Json, schemas: Json, required: bool) -> Field:
    default = schema.get("default")
    shown = "" if default is None or isinstance(default, dict | list) else json.dumps(default)
    return Field(path, _kind(schema, schemas), required, _plain(told.get("description", "")), shown)


def _plain(text: str) -> str:
    return text.replace("`", "")


def _kind(schema: Json, schemas: Json) -> str:
    """Return the type of a field in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(option, schemas) for option in schema["anyOf"]))
    resolved = _resolved(schema, schemas)
    if "enum" in resolved:
        return " | ".join(str(value) for value in resolved["enum"])
    if "const" in resolved:
        return str(resolved["const"])
    if resolved.get("pattern") == GUID_PATTERN:
        return "dashed GUID"
    kind = str(resolved.get("format") or resolved.get("contentEncoding") or resolved.get("type", "any"))
    if kind == "array" and isinstance(resolved.get("items"), dict):
        kind = f"list of {_kind(resolved['items'], schemas)}"
    bounds = [text.format(resolved[name]) for name, text in _BOUNDS.items() if name in resolved]
    return ", ".join([kind, *bounds])


def _resolved(schema: Json, schemas: Json) -> Json:
    reference = schema.get("$ref", "")
    found: Json = schemas[reference.rsplit("/", 1)[-1]] if reference else schema
    return found
