"""From a declared handler to a response: validate, call, write."""

import time

from flask import Response, current_app, make_response, request
from flask_limiter import Limiter
from pydantic import BaseModel
from werkzeug.wrappers import Response as AnyResponse

from app.api import idempotency
from app.api.guards import caller
from app.api.operations import Handler, Operation, Section
from app.api.reading import read_request


def respond(operation: Operation, handler: Handler) -> AnyResponse:
    """Answer one call, at most once for each `Idempotency-Key`."""
    if request.method != "POST":
        return _write(handler(read_request(operation)))
    return idempotency.once(caller().key_id, lambda: _answer_or_problem(operation, handler))


def new_section(tag: str, path: str, description: str) -> Section:
    """Return a section whose answers carry the caller's rate limit."""
    section = Section(tag, path, description, respond)
    section.blueprint.after_request(add_rate_limit)
    return section


def add_rate_limit(response: Response) -> Response:
    """Say how many calls are left, and for how many seconds that holds."""
    limiter: Limiter = next(iter(current_app.extensions["limiter"]))
    limit = limiter.current_limit
    if limit is not None:
        # The limiter counts on the machine's own clock.
        seconds = max(0, int(limit.reset_at - time.time()))
        response.headers["RateLimit-Limit"] = str(limit.limit.amount)
        response.headers["RateLimit-Remaining"] = str(max(0, limit.remaining))
        response.headers["RateLimit-Reset"] = str(seconds)
    return response


def _answer_or_problem(operation: Operation, handler: Handler) -> AnyResponse:
    # The problem is made here and not further out, so that it is kept and replayed like any answer.
    try:
        return _write(handler(read_request(operation)))
    except Exception as error:
        return make_response(current_app.handle_user_exception(error))


def _write(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(by_alias=True), mimetype="application/json")
