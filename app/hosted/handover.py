"""From the desktop to the phone: the code and its live status here, the session over there."""

from typing import Any

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import flow
from app.errors import AccessRefusedError
from app.flow import SessionView
from app.hosted import pages
from app.hosted.cookies import held_token, keep_token
from app.hosted.guards import public_route, require_browser, require_page, runtime
from app.hosted.locales import choose_language
from app.hosted.previews import is_preview
from app.hosted.relying_party import relying_party_name, return_host
from app.hosted.security_headers import allow_frames
from app.qr_codes import qr_data_uri
from app.sessions import handover
from app.vocabulary import SessionState


def require_watcher() -> None:
    """Let in the browser that offered the session to another one."""
    session_id = (request.view_args or {}).get("session_id", "")
    token = held_token(session_id)
    with runtime().database.reading() as db:
        row = handover.offer_of_session(db, session_id)
    if token is None or not handover.may_watch(row, token):
        raise AccessRefusedError("this browser has not handed the session over")


offers = Blueprint("handover_offers", __name__, url_prefix="/session/<session_id>/handover")
offers.before_request(require_page)
offers.before_request(require_browser)
watching = Blueprint("handover_watching", __name__, url_prefix="/session/<session_id>/handover")
watching.before_request(require_watcher)
claims = Blueprint("handover_claims", __name__)
claims.before_request(public_route)


@offers.post("")
def offer(session_id: str) -> Response:
    """Make a code for a phone; the one before it is good no more."""
    parts = runtime()
    now = parts.clock()
    made = handover.make_offer(parts, session_id, now)
    address = parts.settings.public_url + url_for("handover_claims.show_offer", token=made.token)
    seconds = int(made.expires_at - now)
    return jsonify({"address": address, "picture": qr_data_uri(address), "seconds": seconds})


@offers.post("/withdraw")
def withdraw(session_id: str) -> Response:
    """Make the code worthless: the person stays here."""
    handover.withdraw_offer(runtime(), session_id)
    return jsonify({"state": "withdrawn"})


@watching.get("")
def watch(session_id: str) -> Response:
    """Say how far the person has come on the phone, and no more."""
    parts = runtime()
    now = parts.clock()
    flow.rescue_verification(parts, session_id, now)
    view = flow.view_session(parts, session_id, now)
    with parts.database.reading() as db:
        row = handover.offer_of_session(db, session_id)
    progress = _progress(view, moved=handover.has_moved(view.visit, row))
    if row is not None and row.claimed_at is None and progress != "finished":
        return jsonify({"state": "expired" if now >= row.expires_at else "waiting"})
    return jsonify({"state": progress})


@watching.get("/return")
def take_home(session_id: str) -> Response:
    """Send the person back to the site from where they left it, with the signed result."""
    parts = runtime()
    if _progress(flow.view_session(parts, session_id, parts.clock()), moved=True) != "finished":
        raise AccessRefusedError("this session is not over")
    return pages.leave_page(session_id)


@claims.get("/handover/<token>")
def show_offer(token: str) -> Response:
    """Ask the person on the phone, so that no program that only looks at the address takes the offer."""
    parts = runtime()
    choose_language(None)
    session_id = handover.look_at_offer(parts, token, parts.clock())
    if is_preview(request):
        return make_response(render_template("hosted/link_preview.html"))
    view = flow.view_session(parts, session_id, parts.clock())
    choose_language(view.visit.locale)
    allow_frames(())
    brand = {"name": relying_party_name(view)}
    site = return_host(view) or brand["name"]
    return make_response(render_template("hosted/handover_offer.html", brand=brand, site=site))


@claims.post("/handover/<token>")
def take_offer(token: str) -> Response:
    """Let this browser hold the session from now on."""
    parts = runtime()
    opened = handover.take_offer(parts, token, parts.clock())
    response: Any = redirect(url_for("hosted.show_page", session_id=opened.session_id), 303)
    keep_token(response, opened)
    answer: Response = response
    return answer


def _progress(view: SessionView, *, moved: bool) -> str:
    outcome = view.status.outcome
    if (outcome is not None and outcome.is_final) or not SessionState(view.visit.state).is_open:
        return "finished"
    if not moved:
        return "superseded"
    if view.visit.state == SessionState.PROCESSING:
        return "checking"
    return "capturing" if view.visit.attempt_number else "opened"
