"""The document of the API for programs, and for people."""

from functools import lru_cache

from flask import Blueprint, Response, jsonify, make_response, render_template
from werkzeug.wrappers import Response as AnyResponse

from app.api.openapi import Json, openapi_document
from app.api.reference import reference_page
from app.api.sections import SECTIONS
from app.hosted.guards import public_route, runtime

blueprint = Blueprint("docs", __name__)
blueprint.before_request(public_route)


@blueprint.get("/openapi.json")
def show_document() -> Response:
    """Answer with the OpenAPI document."""
    return jsonify(_document(runtime().settings.public_url))


@blueprint.get("/docs")
def show_reference() -> AnyResponse:
    """Show the same to people."""
    page = reference_page(_document(runtime().settings.public_url))
    return make_response(render_template("docs/reference.html", reference=page))


@lru_cache(maxsize=4)
def _document(server: str) -> Json:
    return openapi_document(SECTIONS, server)
