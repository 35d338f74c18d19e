"""Webhooks in the console: what was sent, what came back, sending again, and trying the way."""

import pytest

from app.console.roles import Role
from app.models import AuditEntry, WebhookAttempt, WebhookDelivery
from app.runtime import Runtime
from tests.functional.console_desk import Desk, add_sessions, sit_down
from tests.service import NOON, RelyingSite

HOOK = "https://shop.example/hook"


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return sit_down(runtime, Role.EDITOR)


def send(runtime: Runtime, verification: str, state: str = "dead", name: str = "delivery-1") -> None:
    session = add_sessions(runtime, verification, 1)[0]
    with runtime.database.transaction() as db:
        row = WebhookDelivery(
            id=name, message_id=f"msg_{name}", verification_id=verification, session_id=session,
            event="VerificationCompleted", url=HOOK, body='{"event": "VerificationCompleted"}', state=state,
            attempts=10, next_attempt_at=NOON, created_at=NOON,
        )  # fmt: skip
        db.add(row)
        db.flush()
        db.add(WebhookAttempt(delivery_id=name, at=NOON, status=503, error=None, duration_ms=41.0))


def messages(runtime: Runtime) -> list[tuple[str, str]]:
    with runtime.database.reading() as db:
        rows = db.query(WebhookDelivery).order_by(WebhookDelivery.state)
        return [(row.message_id, row.state) for row in rows]


def deeds(runtime: Runtime) -> list[tuple[str, str]]:
    with runtime.database.reading() as db:
        return [(row.action, row.subject) for row in db.query(AuditEntry)]


def test_without_webhooks_the_page_says_so(desk: Desk) -> None:
    page = desk.open("/console/webhooks")
    assert "No verification has a webhook." in page
    assert "No message fits." in page


def test_messages_are_listed_with_every_try(desk: Desk, site: RelyingSite, runtime: Runtime) -> None:
    verification = site.publish(webhookConfig={"eventCallbackUrl": HOOK})
    send(runtime, verification)
    send(runtime, verification, "delivered", "delivery-2")
    assert len(desk.open("/console/webhooks").html.select("tbody tr")) == 2
    page = desk.open("/console/webhooks?state=dead")
    assert len(page.html.select("tbody tr")) == 1
    assert "10, last: 503" in page
    assert "1 given up" in page


def test_a_message_is_sent_again_under_its_id(desk: Desk, site: RelyingSite, runtime: Runtime) -> None:
    send(runtime, site.publish(webhookConfig={"eventCallbackUrl": HOOK}))
    page = desk.open("/console/webhooks")
    action = page.html.select_one("tbody form")["action"]
    assert "sent again" in desk.send(action, status=303).follow()
    assert messages(runtime) == [("msg_delivery-1", "dead"), ("msg_delivery-1", "pending")]
    assert deeds(runtime) == [("webhook.replay", "webhook/delivery-1")]


def test_a_test_event_is_on_its_way(desk: Desk, site: RelyingSite, runtime: Runtime) -> None:
    verification = site.publish(webhookConfig={"eventCallbackUrl": HOOK})
    assert "test event" in desk.send(f"/console/webhooks/test/{verification}", status=303).follow()
    assert [state for _, state in messages(runtime)] == ["pending"]
    assert deeds(runtime) == [("webhook.test", f"verification/{verification}")]


def test_nothing_is_sent_where_there_is_no_webhook_any_more(
    desk: Desk, site: RelyingSite, runtime: Runtime
) -> None:
    verification = site.publish()
    send(runtime, verification)
    for path in (f"test/{verification}", "delivery-1/replay"):
        page = desk.send(f"/console/webhooks/{path}", status=422)
        assert "no webhook" in page.html.select_one(".notice.bad").get_text()
    assert messages(runtime) == [("msg_delivery-1", "dead")]
    assert deeds(runtime) == []


def test_an_unknown_message_and_an_unknown_state_are_refused(desk: Desk) -> None:
    desk.send("/console/webhooks/nothing-like-this/replay", status=404)
    desk.send("/console/webhooks/test/nothing-like-this", status=404)
    assert desk.open("/console/webhooks?state=lost", status=422).html.find(id="field-state-error")


def test_a_viewer_sees_messages_and_sends_none(site: RelyingSite, runtime: Runtime) -> None:
    send(runtime, site.publish(webhookConfig={"eventCallbackUrl": HOOK}))
    desk = sit_down(runtime, Role.VIEWER)
    assert not desk.open("/console/webhooks").html.select("form[action*=replay], form[action*=test]")
    desk.send("/console/webhooks/delivery-1/replay", status=403)


def test_the_page_of_a_session_sends_its_message_again(
    desk: Desk, site: RelyingSite, runtime: Runtime
) -> None:
    send(runtime, site.publish(webhookConfig={"eventCallbackUrl": HOOK}))
    with runtime.database.reading() as db:
        session = db.get_one(WebhookDelivery, "delivery-1").session_id
    page = desk.open(f"/console/sessions/{session}")
    desk.send(page.html.select_one("form[action*=replay]")["action"], status=303)
    assert len(messages(runtime)) == 2
