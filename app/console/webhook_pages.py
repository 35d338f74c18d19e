"""Webhooks: every message with every try, sent again by hand, and a message that only tries the way."""

from flask import request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.audit.actions import Action
from app.console.auditing import record_audit
from app.console.forms import Form, errors_at_fields, sent_form
from app.console.navigation import Entry, add_entry
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.roles import Permission
from app.console.routing import route
from app.errors import InputError
from app.models import WebhookDelivery
from app.verifications.store import list_verifications, load_current
from app.webhooks import deliveries

PAGE = 50
STATES = {"pending": "on their way", "delivered": "delivered", "dead": "given up"}

add_entry("Watch", Entry("Webhooks", "console.webhooks", "/console/webhooks"))
add_notices(
    {
        "webhook-replayed": "The message is sent again within seconds, with the same webhook-id.",
        "webhook-tested": "A test event is on its way; open this page again to see what came back.",
    }
)


@route("/webhooks", Permission.READ)
def webhooks() -> Response:
    """List messages, newest first, with the log of each."""
    return _page(Form(request.args.to_dict()))


@route("/webhooks/<delivery_id>/replay", Permission.CONFIGURE, methods=("POST",))
def replay_webhook(delivery_id: str) -> Response:
    """Send a message again."""
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        deliveries.replay(db, delivery_id, now())
        record_audit(db, Action.WEBHOOK_REPLAY, f"webhook/{delivery_id}")
    return _page(form) if form.errors else done("webhook-replayed", "console.webhooks")


@route("/webhooks/test/<verification_id>", Permission.CONFIGURE, methods=("POST",))
def send_test_webhook(verification_id: str) -> Response:
    """Send an event that says nothing."""
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        deliveries.send_test(db, verification_id, now())
        record_audit(db, Action.WEBHOOK_TEST, f"verification/{verification_id}")
    return _page(form) if form.errors else done("webhook-tested", "console.webhooks")


def _page(form: Form) -> Response:
    with runtime().database.reading() as db:
        state = None
        with errors_at_fields(form):
            state = _state(form)
        rows = [] if form.errors else _newest(db, state)
        return render(
            "webhooks.html",
            form.status,
            form=form,
            listed=[(row, deliveries.attempts_of(db, row.id)) for row in rows],
            counts=_counts(db),
            names={row.id: row.name for row in list_verifications(db)},
            endpoints=_endpoints(db),
            states=STATES,
            page=PAGE,
        )


def _state(form: Form) -> str | None:
    state = form.text("state") or None
    if state not in {None, *STATES}:
        raise InputError("state", "is none of the list")
    return state


def _newest(db: Session, state: str | None) -> list[WebhookDelivery]:
    query = select(WebhookDelivery).order_by(WebhookDelivery.created_at.desc()).limit(PAGE)
    return list(db.scalars(query if state is None else query.filter_by(state=state)))


def _counts(db: Session) -> dict[str, int]:
    query = select(WebhookDelivery.state, func.count()).where(WebhookDelivery.state.in_(["pending", "dead"]))
    return {state: count for state, count in db.execute(query.group_by(WebhookDelivery.state))}


def _endpoints(db: Session) -> list[tuple[str, str, str]]:
    """Return id, name and address of every verification that has a webhook."""
    current = [load_current(db, row.id).configuration for row in list_verifications(db)]
    return [
        (each.id, each.name, each.webhook_config.event_callback_url)
        for each in current
        if each.webhook_config.event_callback_url is not None
    ]
