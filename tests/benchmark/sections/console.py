"""The console's lists and pictures over a million sessions, and the index that answers each question."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.runtime import Runtime
from app.schema import upgrade
from app.wiring import build_runtime
from tests.benchmark import people
from tests.benchmark.console_pages import time_pages
from tests.benchmark.many_sessions import DAYS, VERIFICATIONS, fill
from tests.benchmark.markdown import number, table
from tests.benchmark.section import Report, Run, Section, Target
from tests.postgresql import running_server
from tests.service import FakeClock, settings_for

SESSIONS, QUICK_SESSIONS = 1_000_000, 2000
CALLS, QUICK_CALLS = 20, 2
LIMIT_MS = 200.0
ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

INTRODUCTION = """{sessions:,} made-up sessions of {days} days and {verifications} verifications, one of
which has half of them; findings and counts of every tenth. Each line is one page of the console, asked
for {calls} times through the whole application, in turn with the others: rendering included, the network
not. *Index* is what the database's own plan names for the queries on sessions and counts; a question that
reads a large table from end to end says so."""


def measure(run: Run) -> Report:
    """Fill both databases and ask for every page."""
    sessions, calls = (QUICK_SESSIONS, QUICK_CALLS) if run.quick else (SESSIONS, CALLS)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server() as server,
        server.database(server.migrated_template()) as postgresql_url,
    ):
        urls = {"sqlite": f"sqlite:///{Path(folder) / 'visavis.db'}", "postgresql": postgresql_url}
        pages = {name: _pages(Path(folder), url, sessions, calls) for name, url in urls.items()}
    return {"sessions": sessions, "calls": calls, "pages": pages}


def render(report: Report) -> str:
    """Return a table for each database."""
    words = {"sessions": report["sessions"], "calls": report["calls"]}
    parts = [INTRODUCTION.format(days=DAYS, verifications=VERIFICATIONS, **words)]
    for engine, pages in report["pages"].items():
        parts += [f"### {ENGINES[engine]}", _table(pages)]
    return "\n\n".join(parts)


def targets(report: Report) -> Sequence[Target]:
    """Return what lists and metrics may take with a million sessions; none for fewer."""
    if report["sessions"] != SESSIONS:
        return []
    return [
        Target(f"a million sessions, {kind} on {ENGINES[engine]}: slowest, p95", "ms", LIMIT_MS, slowest)
        for engine, pages in report["pages"].items()
        for kind in ("sessions", "metrics")
        if (slowest := max(page["p95_ms"] for page in pages if page["name"].startswith(kind)))
    ]


def _pages(folder: Path, url: str, sessions: int, calls: int) -> list[dict[str, Any]]:
    with _service(folder, url) as runtime:
        fill(runtime, sessions, people.watched(f"filling {runtime.database.engine.dialect.name}"))
        return time_pages(runtime, calls)


@contextmanager
def _service(folder: Path, url: str) -> Iterator[Runtime]:
    settings = settings_for(folder, database_url=url)
    runtime = build_runtime(settings, engine=people.engine(), clock=FakeClock())
    upgrade(runtime.database)
    try:
        yield runtime
    finally:
        runtime.database.engine.dispose()


def _table(pages: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            page["name"],
            number(page["p50_ms"], 1),
            number(page["p95_ms"], 1),
            number(page["cpu_ms"], 1),
            ", ".join(f"`{name}`" for name in page["indexes"]) + (", **reads all**" if page["scans"] else ""),
        ]
        for page in pages
    ]
    return table(("page", "p50 ms", "p95 ms", "processor ms", "index"), rows)


SECTION = Section("console", "The console over many sessions", measure, render, targets)
