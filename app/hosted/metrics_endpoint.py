"""`/metrics` for Prometheus; exists only where a token is set."""

import hmac

from flask import Blueprint, Response, request

from app.errors import NotFoundError, UnauthenticatedError
from app.hosted.guards import runtime
from app.metrics.prometheus import metrics_text


def require_metrics_token() -> None:
    """Let in whoever brings the token as `Authorization: Bearer …`; without a setting nothing is here."""
    expected = runtime().settings.metrics_token
    if not expected:
        raise NotFoundError("no such page")
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    matches = hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
    if kind.lower() != "bearer" or not matches:
        raise UnauthenticatedError("the token of VISAVIS_METRICS_TOKEN is needed")


blueprint = Blueprint("metrics", __name__)
blueprint.before_request(require_metrics_token)


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """Answer in the text format, version 0.0.4."""
    parts = runtime()
    with parts.database.reading() as db:
        text = metrics_text(db, parts.clock())
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")
