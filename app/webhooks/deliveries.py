"""Deliveries in the database: made from the outbox, claimed by one worker at a time, never lost.

A claim is a lease: a worker that dies between claim and answer leaves a delivery that is due again when the
lease ends. So every message arrives at least once, and its `webhook-id` tells the receiver when it has it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import InputError, NotFoundError
from app.models import OutboxEvent, WebhookAttempt, WebhookDelivery
from app.verifications.configuration import WebhookConfig, WebhookEvent
from app.verifications.store import load_current
from app.webhooks.message import body_of
from app.webhooks.schedule import next_delay
from app.webhooks.sender import TOTAL_TIMEOUT_S, Attempt

BATCH = 100
# Longer than a try may take, so that nobody else sends while somebody still waits.
LEASE_S = 4 * TOTAL_TIMEOUT_S
# RFC 9110: the receiver says that it will never want this again.
GONE = 410
TEST_EVENT = "WebhookTest"
DEFAULT_EVENTS = (WebhookEvent.COMPLETED,)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker alone may try now."""

    id: str
    message_id: str
    verification_id: str
    url: str
    body: str
    attempts: int
    """Including the one that is about to be made."""


def dispatch_events(db: Session, now: float) -> int:
    """Turn new events of the outbox into deliveries, each exactly once."""
    events = db.scalars(
        select(OutboxEvent)
        .where(OutboxEvent.delivered_at.is_(None))
        .order_by(OutboxEvent.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for event in events:
        event.delivered_at = now
        url = subscribed_url(db, event.verification_id, event.event)
        if url is not None:
            body = body_of(event.event, event.session_id, event.verification_id, event.created_at)
            add_delivery(
                db, url, event.event, event.session_id, event.verification_id, body, event.created_at
            )
    return len(events)


def claim_due(db: Session, now: float) -> list[Claim]:
    """Take every delivery that is due, for as long as a try may last."""
    due = db.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.state == "pending", WebhookDelivery.next_attempt_at <= now)
        .order_by(WebhookDelivery.next_attempt_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for delivery in due:
        delivery.attempts += 1
        delivery.next_attempt_at = now + LEASE_S
    return [
        Claim(each.id, each.message_id, each.verification_id, each.url, each.body, each.attempts)
        for each in due
    ]


def record_attempt(
    db: Session, claim: Claim, attempt: Attempt, now: float, jitter: Callable[[], float]
) -> None:
    """Log a try and say when the next one is due, if any."""
    db.add(
        WebhookAttempt(
            delivery_id=claim.id,
            at=now,
            status=attempt.status,
            error=attempt.error,
            duration_ms=attempt.duration_ms,
        )
    )
    delay = None if attempt.status == GONE else next_delay(claim.attempts, jitter)
    values: dict[str, object] = {"state": "pending", "next_attempt_at": now + (delay or 0.0)}
    if attempt.accepted or delay is None:
        values = {"state": "delivered" if attempt.accepted else "dead", "concluded_at": now}
    # the claim may have run out, and somebody else may have delivered meanwhile: that stands
    db.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.id == claim.id,
            WebhookDelivery.state == "pending",
            WebhookDelivery.attempts == claim.attempts,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def replay(db: Session, delivery_id: str, now: float) -> str:
    """Send a message again, with its id and body, to where the verification's webhook goes now."""
    old = db.get(WebhookDelivery, delivery_id)
    if old is None:
        raise NotFoundError("no such delivery")
    url = load_current(db, old.verification_id).configuration.webhook_config.event_callback_url
    if url is None:
        raise InputError("webhookConfig.eventCallbackUrl", "this verification has no webhook any more")
    return add_delivery(
        db, url, old.event, old.session_id, old.verification_id, old.body, now, message_id=old.message_id
    )


def send_test(db: Session, verification_id: str, now: float) -> str:
    """Queue an event that says nothing, to try an endpoint; returns the delivery's id."""
    url = load_current(db, verification_id).configuration.webhook_config.event_callback_url
    if url is None:
        raise InputError("webhookConfig.eventCallbackUrl", "this verification has no webhook")
    body = body_of(TEST_EVENT, None, verification_id, now)
    return add_delivery(db, url, TEST_EVENT, None, verification_id, body, now)


def list_deliveries(
    db: Session, verification_id: str | None = None, session_id: str | None = None, limit: int = 100
) -> Sequence[WebhookDelivery]:
    """Return deliveries, newest first."""
    query = select(WebhookDelivery).order_by(WebhookDelivery.created_at.desc()).limit(limit)
    if verification_id is not None:
        query = query.where(WebhookDelivery.verification_id == verification_id)
    if session_id is not None:
        query = query.where(WebhookDelivery.session_id == session_id)
    return db.scalars(query).all()


def attempts_of(db: Session, delivery_id: str) -> Sequence[WebhookAttempt]:
    """Return the log of one delivery, oldest first."""
    query = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id)
    return db.scalars(query.order_by(WebhookAttempt.id)).all()


def subscribed_url(db: Session, verification_id: str, event: str) -> str | None:
    """Return where a verification wants to hear of this event; None = it does not."""
    try:
        config: WebhookConfig = load_current(db, verification_id).configuration.webhook_config
    except NotFoundError:
        return None
    return config.event_callback_url if event in (config.events or DEFAULT_EVENTS) else None


def add_delivery(
    db: Session,
    url: str,
    event: str,
    session_id: str | None,
    verification_id: str,
    body: str,
    at: float,
    *,
    message_id: str | None = None,
) -> str:
    """Queue a message, due at once; returns the delivery's id."""
    delivery = WebhookDelivery(
        id=str(uuid4()),
        message_id=message_id or f"msg_{uuid4().hex}",
        verification_id=verification_id,
        session_id=session_id,
        event=event,
        url=url,
        body=body,
        state="pending",
        attempts=0,
        next_attempt_at=at,
        created_at=at,
    )
    db.add(delivery)
    db.flush()
    return delivery.id
