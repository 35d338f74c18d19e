"""The OpenAPI 3.1 document, made of the declarations that the service itself obeys."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from app.api.idempotency import HEADER, REPLAYED_HEADER
from app.api.operations import Operation, Section
from app.api.refusals import problems_by_status
from app.api.scopes import Scope, Unscoped
from app.api.shapes import Answer, Nothing
from app.error_pages import PROBLEM_TYPE_PREFIX, Problem
from app.version import __version__

Json = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"
DESCRIPTION = (
    "Self-hosted face verification. Send `Authorization: ApiKey <key>` from a backend, or "
    "`Authorization: Bearer <token>` with a token from /v1/token/get. Whatever is refused is answered with "
    "`application/problem+json`, whose `type` never changes its meaning."
)


class FieldProblem(Answer):
    """What is wrong with one field."""

    field: str
    detail: str


class ProblemDocument(Answer):
    """Why a call was refused (RFC 9457)."""

    type: str
    """Stable; decide by it."""
    title: str
    status: int
    detail: str
    """For an engineer to read; its wording may change."""
    field: str | None = None
    """The first field that cannot be used."""
    errors: list[FieldProblem] | None = None
    """Every field that cannot be used."""


class _Schema(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 -- pydantic's own signature
        """Leave out titles that only repeat the field's name."""
        return False


def openapi_document(sections: tuple[Section, ...], server: str) -> Json:
    """Return the whole document as JSON."""
    operations = [operation for section in sections for operation in section.operations]
    references, schemas = _schemas(operations)
    paths: Json = {}
    for operation in operations:
        for method in operation.methods:
            entry = _operation(operation, method, references, schemas)
            paths.setdefault(operation.path, {})[method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {"title": "Visavis", "version": __version__, "description": DESCRIPTION},
        "servers": [{"url": server}],
        "tags": [{"name": section.tag, "description": section.description} for section in sections],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _security_schemes()},
    }


def operation_id(operation: Operation, method: str) -> str:
    """Return the name of an operation under one of its methods."""
    return operation.name + ("" if method == operation.methods[0] else method.capitalize())


Modelled = tuple[type[BaseModel], JsonSchemaMode]


def _schemas(operations: list[Operation]) -> tuple[dict[Modelled, Json], Json]:
    wanted: list[Modelled] = [(ProblemDocument, "validation")]
    for operation in operations:
        wanted += [(operation.request, "validation"), (operation.answer, "serialization")]
    unique = list(dict.fromkeys(wanted))
    references, definitions = models_json_schema(
        unique, by_alias=True, ref_template=REFERENCE, schema_generator=_Schema
    )
    return {key: references[key] for key in unique}, definitions["$defs"]


def _operation(operation: Operation, method: str, references: dict[Modelled, Json], schemas: Json) -> Json:
    entry: Json = {
        "operationId": operation_id(operation, method),
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "security": _security(operation),
        "x-scope": operation.need.value,
        "parameters": _header_parameters(method),
        "responses": _responses(operation, method, references),
    }
    schema = references[operation.request, "validation"]
    if operation.reads_query(method):
        entry["parameters"] += _query_parameters(_resolved(schema, schemas))
    elif operation.request is not Nothing:
        entry["requestBody"] = {"required": True, "content": _body_content(operation, schema, schemas)}
    return entry


def _body_content(operation: Operation, schema: Json, schemas: Json) -> Json:
    content: Json = {"application/json": {"schema": schema}}
    if operation.takes_picture:
        content["multipart/form-data"] = {"schema": _form_schema(_resolved(schema, schemas), schemas)}
    return content


def _form_schema(schema: Json, schemas: Json) -> Json:
    """Return a request as form: pictures are files, everything else is a form field."""
    properties = {
        name: {"type": "string", "contentMediaType": "application/octet-stream", "format": "binary"}
        if _is_picture(part)
        else part
        for name, part in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def _is_picture(part: Json) -> bool:
    references = [part.get("$ref", ""), *(option.get("$ref", "") for option in part.get("anyOf", []))]
    return REFERENCE.format(model="Picture") in references


def _query_parameters(schema: Json) -> list[Json]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": part.get("description", ""),
            "schema": _without_null({key: value for key, value in part.items() if key != "description"}),
        }
        for name, part in schema.get("properties", {}).items()
    ]


def _without_null(part: Json) -> Json:
    """Return the schema of a parameter: one that is not wanted is left out and cannot be null."""
    options = [option for option in part.get("anyOf", []) if option != {"type": "null"}]
    kept = {key: value for key, value in part.items() if key != "anyOf" and (key, value) != ("default", None)}
    if len(options) == 1:
        return {**kept, **options[0]}
    return {**kept, "anyOf": options} if options else kept


def _header_parameters(method: str) -> list[Json]:
    if method != "POST":
        return []
    schema = {"type": "string", "pattern": "^[!-~]{1,255}$"}
    text = "Repeat a call with the same key and it is done once: for 24 hours the first answer comes back."
    return [{"name": HEADER, "in": "header", "required": False, "description": text, "schema": schema}]


def _responses(operation: Operation, method: str, references: dict[Modelled, Json]) -> Json:
    answer = references[operation.answer, "serialization"]
    done: Json = {
        "description": "Done.",
        "headers": _answer_headers(method),
        "content": {"application/json": {"schema": answer}},
    }
    problem = references[ProblemDocument, "validation"]
    refused = {
        str(status): _refusal(problems, problem)
        for status, problems in problems_by_status(operation, method).items()
    }
    return {"200": done, **refused}


def _answer_headers(method: str) -> Json:
    number = {"schema": {"type": "string", "pattern": "^[0-9]+$"}}
    headers: Json = {
        "RateLimit-Limit": {"description": "Calls in one window.", **number},
        "RateLimit-Remaining": {"description": "Calls that are left in it.", **number},
        "RateLimit-Reset": {"description": "Seconds until it ends.", **number},
    }
    if method == "POST":
        headers[REPLAYED_HEADER] = {"description": "The first answer again.", "schema": {"const": "true"}}
    return headers


def _refusal(problems: list[Problem], schema: Json) -> Json:
    types = [PROBLEM_TYPE_PREFIX + problem.slug for problem in problems]
    return {
        "description": "; ".join(problem.title for problem in problems),
        "content": {
            "application/problem+json": {
                "schema": {"allOf": [schema], "properties": {"type": {"enum": types}}}
            }
        },
    }


def _security(operation: Operation) -> list[Json]:
    key: Json = {"ApiKey": []}
    return [key] if operation.need is Unscoped.ANY_KEY else [key, {"Bearer": []}]


def _security_schemes() -> Json:
    scopes = ", ".join(Scope)
    return {
        "ApiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`ApiKey <key>`; `flask api-keys create` makes one. Scopes: {scopes}.",
        },
        "Bearer": {"type": "http", "scheme": "bearer", "description": "A token from /v1/token/get."},
    }


def _resolved(schema: Json, schemas: Json) -> Json:
    reference = schema.get("$ref", "")
    found: Json = schemas[reference.rsplit("/", 1)[-1]] if reference else schema
    return found
