"""The benchmark of the console: what it fills in, what it asks, how it reads plans. Nothing is timed here."""

from typing import Any

import pytest

from app.metrics.counting import ALL_TIME, ALL_VERIFICATIONS
from app.models import FindingRow, MetricRollup, VerificationSession
from app.runtime import Runtime
from tests.benchmark.console_pages import plan_of, questions, read_plan, time_pages
from tests.benchmark.many_sessions import MEASURED_EVERY, SCORES, fill
from tests.benchmark.sections import console
from tests.databases import on_both_databases
from tests.functional.console_desk import sit_down

COUNT = 1200


@pytest.fixture
def filled(runtime: Runtime) -> Runtime:
    fill(runtime, COUNT, list)
    return runtime


@on_both_databases
def test_every_page_is_asked_for(filled: Runtime) -> None:
    pages = time_pages(filled, 1)
    assert {page["name"] for page in pages} == set(questions(filled))
    assert all(page["p95_ms"] >= page["p50_ms"] > 0 for page in pages)


def test_no_page_reads_a_large_table_from_end_to_end(filled: Runtime) -> None:
    assert [page["name"] for page in time_pages(filled, 1) if page["scans"] or not page["indexes"]] == []


def test_no_session_waits_to_be_counted_and_those_with_findings_are_in_the_counts(filled: Runtime) -> None:
    with filled.database.reading() as db:
        assert db.query(VerificationSession).count() == COUNT
        assert db.query(VerificationSession).filter_by(counted_at=None).count() == 0
        assert db.query(FindingRow).count() == len(SCORES) * COUNT / MEASURED_EVERY
        everything = db.get_one(MetricRollup, (ALL_TIME, 0, ALL_VERIFICATIONS))
    assert everything.counts["step:opened"] == COUNT / MEASURED_EVERY


def test_a_query_without_an_index_is_found_out(filled: Runtime) -> None:
    desk = sit_down(filled)
    with filled.database.transaction() as db:
        db.connection().exec_driver_sql("DROP INDEX ix_verification_session_created_at")
    plan = plan_of(filled, desk.browser, "/console/sessions")
    assert read_plan(plan)[1] is True


@pytest.mark.parametrize(
    ("line", "indexes", "scans"),
    [
        ("SEARCH verification_session USING INDEX ix_a (state=?)", ["ix_a"], False),
        ("SCAN verification_session USING COVERING INDEX ix_b", ["ix_b"], False),
        ("SEARCH metric_rollup USING PRIMARY KEY (seconds=?)", ["primary key"], False),
        ("SCAN verification_session", [], True),
        ("  ->  Index Scan Backward using ix_c on verification_session  (cost=0.4..5)", ["ix_c"], False),
        ("  ->  Bitmap Index Scan on pk_metric_rollup  (cost=0.00..4.31)", ["pk_metric_rollup"], False),
        ("Seq Scan on verification_session  (cost=0.00..1.00)", [], True),
    ],
)
def test_plans_of_both_databases_are_read(line: str, indexes: list[str], scans: bool) -> None:
    assert read_plan([line]) == (indexes, scans)


def page(name: str, p95: float, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "p50_ms": 5.0,
        "p95_ms": p95,
        "cpu_ms": 4.0,
        "indexes": ["ix_a"],
        "scans": False,
    } | changes


def test_the_section_has_a_table_for_each_database_and_the_slowest_as_target() -> None:
    pages = [
        page("sessions: newest", 20.0),
        page("sessions: all", 250.0, scans=True),
        page("metrics: week", 9.0),
    ]
    report = {"sessions": 1_000_000, "calls": 20, "pages": {"sqlite": pages}}
    text = console.render(report)
    assert "1,000,000 made-up sessions" in text
    assert "| sessions: all | 5.0 | 250.0 | 4.0 | `ix_a`, **reads all** |" in text
    assert [(each.measured, each.verdict) for each in console.targets(report)] == [
        (250.0, "**missed**"),
        (9.0, "met"),
    ]
    assert console.targets({**report, "sessions": 2000}) == []
