"""What happens without a person: expiry, lost verdicts, retention."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select
from webtest import TestApp

from app import flow, worker
from app.inference.engine import OpenPackEngine
from app.models import AttemptLimit, Face, FindingRow, OutboxEvent, SpentNonce, VerificationSession
from app.runtime import Runtime
from app.sandbox.head import Head
from app.webhooks import loop
from app.webhooks.sender import Attempt
from tests.databases import on_both_databases
from tests.functional.visit import Person, Visit, complete
from tests.service import FakeClock, RelyingSite, new_browser
from tests.simulator.faces import head

pytestmark = on_both_databases

DAY = 24 * 3600
MATCH = {"faceRecognition": {"type": "MatchVerification"}}


@pytest.fixture(scope="module")
def alice(engine: OpenPackEngine) -> Head:
    return head("astronaut", engine)


def count(runtime: Runtime, table: Any) -> int:
    with runtime.database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def nobody_listens(url: str, _body: bytes, _headers: Mapping[str, str]) -> Attempt:
    raise AssertionError(f"{url} was never asked for")


def state_of(runtime: Runtime, session_id: str) -> tuple[str, str | None]:
    with runtime.database.reading() as db:
        visit = db.get_one(VerificationSession, session_id)
        return visit.state, visit.reason


def test_a_forgotten_session_expires(
    site: RelyingSite, browser: TestApp, runtime: Runtime, clock: FakeClock
) -> None:
    visit = Visit.open(browser, clock, site.link(site.publish()))
    clock.pass_seconds(599)
    assert worker.run_once(runtime, clock()).expired == 0
    clock.pass_seconds(1)
    assert worker.run_once(runtime, clock()).expired == 1
    assert state_of(runtime, visit.session_id) == ("expired", "session_expired")


def test_an_attempt_that_stands_still_times_out(
    site: RelyingSite, browser: TestApp, runtime: Runtime, clock: FakeClock
) -> None:
    visit = Visit.open(browser, clock, site.link(site.publish()))
    visit.consent()
    visit.start()
    clock.pass_seconds(180)
    worker.run_once(runtime, clock())
    assert state_of(runtime, visit.session_id) == ("expired", "timeout")


def test_a_verdict_that_a_dead_process_left_undone_is_reached(
    site: RelyingSite,
    browser: TestApp,
    runtime: Runtime,
    clock: FakeClock,
    alice: Head,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit = Visit.open(browser, clock, site.link(site.publish(verifierConfigs=MATCH), external_id="alice"))
    with monkeypatch.context() as death:
        death.setattr(flow, "run_verification", lambda *_: None)
        visit.consent()
        visit.start()
        visit.film(Person(alice), batches=12)
    assert state_of(runtime, visit.session_id) == ("processing", None)
    assert worker.run_once(runtime, clock()).decided == 0
    clock.pass_seconds(flow.LOST_AFTER_SECONDS)
    assert worker.run_once(runtime, clock()).decided == 1
    assert state_of(runtime, visit.session_id) == ("passed", None)
    assert count(runtime, Face) == 1


def test_a_person_who_waits_gets_the_verdict_that_a_dead_process_left_undone(
    site: RelyingSite,
    browser: TestApp,
    runtime: Runtime,
    clock: FakeClock,
    alice: Head,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit = Visit.open(browser, clock, site.link(site.publish(verifierConfigs=MATCH), external_id="alice"))
    with monkeypatch.context() as death:
        death.setattr(flow, "run_verification", lambda *_: None)
        visit.consent()
        visit.start()
        visit.film(Person(alice), batches=12)
    assert visit.look()["phase"] == "checking"
    clock.pass_seconds(flow.LOST_AFTER_SECONDS)
    assert visit.look()["outcome"]["result"] == "passed"


def test_a_verdict_that_fails_again_and_again_ends_with_a_reason(
    site: RelyingSite,
    browser: TestApp,
    runtime: Runtime,
    clock: FakeClock,
    alice: Head,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def poisoned(*_: object) -> None:
        raise RuntimeError("a row that nobody can read")

    visit = Visit.open(browser, clock, site.link(site.publish(verifierConfigs=MATCH), external_id="alice"))
    with monkeypatch.context() as death:
        death.setattr(flow, "run_verification", lambda *_: None)
        visit.consent()
        visit.start()
        visit.film(Person(alice), batches=12)
    monkeypatch.setattr(flow, "run_verification", poisoned)
    clock.pass_seconds(worker.GIVE_UP_AFTER_SECONDS + 1)
    worker.run_once(runtime, clock())
    assert state_of(runtime, visit.session_id) == ("errored", "internal_error")
    assert count(runtime, Face) == 0


def test_sessions_are_purged_when_their_retention_is_over_and_faces_when_theirs_is(
    site: RelyingSite, runtime: Runtime, clock: FakeClock, alice: Head
) -> None:
    verification = site.publish(verifierConfigs=MATCH, retentionConfig={"sessionDays": 7, "faceDays": 30})
    complete(site, new_browser(runtime), verification, Person(alice), external_id="alice")
    loop.run_once(runtime, nobody_listens, clock())
    clock.pass_seconds(7 * DAY - 60)
    assert worker.run_once(runtime, clock()).purged == 0
    clock.pass_seconds(120)
    assert worker.run_once(runtime, clock()).purged == 1
    left = [count(runtime, table) for table in (VerificationSession, FindingRow, OutboxEvent, SpentNonce)]
    assert left == [0, 0, 0, 0]
    assert count(runtime, Face) == 1
    clock.pass_seconds(23 * DAY)
    assert worker.run_once(runtime, clock()).faces_forgotten == 1
    assert count(runtime, Face) == 0
    assert count(runtime, AttemptLimit) == 0
