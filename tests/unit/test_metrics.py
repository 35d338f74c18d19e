"""Counting: every session once, into its hour, its day and all time; and what is read from that."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app import projects
from app.db import Database
from app.metrics.counting import ALL_VERIFICATIONS, count_concluded, forget_old_hours
from app.metrics.prometheus import metrics_text
from app.metrics.reading import TimeRange, all_time, open_sessions, read_metrics
from app.metrics.scales import DURATION, SCALE_OF_EVIDENCE
from app.models import FindingRow, MetricRollup, SessionTransition, VerificationSession
from app.sealing import Sealer
from app.verifications.store import publish
from app.vocabulary import Evidence
from tests.databases import DIALECTS, new_database
from tests.postgresql import PostgresqlServer
from tests.service import NOON

HOUR, DAY = 3600, 24 * 3600
SPAN = TimeRange(NOON - HOUR, NOON + 1)


class Shop:
    """A project with verifications, and sessions that nobody had to play."""

    def __init__(self, database: Database) -> None:
        self.database, self._next = database, 0
        with database.transaction() as db:
            project = projects.get_or_create_project(db, Sealer(bytes(range(32))), "shop", NOON)
            document = {"name": "Check", "verifierConfigs": {"age": {"type": "CalculationOnly"}}}
            made = [publish(db, project.id, document, NOON) for _ in range(2)]
        self.versions = {each.configuration.id: each.version_id for each in made}
        self.verification, self.other = self.versions

    def session(self, state: str = "passed", at: float = NOON, **changes: Any) -> str:
        self._next += 1
        verification = changes.pop("verification_id", self.verification)
        over = state in {"passed", "failed", "expired", "cancelled", "errored"}
        values: dict[str, Any] = {
            "id": f"{self._next:036}", "verification_id": verification,
            "version_id": self.versions[verification], "state": state, "link_fingerprint": "", "signed": True,
            "overrides": {}, "ignored": [], "custom_parameters": [], "browser_token_hash": "",
            "page_generation": 1, "attempt_number": 1, "frame_count": 30, "verifier_results": {},
            "decision_notes": {}, "created_at": at, "expires_at": at + 600,
            "concluded_at": at + 10 if over else None,
        }  # fmt: skip
        with self.database.transaction() as db:
            db.add(VerificationSession(**(values | changes)))
        return str(values["id"])

    def add(self, *rows: Any) -> None:
        with self.database.transaction() as db:
            db.add_all(rows)

    def count(self) -> int:
        return count_concluded(self.database, NOON + 60)

    def read(self, *verifications: str, span: TimeRange = SPAN) -> Any:
        with self.database.reading() as db:
            return read_metrics(db, verifications or None, span)


@pytest.fixture(params=DIALECTS)
def shop(request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgresqlServer) -> Iterator[Shop]:
    with new_database(request.param, tmp_path, postgresql) as database:
        yield Shop(database)


def finding(session_id: str, evidence: Evidence, score: float | None, attempt: int = 1) -> FindingRow:
    return FindingRow(
        session_id=session_id, attempt=attempt, evidence=evidence, score=score, unit="", method="", details={}
    )


def test_every_session_is_counted_once_and_only_when_it_is_over(shop: Shop) -> None:
    for state in ("passed", "failed", "expired", "capturing", "review"):
        shop.session(state)
    assert shop.count() == 3
    assert shop.count() == 0
    assert shop.read().named("state") == {"expired": 1, "failed": 1, "passed": 1}
    with shop.database.reading() as db:
        assert open_sessions(db) == {"capturing": 1, "review": 1}
        assert open_sessions(db, [shop.other]) == {}


def test_a_review_counts_when_it_is_decided(shop: Shop) -> None:
    waiting = shop.session("review", concluded_at=NOON + 5)
    assert shop.count() == 0
    with shop.database.transaction() as db:
        visit = db.get_one(VerificationSession, waiting)
        setattr(visit, "state", "passed")  # noqa: B010 -- only the lifecycle writes it by name
    assert shop.count() == 1


def test_more_sessions_than_one_transaction_takes_are_all_counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.metrics.counting.AT_ONCE", 2)
    for _ in range(5):
        shop.session()
    assert shop.count() == 5
    assert shop.read().total == 5


def test_steps_show_where_people_drop_off(shop: Shop) -> None:
    shop.session("expired", frame_count=0)
    shop.session("cancelled", frame_count=0, consented_at=NOON)
    shop.session("expired", frame_count=9)
    complete = shop.session("errored")
    shop.add(
        SessionTransition(
            session_id=complete, old_state="capturing", new_state="processing", actor="person", at=NOON
        )
    )
    shop.session("failed", reason="face_mismatch")
    shop.session("passed")
    shop.count()
    metrics = shop.read()
    assert metrics.steps == [
        ("opened", 6),
        ("consented", 5),
        ("capturing", 4),
        ("complete", 3),
        ("decided", 2),
        ("passed", 1),
    ]
    assert metrics.pass_rate == 0.5
    assert metrics.named("reason") == {"face_mismatch": 1}


def test_without_a_decision_there_is_no_rate(shop: Shop) -> None:
    shop.session("expired")
    shop.count()
    assert shop.read().pass_rate is None
    assert shop.read().duration(0.5) is None


def test_verifications_and_hours_are_told_apart(shop: Shop) -> None:
    shop.session()
    shop.session("failed", verification_id=shop.other)
    shop.session(at=NOON - HOUR)
    shop.session(at=NOON - 2 * DAY)
    shop.count()
    assert shop.read(shop.other).named("state") == {"failed": 1}
    assert [(each.total, each.passed) for each in shop.read().series] == [(1, 1), (2, 1)]
    month = TimeRange(NOON - 30 * DAY, NOON + 1)
    assert month.seconds == DAY
    assert [each.total for each in shop.read(span=month).series if each.total] == [1, 3]


def test_percentiles_of_durations_are_close(shop: Shop) -> None:
    for seconds in range(1, 101):
        shop.session(concluded_at=NOON + seconds)
    shop.count()
    for share in (0.5, 0.9, 0.99):
        assert shop.read().duration(share) == pytest.approx(100 * share, rel=0.04)


def test_histograms_hold_the_scores_of_the_last_attempt_by_result(shop: Shop) -> None:
    passed = shop.session(attempt_number=2)
    failed = shop.session("failed")
    shop.add(
        finding(passed, Evidence.CONTINUITY, 0.5, attempt=1),
        finding(passed, Evidence.CONTINUITY, 0.983, attempt=2),
        finding(failed, Evidence.CONTINUITY, 0.955),
        finding(failed, Evidence.FACE_COMPARISON, -1.0),
        finding(failed, Evidence.AGE, None),
    )
    shop.count()
    bars = shop.read().histogram(Evidence.CONTINUITY)
    assert [(bar.low, bar.passed, bar.failed) for bar in bars] == [
        (0.95, 0, 1),
        (0.96, 0, 0),
        (0.97, 0, 0),
        (0.98, 1, 0),
    ]
    assert shop.read().histogram(Evidence.FACE_COMPARISON) == ()
    assert shop.read().histogram(Evidence.AGE) == ()


def test_old_hours_are_forgotten_and_days_stay(shop: Shop) -> None:
    shop.session()
    shop.count()
    with shop.database.transaction() as db:
        forget_old_hours(db, NOON + 15 * DAY)
    with shop.database.reading() as db:
        seconds = set(db.scalars(select(MetricRollup.seconds)))
        assert seconds == {DAY, 0}
        # Of the verification, and of all of them.
        assert db.scalar(select(func.count()).select_from(MetricRollup)) == 4


def test_a_histogram_reaches_to_its_threshold_unless_that_is_far_away(shop: Shop) -> None:
    visit = shop.session()
    finding = {"attempt": 1, "evidence": Evidence.FACE_PRESENCE, "score": 0.95, "unit": "", "method": ""}
    shop.add(FindingRow(session_id=visit, details={}, **finding))
    shop.count()
    metrics = shop.read()
    assert len(metrics.histogram(Evidence.FACE_PRESENCE)) == 1
    bars = metrics.histogram(Evidence.FACE_PRESENCE, 0.6)
    assert (bars[0].low, bars[-1].low, sum(bar.passed for bar in bars)) == (0.6, 0.94, 1)
    assert len(metrics.histogram(Evidence.FACE_PRESENCE, -9.0)) == 1


def test_counts_from_before_the_sums_are_in_the_sums(shop: Shop) -> None:
    shop.session("passed")
    shop.session("failed", verification_id=shop.other)
    shop.count()
    with shop.database.transaction() as db:
        db.query(MetricRollup).filter_by(verification_id=ALL_VERIFICATIONS).delete()
    shop.session("passed")
    shop.count()
    assert (shop.read().total, shop.read().named("state")) == (3, {"passed": 2, "failed": 1})
    with shop.database.reading() as db:
        assert set(all_time(db)) == {shop.verification, shop.other}


def test_prometheus_reads_counters_gauges_and_a_histogram(shop: Shop) -> None:
    shop.session(concluded_at=NOON + 12)
    shop.session("failed", reason="no_face", concluded_at=NOON + 12)
    shop.session("review")
    shop.count()
    with shop.database.reading() as db:
        text = metrics_text(db, NOON).decode()
    label = f'verification="{shop.verification}"'
    for line in (
        f'visavis_sessions_total{{state="passed",{label}}} 1.0',
        f'visavis_session_reasons_total{{reason="no_face",{label}}} 1.0',
        'visavis_sessions_open{state="review"} 1.0',
        f'visavis_session_duration_seconds_bucket{{le="10.0",{label}}} 0.0',
        f'visavis_session_duration_seconds_bucket{{le="15.0",{label}}} 2.0',
        f"visavis_session_duration_seconds_count{{{label}}} 2.0",
        "visavis_worker_silence_seconds +Inf",
        "visavis_audit_entries_total 0.0",
    ):
        assert line in text.splitlines(), line


def test_every_kind_of_score_has_a_scale() -> None:
    assert set(SCALE_OF_EVIDENCE) == set(Evidence)


@pytest.mark.parametrize("evidence", list(Evidence))
def test_a_bar_holds_what_it_says(evidence: Evidence) -> None:
    scale = SCALE_OF_EVIDENCE[evidence]
    for hundredth in range(1, 101):
        value = hundredth / 100
        bar = scale.bar(value)
        assert scale.edge(bar) <= value * 1.0001
        assert value <= scale.edge(bar + 1) * 1.0001


def test_an_edge_belongs_to_the_bar_above_it() -> None:
    assert (
        SCALE_OF_EVIDENCE[Evidence.CONTINUITY].edge(SCALE_OF_EVIDENCE[Evidence.CONTINUITY].bar(0.93)) == 0.93
    )
    assert DURATION.bar(0.0) == DURATION.bar(0.1)
