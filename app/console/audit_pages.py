"""The audit log: read, filtered, exported, verified."""

from collections.abc import Iterator
from dataclasses import replace

from flask import Response as FlaskResponse
from flask import request, url_for
from werkzeug.wrappers import Response

from app.audit.actions import Action
from app.audit.export import json_lines
from app.audit.log import AuditFilter, newest
from app.audit.verification import verify
from app.console.auditing import record_audit
from app.console.forms import Form, errors_at_fields, sent_form
from app.console.navigation import Entry, add_entry
from app.console.pages import render
from app.console.parts import runtime
from app.console.query_values import DAY_SECONDS, day, short_text, whole_number
from app.console.roles import Permission
from app.console.routing import route
from app.db import Database
from app.errors import InputError

PAGE = 50
LARGEST_NUMBER = 2**31 - 1

add_entry("Watch", Entry("Audit log", "console.audit_log", "/console/audit"))


@route("/audit", Permission.AUDIT)
def audit_log() -> Response:
    """Show entries, the newest first."""
    form = Form(request.args.to_dict())
    wanted = AuditFilter()
    with errors_at_fields(form):
        wanted = _filter(form)
    with runtime().database.reading() as db:
        found = [] if form.errors else newest(db, wanted, PAGE + 1)
    shown = found[:PAGE]
    return render(
        "audit.html",
        form.status,
        form=form,
        entries=shown,
        actions=[("", "any")] + [(each.value, each.value) for each in Action],
        older=_page(form, shown[-1].number) if len(found) > PAGE else None,
    )


@route("/audit/export", Permission.AUDIT, methods=("POST",))
def export_audit_log() -> Response:
    """Send the entries that match as JSON lines; that somebody did is an entry as well."""
    form = sent_form()
    with errors_at_fields(form):
        wanted = _filter(form)
    if form.errors:
        return render("audit.html", form.status, form=form, entries=[], actions=[("", "any")], older=None)
    with runtime().database.transaction() as db:
        record_audit(db, Action.AUDIT_EXPORT, "audit/log")
    headers = {"Content-Disposition": 'attachment; filename="visavis-audit.jsonl"'}
    return FlaskResponse(_lines(runtime().database, wanted), mimetype="application/x-ndjson", headers=headers)


@route("/audit/verify", Permission.AUDIT, methods=("POST",))
def verify_audit_log() -> Response:
    """Go through the whole chain."""
    with runtime().database.reading() as db:
        verdict = verify(db, lambda entries, _: entries)
    return render("audit_verdict.html", verdict=verdict)


def _action(form: Form) -> str | None:
    try:
        return Action(form.text("action")).value if form.text("action") else None
    except ValueError:
        raise InputError("action", "is none of the list") from None


def _filter(form: Form) -> AuditFilter:
    until = day(form, "until")
    return AuditFilter(
        actor=short_text(form, "actor"),
        action=_action(form),
        subject=short_text(form, "subject"),
        since=day(form, "since"),
        until=None if until is None else until + DAY_SECONDS,
        before_number=whole_number(form, "before", 1, LARGEST_NUMBER),
    )


def _lines(database: Database, wanted: AuditFilter) -> Iterator[str]:
    """Yield lines while they are sent: the request is over by then."""
    with database.reading() as db:
        yield from json_lines(db, replace(wanted, before_number=None))


def _page(form: Form, before: int) -> str:
    values = {name: value for name, value in form.values.items() if name != "done" and value}
    return url_for("console.audit_log", **{**values, "before": str(before)})  # type: ignore[arg-type]
