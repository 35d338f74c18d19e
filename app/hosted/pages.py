"""The hosted page and the way out of it."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from app import flow
from app.hosted.branding import brand_of
from app.hosted.guards import require_browser, runtime
from app.hosted.locales import choose_language
from app.hosted.page_data import page_data, script_json
from app.hosted.relying_party import relying_party_name, return_host
from app.hosted.security_headers import allow_camera, allow_frames
from app.hosted.texts import reason_texts

blueprint = Blueprint("hosted", __name__, url_prefix="/session/<session_id>")
blueprint.before_request(require_browser)


@blueprint.get("")
def show_page(session_id: str) -> Response:
    """Render the page of an open session; a finished one shows its end."""
    parts = runtime()
    view = flow.view_session(parts, session_id, parts.clock())
    configured = view.configuration.experience_config.locale
    language = choose_language(
        request.args.get("locale"), view.visit.locale, None if configured == "auto" else configured
    )
    allow_frames(view.configuration.security_config.frame_ancestors)
    allow_camera()
    page = page_data(parts, view, language)
    return make_response(render_template("hosted/session.html", page=page, page_json=script_json(page)))


@blueprint.get("/return")
def leave_page(session_id: str) -> Response:
    """Send the person back with the signed result; without a target show the result and stop.

    A page in a frame or popup says `embedded=1`: where the verification names origins that may embed
    it, the page stays and tells the one around it, or behind it, where the result is.
    """
    parts = runtime()
    url = flow.deliver(parts, session_id, parts.clock())
    view = flow.view_session(parts, session_id, parts.clock())
    embedders = view.configuration.security_config.frame_ancestors
    is_embedded = request.args.get("embedded") == "1" and bool(embedders)
    if url is not None and not is_embedded:
        return redirect(url, 303)
    choose_language(request.args.get("locale"), view.visit.locale)
    allow_frames(embedders)
    return make_response(_finished_page(view, url))


def _finished_page(view: flow.SessionView, url: str | None) -> str:
    outcome = view.status.outcome
    reason = reason_texts()[outcome.reason] if outcome and outcome.reason else None
    origins = " ".join(view.configuration.security_config.frame_ancestors)
    return render_template(
        "hosted/finished.html",
        result=outcome.result if outcome else "failed",
        reason=reason,
        brand=brand_of(view.configuration.experience_config.theme, relying_party_name(view)).to_json(),
        handback={"url": url, "origins": origins, "site": return_host(view)} if url else None,
    )
