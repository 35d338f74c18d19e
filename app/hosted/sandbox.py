"""The rendered head for machines without a camera; exists only when the sandbox is on."""

from flask import Blueprint, send_from_directory
from werkzeug.wrappers import Response

from app.hosted.guards import require_sandbox, runtime

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox")
blueprint.before_request(require_sandbox)


@blueprint.get("/head/<path:name>")
def head_asset(name: str) -> Response:
    """Serve the head's mesh and texture."""
    return send_from_directory(runtime().settings.sandbox_dir.resolve(), name)
