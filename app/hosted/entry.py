"""The verification link itself: check it, open or resume its session, send the browser to the page."""

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app import flow
from app.hosted.cookies import held_token, keep_token
from app.hosted.guards import public_route, runtime
from app.hosted.locales import choose_language
from app.hosted.previews import is_preview

blueprint = Blueprint("entry", __name__)
blueprint.before_request(public_route)


@blueprint.get("/verification/<verification_id>")
def open_link(verification_id: str) -> WerkzeugResponse:
    """Answer a link: 303 to the hosted page, or the refusal that fits."""
    parts = runtime()
    now = parts.clock()
    choose_language(request.args.get("reLocale"))
    checked = flow.check_link(parts, verification_id, request.query_string, _country(), now)
    if is_preview(request):
        return make_response(render_template("hosted/link_preview.html"))
    opened = flow.open_link(parts, checked, held_token, now)
    response: Response = redirect(url_for("hosted.show_page", session_id=opened.session_id), 303)  # type: ignore[assignment]
    keep_token(response, opened)
    return response


def _country() -> str | None:
    """Return the visitor's country as the trusted proxy in front says it, ISO 3166-1 alpha-2."""
    header = current_app.extensions["visavis"].settings.country_header
    return request.headers.get(header) if header else None
