"""Asks the console for its heaviest pages over HTTP, and the database how it found what they show."""

import re
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import event, text
from webtest import TestApp

from app.console.visits.search import Place
from app.models import VerificationSession
from app.runtime import Runtime
from tests.functional.console_desk import sit_down

DAY = 86_400
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}
LARGE_TABLES = ("verification_session", "metric_rollup")
# What a plan says of an index, by dialect: "… USING INDEX name (…)", "Index Scan using name on …".
INDEX = re.compile(r"USING (?:COVERING )?(?:INDEX|PRIMARY KEY)(?: (\w+))?|(?:using|on) (\w*(?:ix|pk)_\w+)")
SCANS = re.compile(r"SCAN (?!.*USING)|Seq Scan on (?:verification_session|metric_rollup)\b")


@dataclass(frozen=True, slots=True)
class PageFigures:
    """How long one page takes, and which way its queries went."""

    name: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    indexes: list[str]
    scans: bool
    """True when a query read one of the large tables from end to end."""


def questions(runtime: Runtime) -> Mapping[str, str]:
    """Return what an operator may ask for, by name: the address of each page."""
    with runtime.database.reading() as db:
        visits = db.query(VerificationSession).order_by(VerificationSession.created_at)
        middle = visits.offset(visits.count() // 2).limit(1).one()
        busiest, quietest = _busiest_and_quietest(runtime)
    place = Place(middle.created_at, middle.id)
    day = time.strftime("%Y-%m-%d", time.gmtime(middle.created_at))
    old = time.strftime("%Y-%m-%d", time.gmtime(runtime.clock() - 170 * DAY))
    lists = {
        "newest": "",
        "page in the middle": f"before={place}",
        "one person": f"q={middle.external_id}",
        "state passed": "state=passed",
        "state cancelled": "state=cancelled",
        "reason liveness_failed": "reason=liveness_failed",
        "reason injection_suspected": "reason=injection_suspected",
        "rare reason of the quietest verification": f"reason=injection_suspected&verification={quietest}",
        "common reason of the quietest verification": f"reason=session_expired&verification={quietest}",
        "quietest verification, passed": f"state=passed&verification={quietest}",
        "busiest verification, one day": f"verification={busiest}&since={day}&until={day}",
        "failed on one day": f"state=failed&since={day}&until={day}",
        "reason that no such state has": "state=passed&reason=session_expired",
        "nobody": "q=nobody-of-that-name",
    }
    metrics = {
        "last 7 days": "range=week",
        "last 90 days": "range=quarter",
        "busiest verification, 90 days": f"range=quarter&verification={busiest}",
        "half a year": f"range=days&since={old}",
    }
    return {
        **{f"sessions: {name}": f"/console/sessions?{query}" for name, query in lists.items()},
        **{f"metrics: {name}": f"/console/metrics?{query}" for name, query in metrics.items()},
        "one session": f"/console/sessions/{middle.id}",
    }


def time_pages(runtime: Runtime, calls: int) -> list[dict[str, Any]]:
    """Ask for every page `calls` times, in turn, so that a busy moment falls on all alike."""
    asked, desk = questions(runtime), sit_down(runtime)
    plans = {name: plan_of(runtime, desk.browser, path) for name, path in asked.items()}
    walls: dict[str, list[float]] = {name: [] for name in asked}
    cpu = dict.fromkeys(asked, 0.0)
    for _ in range(calls):
        for name, path in asked.items():
            began, worked = time.perf_counter(), time.process_time()
            desk.browser.get(path)
            walls[name].append((time.perf_counter() - began) * 1000)
            cpu[name] += (time.process_time() - worked) * 1000
    return [
        asdict(
            PageFigures(
                name, statistics.median(taken), _p95(taken), cpu[name] / calls, *read_plan(plans[name])
            )
        )
        for name, taken in walls.items()
    ]


def plan_of(runtime: Runtime, browser: TestApp, path: str) -> list[str]:
    """Return the lines of the plans of all queries on large tables that a page makes."""
    dialect = runtime.database.engine.dialect.name
    with _noted(runtime) as statements:
        browser.get(path)
    lines = []
    with runtime.database.engine.connect() as connection:
        for statement, parameters in statements:
            if any(table in statement for table in LARGE_TABLES):
                rows = connection.exec_driver_sql(EXPLAIN[dialect] + statement, parameters)
                lines += [str(row[-1]) for row in rows]
    return lines


@contextmanager
def _noted(runtime: Runtime) -> Iterator[list[tuple[str, Any]]]:
    noted: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if statement.lstrip().startswith("SELECT"):
            noted.append((statement, parameters))

    event.listen(runtime.database.engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(runtime.database.engine, "before_cursor_execute", note)


def read_plan(plan: list[str]) -> tuple[list[str], bool]:
    """Return the indexes that a plan uses, and whether it reads a large table from end to end."""
    found = [
        match.group(1) or match.group(2) or "primary key" for line in plan if (match := INDEX.search(line))
    ]
    return list(dict.fromkeys(found)), any(SCANS.search(line) for line in plan)


def _p95(taken: list[float]) -> float:
    return sorted(taken)[min(len(taken) - 1, int(0.95 * len(taken)))]


def _busiest_and_quietest(runtime: Runtime) -> tuple[str, str]:
    query = text("SELECT verification_id FROM verification_session GROUP BY 1 ORDER BY count(*) DESC")
    with runtime.database.reading() as db:
        ids = [str(row[0]) for row in db.execute(query)]
    return ids[0], ids[-1]
