"""Liveness and readiness of the service itself."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from app.hosted.guards import public_route, runtime

blueprint = Blueprint("health", __name__, url_prefix="/v1")
blueprint.before_request(public_route)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer with the time while the process runs."""
    return Response(datetime.fromtimestamp(runtime().clock(), UTC).isoformat(), mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer 200 once the database can be read; models were checked before the process listened."""
    with runtime().database.reading() as db:
        db.execute(text("SELECT 1"))
    return jsonify({"ready": True})
