"""Whoever leaves before the end is sent back with a signed reason."""

import pytest
from sqlalchemy import select
from webtest import TestApp

from app.models import ConsentRecord, OutboxEvent
from app.runtime import Runtime
from app.sandbox.pose import NEUTRAL
from tests.functional.visit import SIZE, Visit
from tests.service import FakeClock, RelyingSite
from tests.simulator.scenes import empty_room


@pytest.fixture
def visit(site: RelyingSite, browser: TestApp) -> Visit:
    return Visit.open(browser, site.runtime.clock, site.link(site.publish()))


def result_of(site: RelyingSite, visit: Visit) -> tuple[bool, str | None]:
    verification_id = visit.page["urls"] and site_verification(site, visit)
    result = site.check(verification_id, visit.return_url())
    return result.passed, result.failed_reason


def site_verification(site: RelyingSite, visit: Visit) -> str:
    from app.models import VerificationSession

    with site.runtime.database.reading() as db:
        return db.get_one(VerificationSession, visit.session_id).verification_id


@pytest.mark.parametrize(
    "reason", ["cancelled", "alternative_requested", "camera_denied", "camera_unavailable"]
)
def test_each_exit_returns_its_signed_reason(site: RelyingSite, visit: Visit, reason: str) -> None:
    visit.post("exit", {"reason": reason})
    assert visit.outcome == {"result": "failed", "reason": reason, "next": visit.page["urls"]["return"]}
    assert result_of(site, visit) == (False, reason)


def test_declined_consent_returns_its_signed_reason_and_is_recorded(
    site: RelyingSite, visit: Visit, runtime: Runtime
) -> None:
    visit.consent(accepted=False)
    assert result_of(site, visit) == (False, "consent_refused")
    with runtime.database.reading() as db:
        record = db.scalars(select(ConsentRecord)).one()
    assert (record.accepted, record.text_hash) == (False, visit.page["consent"]["textHash"])


def test_a_consent_to_a_text_that_was_never_shown_is_refused(visit: Visit) -> None:
    response = visit.post("consent", {"accepted": True, "textHash": "0" * 64}, status=400)
    assert response.json["field"] == "textHash"


def test_no_attempt_begins_without_consent(visit: Visit) -> None:
    assert visit.post("start", {}, status=409).json["type"].endswith(":state-conflict")


def test_no_frame_is_accepted_before_an_attempt_begins(visit: Visit) -> None:
    visit.consent()
    picture = empty_room().render(NEUTRAL, SIZE)
    assert "start one first" in send_refused(visit, [picture], 409)["detail"]


def send_refused(visit: Visit, pictures: list, status: int, **meta: object) -> dict:
    import json

    from app.sandbox.assets import encode_jpeg

    document = {"attempt": visit.status["attempt"], "first": 0, "clientMs": [0.0] * len(pictures)} | meta
    response = visit.browser.post(
        visit.page["urls"]["frames"],
        {"meta": json.dumps(document)},
        upload_files=[("frame", "f.jpg", encode_jpeg(picture)) for picture in pictures],
        headers={"X-Visavis-Page": visit.page["token"]},
        status=status,
    )
    return dict(response.json)


def test_an_exit_needs_a_known_reason(visit: Visit) -> None:
    assert visit.post("exit", {"reason": "passed"}, status=400).json["field"] == "reason"


def test_the_first_end_counts(site: RelyingSite, visit: Visit) -> None:
    visit.post("exit", {"reason": "cancelled"})
    visit.post("exit", {"reason": "camera_denied"})
    assert result_of(site, visit) == (False, "cancelled")


def test_an_expired_session_says_so(site: RelyingSite, visit: Visit, clock: FakeClock) -> None:
    clock.pass_seconds(601)
    response = visit.browser.get(
        visit.page["urls"]["status"], headers={"X-Visavis-Page": visit.page["token"]}
    )
    assert response.json["outcome"]["reason"] == "session_expired"
    assert result_of(site, visit) == (False, "session_expired")


def test_a_session_that_is_open_has_no_result(visit: Visit) -> None:
    visit.browser.get(visit.page["urls"]["return"], status=409)


def test_another_browser_does_not_see_the_session(visit: Visit, runtime: Runtime) -> None:
    from tests.service import new_browser

    stranger = new_browser(runtime)
    stranger.get(f"/session/{visit.session_id}", status=403)
    stranger.get(visit.page["urls"]["return"], status=403)


def test_each_end_leaves_one_event_in_the_outbox(visit: Visit, runtime: Runtime) -> None:
    visit.post("exit", {"reason": "cancelled"})
    with runtime.database.reading() as db:
        events = list(db.scalars(select(OutboxEvent.event).where(OutboxEvent.session_id == visit.session_id)))
    assert events == ["VerificationCreated", "VerificationCompleted"]
