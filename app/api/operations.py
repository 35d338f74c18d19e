"""One declaration per operation: it drives routing, rights, validation and the published document."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from werkzeug.wrappers import Response

from app.api.scopes import Need
from app.errors import VisavisError

PREFIX = "/v1"
# These read the query string; all others read a body.
QUERY_METHODS = frozenset({"GET", "DELETE"})

Handler = Callable[[Any], BaseModel]
AnyHandler = TypeVar("AnyHandler", bound=Callable[..., BaseModel])
Respond = Callable[["Operation", Handler], Response]


@dataclass(frozen=True, slots=True)
class Operation:
    """What the API offers at one address."""

    name: str
    """Unique, camelCase; what client generators name the method."""
    tag: str
    path: str
    methods: tuple[str, ...]
    """The first is the usual one; the others are there for clients that expect them."""
    need: Need
    request: type[BaseModel]
    answer: type[BaseModel]
    errors: tuple[type[VisavisError], ...]
    """What it may refuse, besides what every operation may."""
    takes_picture: bool
    """Also accepts multipart/form-data with pictures as files."""
    summary: str
    description: str

    def reads_query(self, method: str) -> bool:
        """Tell whether a call with this method carries its parameters in the query string."""
        return method in QUERY_METHODS


class Section:
    """A blueprint and the operations in it."""

    def __init__(self, tag: str, path: str, description: str, respond: Respond) -> None:
        """Begin a section at `/v1/<path>`; `respond` turns a declared handler's call into a response."""
        self.tag = tag
        self.description = description
        self.blueprint = Blueprint(f"api_{path.replace('-', '_')}", __name__, url_prefix=f"{PREFIX}/{path}")
        self.operations: list[Operation] = []
        self._respond = respond

    def operation(
        self,
        path: str,
        *,
        methods: tuple[str, ...],
        need: Need,
        request: type[BaseModel],
        answer: type[BaseModel],
        errors: tuple[type[VisavisError], ...] = (),
        takes_picture: bool = False,
    ) -> Callable[[AnyHandler], AnyHandler]:
        """Declare the decorated function as an operation; its docstring is the text."""

        def declare(handler: AnyHandler) -> AnyHandler:
            summary, _, description = inspect.cleandoc(handler.__doc__ or "").partition("\n")
            operation = Operation(
                name=to_camel(handler.__name__),
                tag=self.tag,
                path=f"{self.blueprint.url_prefix}/{path}",
                methods=methods,
                need=need,
                request=request,
                answer=answer,
                errors=errors,
                takes_picture=takes_picture,
                summary=summary.rstrip("."),
                description=" ".join(description.split()),
            )
            self._add(path, operation, handler)
            return handler

        return declare

    def _add(self, path: str, operation: Operation, handler: Handler) -> None:
        @wraps(handler)
        def view() -> Response:
            return self._respond(operation, handler)

        view.operation = operation  # type: ignore[attr-defined]
        self.blueprint.add_url_rule(
            f"/{path}",
            endpoint=handler.__name__,
            view_func=view,
            methods=list(operation.methods),
            provide_automatic_options=False,
        )
        self.operations.append(operation)
