"""What the hosted page calls while somebody is in front of the camera."""

import json
from typing import Any

from flask import Blueprint, jsonify, request, url_for
from werkzeug.wrappers import Response

from app import flow
from app.capture.batches import FrameBatch
from app.errors import InputError
from app.hosted.consent import require_known_text
from app.hosted.guards import require_browser, require_page, runtime
from app.sessions.status import SessionStatus
from app.vocabulary import PathReason, Reason

blueprint = Blueprint("capture", __name__, url_prefix="/session/<session_id>")
blueprint.before_request(require_page)
blueprint.before_request(require_browser)

EXIT_REASONS = {
    Reason.CANCELLED,
    Reason.ALTERNATIVE_REQUESTED,
    Reason.CAMERA_DENIED,
    Reason.CAMERA_UNAVAILABLE,
}
MAX_CAMERA_HINT = 400
NO_LIGHT_OF_CHOICE = {
    "allowed": None,
    "declined": PathReason.FLASHING_DECLINED,
    "reduced_motion": PathReason.REDUCED_MOTION,
}


@blueprint.post("/consent")
def answer_consent(session_id: str) -> Response:
    """Record what the person answered to the text with this hash."""
    body = _json_object()
    accepted, text_hash = body.get("accepted"), body.get("textHash")
    if not isinstance(accepted, bool):
        raise InputError("accepted", "must be true or false")
    if not isinstance(text_hash, str):
        raise InputError("textHash", "must be the hash of the text that was shown")
    parts = runtime()
    view = flow.view_session(parts, session_id, parts.clock())
    locale = require_known_text(view, text_hash)
    return _answer(flow.record_consent(parts, session_id, accepted, text_hash, locale, parts.clock()))


@blueprint.post("/start")
def start(session_id: str) -> Response:
    """Begin an attempt: the camera runs."""
    body = _json_object()
    camera = json.dumps(body.get("camera", {}), ensure_ascii=False)[:MAX_CAMERA_HINT]
    light = body.get("light", "allowed")
    if not isinstance(light, str) or light not in NO_LIGHT_OF_CHOICE:
        raise InputError("light", f"must be one of {', '.join(NO_LIGHT_OF_CHOICE)}")
    parts = runtime()
    no_light = NO_LIGHT_OF_CHOICE[light]
    return _answer(flow.start_attempt(parts, session_id, camera, parts.clock(), no_light))


@blueprint.post("/frames")
def submit_frames(session_id: str) -> Response:
    """Take one batch of frames and say what to do next."""
    parts = runtime()
    batch = FrameBatch.from_form(
        request.form.get("meta", ""), [item.read() for item in request.files.getlist("frame")]
    )
    return _answer(flow.submit_frames(parts, session_id, batch, parts.clock()))


@blueprint.post("/exit")
def leave(session_id: str) -> Response:
    """End the session because the person, or the lack of a camera, says so."""
    reason = _json_object().get("reason")
    if reason not in EXIT_REASONS:
        raise InputError("reason", f"must be one of {', '.join(sorted(EXIT_REASONS))}")
    parts = runtime()
    return _answer(flow.leave(parts, session_id, Reason(reason), parts.clock()))


@blueprint.get("/status")
def show_status(session_id: str) -> Response:
    """Say where the session stands; also finishes what a lost process left undone."""
    parts = runtime()
    flow.rescue_verification(parts, session_id, parts.clock())
    return _answer(flow.view_session(parts, session_id, parts.clock()).status)


def _json_object() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InputError("body", "must be a JSON object")
    return body


def _answer(status: SessionStatus) -> Response:
    document = status.to_json()
    if status.outcome is not None and status.outcome.is_final:
        session_id = (request.view_args or {})["session_id"]
        document["outcome"]["next"] = url_for("hosted.leave_page", session_id=session_id)
    return jsonify(document)
