"""Sessions in the console: found by whatever one knows of them, and shown with all that decided."""

import itertools
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from webtest import TestApp

from app.console.roles import Role
from app.console.visits.search import PAGE, Place, SessionFilter, find_sessions
from app.inference.engine import OpenPackEngine
from app.models import AuditEntry, OutboxEvent, VerificationSession, WebhookAttempt
from app.runtime import Runtime
from app.vocabulary import Reason, SessionState
from app.webhooks.deliveries import dispatch_events
from tests.databases import on_both_databases
from tests.functional.console_desk import Desk, add_sessions, sit_down
from tests.functional.people import Cast
from tests.functional.visit import Person, complete
from tests.service import NOON, FakeClock, RelyingSite


@pytest.fixture
def viewer(runtime: Runtime) -> Desk:
    return sit_down(runtime, Role.VIEWER)


def listed(desk: Desk, **wanted: str) -> list[str]:
    page = desk.open("/console/sessions", params=wanted, status=200)
    return [link["href"].rpartition("/")[2] for link in page.html.select("td a[aria-label]")]


@on_both_databases
def test_pages_go_down_to_the_oldest_and_up_again(runtime: Runtime, site: RelyingSite, viewer: Desk) -> None:
    ids = add_sessions(runtime, site.publish(), 2 * PAGE + 10)
    # Several of one moment must not be lost between two pages.
    with runtime.database.transaction() as db:
        for row in db.query(VerificationSession).filter(VerificationSession.id.in_(ids[PAGE - 5 : PAGE + 5])):
            row.created_at = NOON - 60.0 * PAGE
    seen, page = [], viewer.open("/console/sessions")
    for _ in range(3):
        seen.append([link["href"].rpartition("/")[2] for link in page.html.select("td a[aria-label]")])
        older = page.html.find("a", rel="next")
        page = viewer.open(older["href"]) if older else page
    assert [len(each) for each in seen] == [PAGE, PAGE, 10]
    assert sorted(itertools.chain(*seen)) == sorted(ids)
    newer = viewer.open(page.html.find("a", rel="prev")["href"])
    assert [link["href"].rpartition("/")[2] for link in newer.html.select("td a[aria-label]")] == seen[1]


def test_each_filter_finds_what_it_names(runtime: Runtime, site: RelyingSite, viewer: Desk) -> None:
    shop, bank = site.publish(), site.publish(name="Bank")
    add_sessions(runtime, shop, 6)
    add_sessions(runtime, bank, 3)
    assert listed(viewer, q="person-4") == [str(UUID(int=4))]
    assert listed(viewer, q="person") == []
    assert len(listed(viewer, state="failed")) == 3
    assert len(listed(viewer, reason="underage", verification=shop)) == 2
    assert len(listed(viewer, verification=bank)) == 3
    assert len(listed(viewer, verification=bank, state="passed")) == 2
    assert listed(viewer, state="review") == []


def test_days_are_whole_and_in_utc(runtime: Runtime, site: RelyingSite, viewer: Desk) -> None:
    verification_id = site.publish()
    midnight = 1_789_948_800.0  # 2026-09-21T00:00:00Z
    for number, moment in enumerate((midnight - 1, midnight, midnight + 86_399, midnight + 86_400)):
        add_sessions(runtime, verification_id, 1, created_at=moment, external_id=f"moment-{number}")
    found = listed(viewer, since="2026-09-21", until="2026-09-21")
    assert found == [str(UUID(int=2)), str(UUID(int=1))]


def test_a_pasted_session_id_leads_to_its_page(runtime: Runtime, site: RelyingSite, viewer: Desk) -> None:
    [session_id] = add_sessions(runtime, site.publish(), 1)
    answer = viewer.open("/console/sessions", params={"q": f" {session_id.upper()} "}, status=303)
    assert answer.location.endswith(f"/console/sessions/{session_id}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "yesterday"},
        {"state": "happy"},
        {"reason": "none"},
        {"until": "2026-13-01"},
        {"q": "x" * 257},
        {"q": "a\0b"},
        {"verification": "none"},
    ],
)
def test_a_filter_that_makes_no_sense_says_so(viewer: Desk, wrong: dict[str, str]) -> None:
    page = viewer.open("/console/sessions", params=wrong, status=422)
    assert page.html.find(id=f"field-{next(iter(wrong))}-error").text


