"""Watching pages of the console: metrics, audit log, go-live check."""

import json
from typing import Any

import pytest

from app import worker
from app.audit.actions import Action, Actor
from app.audit.log import record
from app.console.roles import Role
from app.models import AuditEntry, FindingRow, VerificationSession
from app.runtime import Runtime
from app.vocabulary import Evidence
from tests.functional.console_desk import Desk, sit_down
from tests.functional.review_scenes import ReviewScene, face
from tests.functional.visit import Visit
from tests.service import FakeClock, RelyingSite, new_browser


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return sit_down(runtime, Role.OWNER)


def texts(page: Any, selector: str) -> list[str]:
    return [" ".join(found.get_text().split()) for found in page.html.select(selector)]


# The audit log -----------------------------------------------------------------------------------------


def write(runtime: Runtime, count: int) -> None:
    with runtime.database.transaction() as db:
        for number in range(count):
            record(
                db, Actor("bert", "editor"), Action.FACE_DELETE, f"face/{number}", None, {"n": number}, 1.0
            )


def test_the_log_is_shown_newest_first_in_pages(desk: Desk, runtime: Runtime) -> None:
    write(runtime, 60)
    first = desk.open("/console/audit")
    assert texts(first, "tbody td.number")[:2] == ["60", "59"]
    second = first.click("Older")
    assert texts(second, "tbody td.number") == [str(number) for number in range(10, 0, -1)]


def test_the_log_is_filtered(desk: Desk, runtime: Runtime) -> None:
    write(runtime, 12)
    found = desk.open("/console/audit?subject=face/11&action=face.delete&actor=bert")
    assert texts(found, "tbody td.number") == ["12"]
    assert "No entries match" in desk.open("/console/audit?actor=nobody")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=yesterday", "since"),
        ("until=2026-02-31", "until"),
        ("before=x", "before"),
        (f"actor={'x' * 301}", "actor"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(desk: Desk, query: str, field: str) -> None:
    page = desk.open(f"/console/audit?{query}", status=422)
    assert page.html.select_one(f".notice.bad a[href='#field-{field}']")


def test_an_export_is_json_lines_and_an_entry_itself(desk: Desk, runtime: Runtime) -> None:
    write(runtime, 2)
    answer = desk.send("/console/audit/export", status=200, action="face.delete")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [json.loads(line)["subject"] for line in answer.text.splitlines()] == ["face/0", "face/1"]
    with runtime.database.reading() as db:
        newest = db.query(AuditEntry).order_by(AuditEntry.number.desc()).first()
    assert (newest.actor, newest.action) == (desk.email, "audit.export")


def test_a_broken_chain_is_told(desk: Desk, runtime: Runtime) -> None:
    write(runtime, 3)
    assert "All 3 entries" in desk.send("/console/audit/verify", status=200)
    with runtime.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_entry SET actor = 'x' WHERE number = 2")
    assert "Entry 2 is bad" in desk.send("/console/audit/verify", status=200)


# Metrics -------------------------------------------------------------------------------------------------


def expired_session(site: RelyingSite, clock: FakeClock) -> str:
    verification = site.publish()
    Visit.open(new_browser(site.runtime), clock, site.link(verification))
    clock.pass_seconds(600)
    worker.run_once(site.runtime, clock())
    return verification


def test_metrics_say_that_there_is_nothing_yet(desk: Desk) -> None:
    assert "No session of this time is over yet" in desk.open("/console/metrics")


def test_metrics_show_what_was_counted(desk: Desk, site: RelyingSite, clock: FakeClock) -> None:
    verification = expired_session(site, clock)
    for time in ("day", "week", "month", "quarter"):
        page = desk.open(f"/console/metrics?range={time}&verification={verification}")
        assert "session expired" in texts(page, ".lying-label")
        assert page.html.select("svg rect.pic-rest")
    other = site.publish(name="Another")
    assert "No session of this time" in desk.open(f"/console/metrics?verification={other}")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("verification=nobody", "verification"),
        ("range=year", "range"),
        ("range=days", "since"),
        ("range=days&since=2026-13-01", "since"),
        ("range=days&since=2026-01-02&until=2026-01-01", "until"),
        ("range=days&since=2001-01-01&until=2026-01-01", "until"),
    ],
)
def test_a_range_that_makes_no_sense_is_named(desk: Desk, query: str, field: str) -> None:
    page = desk.open(f"/console/metrics?{query}", status=422)
    assert page.html.select_one(f".notice.bad a[href='#field-{field}']")


def test_days_of_ones_choice_are_whole(desk: Desk, site: RelyingSite, clock: FakeClock) -> None:
    expired_session(site, clock)
    page = desk.open("/console/metrics?range=days&since=2026-09-21&until=2026-09-21")
    assert texts(page, ".big dd")[0] == "1"


def test_a_histogram_has_its_threshold_and_numbers_for_the_slider(
    desk: Desk, site: RelyingSite, clock: FakeClock, runtime: Runtime
) -> None:
    verification = site.publish()
    visit = Visit.open(new_browser(runtime), clock, site.link(verification))
    with runtime.database.transaction() as db:
        db.get_one(VerificationSession, visit.session_id)
        for evidence, score in ((Evidence.CONTINUITY, 0.5), (Evidence.CONTINUITY, 0.97)):
            db.add(
                FindingRow(
                    session_id=visit.session_id, attempt=0, evidence=evidence, score=score, unit="",
                    method="", details={},
                )
            )  # fmt: skip
    clock.pass_seconds(600)
    worker.run_once(runtime, clock())
    card = desk.open("/console/metrics").html.select_one("[data-histogram]")
    assert float(card["data-threshold"]) == 0.93
    bars = card.select("[data-bar]")
    assert (float(bars[0]["data-low"]), float(bars[-1]["data-low"])) == (0.5, 0.97)
    assert sum(int(bar["data-failed"]) for bar in bars) == 2
    assert card.select("path.pic-mark")


# Go-live ---------------------------------------------------------------------------------------------------


def test_the_check_names_what_is_to_be_mended(desk: Desk, site: RelyingSite) -> None:
    verification = site.publish(securityConfig={"forceSignedInput": False})
    page = desk.open("/console/go-live")
    assert "worker.alive" in page
    assert "verifications.signed" in page
    assert page.html.select(f"a[href='/console/configurations/{verification}']")


# Reviews in the menu ---------------------------------------------------------------------------------


def test_the_menu_says_how_many_wait(desk: Desk, site: RelyingSite) -> None:
    scene = ReviewScene(site)
    scene.enrol(face(1))
    scene.visit(face(1, 0.9))
    assert "1 waiting" in texts(desk.open("/console/reviews"), "nav .count")[0]
