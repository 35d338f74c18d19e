"""Sessions: the list with its filters, and one session with all that decided it."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.audit.actions import Action
from app.console.auditing import record_audit
from app.console.forms import Form, empty_form, errors_at_fields
from app.console.navigation import Entry, add_entry
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.query_values import short_text
from app.console.roles import Permission
from app.console.routing import route
from app.console.visits.account import account_of
from app.console.visits.search import (
    Place,
    SessionFilter,
    SessionPage,
    find_by_id,
    find_sessions,
    names_of_verifications,
    read_day,
    read_place,
)
from app.console.visits.words import ACTOR_TEXTS, PATH_REASON_TEXTS, PATH_TEXTS
from app.errors import InputError, NotFoundError
from app.faces.erasure import erase_traces
from app.models import VerificationSession
from app.sessions import redaction
from app.sessions.steps import load
from app.signing.request_link import MAX_EXTERNAL_ID_CHARACTERS
from app.vocabulary import CLASS_OF_REASON, Reason, SessionState

add_entry("Verify", Entry("Sessions", "console.sessions", "/console/sessions"))
add_notices({"session-redacted": "Everything that this session said of its person is gone."})
FILTERS = ("q", "state", "reason", "verification", "since", "until")


@route("/sessions", Permission.READ)
def sessions() -> Response:
    """List sessions, newest first; a pasted session id leads straight to its page."""
    form, page, names = empty_form(_asked(request.args)), SessionPage((), None, None), {}
    with runtime().database.reading() as db:
        found = find_by_id(db, form.text("q"))
        if found is not None:
            return redirect(url_for("console.session", session_id=found), 303)
        names = names_of_verifications(db)
        with errors_at_fields(form):
            before, after = read_place(request.args.get("before")), read_place(request.args.get("after"))
            page = find_sessions(db, _filter(form, names), before=before, after=after)
    return render(
        "sessions.html",
        form.status,
        form=form,
        page=page,
        names=names,
        states=[(each.value, each.value) for each in SessionState],
        reasons=[(each.value, each.value) for each in Reason],
        older=_address(form, before=page.older),
        newer=_address(form, after=page.newer),
    )


@route("/sessions/<session_id>", Permission.READ)
def session(session_id: str) -> Response:
    """Show one session: its moves, its numbers, and what they were held to."""
    with runtime().database.reading() as db:
        visit = db.get(VerificationSession, session_id)
        if visit is None:
            raise NotFoundError("no such session; after its retention time it is deleted")
        account = account_of(db, runtime().policy, visit)
    return render(
        "session.html",
        **{field: getattr(account, field) for field in ("visit", "published", "timeline", "attempts")},
        deliveries=account.deliveries,
        redacted_at=account.redacted_at,
        actors=ACTOR_TEXTS,
        paths=PATH_TEXTS,
        path_reasons=PATH_REASON_TEXTS,
        reason_class=CLASS_OF_REASON[Reason(visit.reason)] if visit.reason else None,
    )


@route("/sessions/<session_id>/redact", Permission.ERASE, methods=("POST",), fresh=True)
def redact_session(session_id: str) -> Response:
    """Remove all that a session says of its person, now."""
    parts = runtime()
    with parts.database.transaction() as db:
        visit, configuration = load(db, session_id)
        redaction.redact_session(db, parts.sealer, visit, configuration, now())
        record_audit(db, Action.SESSION_REDACT, f"session/{session_id}")
    erase_traces(parts.database)  # what was deleted must leave the write-ahead log too
    return done("session-redacted", "console.session", session_id=session_id)


def _asked(arguments: MultiDict[str, str]) -> dict[str, str]:
    return {name: arguments.get(name, "").strip() for name in FILTERS}


def _filter(form: Form, names: Mapping[str, str]) -> SessionFilter:
    return SessionFilter(
        external_id=short_text(form, "q", MAX_EXTERNAL_ID_CHARACTERS),
        state=_one_of(SessionState, form, "state"),
        reason=_one_of(Reason, form, "reason"),
        verification_id=_one_of_names(names, form),
        since=read_day("since", form.text("since")),
        until=read_day("until", form.text("until"), is_end=True),
    )


def _one_of(kind: Any, form: Form, field: str) -> Any:  # noqa: ANN401 -- an enumeration and one of its values
    try:
        return kind(form.text(field)) if form.text(field) else None
    except ValueError:
        raise InputError(field, "is none of the list") from None


def _one_of_names(names: Mapping[str, str], form: Form) -> str | None:
    chosen = form.text("verification")
    if chosen and chosen not in names:
        raise InputError("verification", "is none of the list")
    return chosen or None


def _address(form: Form, **place: Place | None) -> str | None:
    """Return the address of a neighbouring page with the same filters; None when there is no such page."""
    there: dict[str, Any] = {name: str(where) for name, where in place.items() if where is not None}
    if not there:
        return None
    same: dict[str, Any] = {name: text for name, text in form.values.items() if text}
    return url_for("console.sessions", **same, **there)