@pytest.mark.parametrize("place", ["nonsense", "1_", "_", "nan_x", "inf_x", "1e999_x", "1_\0"])
def test_a_garbled_place_is_no_error(viewer: Desk, place: str) -> None:
    viewer.open("/console/sessions", params={"before": place}, status=200)


def filters() -> Iterator[SessionFilter]:
    values: dict[str, Any] = {
        "external_id": "person-1",
        "state": SessionState.PASSED,
        "reason": Reason.UNDERAGE,
        "verification_id": str(UUID(int=1)),
    }
    for size in range(len(values) + 1):
        for names in itertools.combinations(values, size):
            yield SessionFilter(**{name: values[name] for name in names})


@pytest.mark.parametrize(
    "wanted", list(filters()), ids=lambda wanted: re.sub(r"\w+=None,? ?", "", str(wanted))
)
def test_every_search_follows_an_index_that_is_in_the_order_of_the_list(
    runtime: Runtime, wanted: SessionFilter
) -> None:
    statements: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    event.listen(runtime.database.engine, "before_cursor_execute", keep)
    with runtime.database.reading() as db:
        find_sessions(db, wanted, before=Place(NOON, "0"))
        statement, parameters = statements[-1]
        plan = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    assert len(plan) == 1, plan  # no sorting
    assert "SEARCH verification_session USING INDEX" in plan[0][3]


def test_a_decided_session_shows_numbers_thresholds_consent_and_webhooks(
    browser: TestApp,
    runtime: Runtime,
    clock: FakeClock,
    site: RelyingSite,
    viewer: Desk,
    engine: OpenPackEngine,
) -> None:
    verification_id = site.publish(
        verifierConfigs={
            "liveness": {"type": "Verification", "challengeType": "Balanced"},
            "faceRecognition": {"type": "UniqueMatchVerification"},
        },
        webhookConfig={"eventCallbackUrl": "https://shop.example/hook"},
    )
    alice = Person(Cast(engine).alice)
    result = complete(site, browser, verification_id, alice, external_id="alice")
    with runtime.database.transaction() as db:
        dispatch_events(db, clock())
    page = viewer.open(f"/console/sessions/{result.session_id}")
    text = " ".join(page.html.main.text.split())
    assert "There is no image to show" in text
    assert all(state in text for state in ("created", "capturing", "processing", "passed"))
    assert "Consented" in text
    assert re.search(r"SHA-256 of the text shown: [0-9a-f]{16}", text)
    assert "VerificationCompleted" in text
    assert re.search(r"✓ met face_present: at least 0\.6", text)
    assert "dlib" in page.html.find("code", string=re.compile("dlib")).text
    assert not page.html.main.find_all("img")
    assert "Redact this session" not in text


@on_both_databases
def test_redaction_leaves_the_row_and_nothing_of_the_person(
    runtime: Runtime, site: RelyingSite, viewer: Desk
) -> None:
    [session_id] = add_sessions(
        runtime, site.publish(), 1, correlation_id="order-7", overrides={}, ignored=["reX"]
    )
    reviewer = sit_down(runtime, Role.REVIEWER)
    viewer.send(f"/console/sessions/{session_id}/redact", status=403)
    reviewer.send(f"/console/sessions/{session_id}/redact", status=303)
    page = reviewer.open(f"/console/sessions/{session_id}")
    assert "Redacted on" in page
    assert not any(word in page for word in ("person-0", "order-7", "underage", "Redact this session"))
    reviewer.send(f"/console/sessions/{session_id}/redact", status=409)
    with runtime.database.reading() as db:
        assert [entry.action for entry in db.query(AuditEntry)][-1] == "session.redact"
        assert db.query(OutboxEvent).one().event == "SessionRedacted"
        assert db.query(WebhookAttempt).count() == 0


def test_an_unknown_session_is_not_found(viewer: Desk) -> None:
    viewer.open(f"/console/sessions/{UUID(int=5)}", status=404)
