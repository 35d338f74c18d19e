"""How many links one core admits: what an opened link costs before anybody sees a page."""

from collections.abc import Sequence
from dataclasses import asdict

from tests.benchmark import people
from tests.benchmark.admission import measure_admission
from tests.benchmark.markdown import number, table
from tests.benchmark.section import Report, Run, Section, Target

ROUNDS, LINKS = 5, 2000
QUICK_ROUNDS, QUICK_LINKS = 1, 50
# A thousand links a second on one core.
LIMIT_MS = 1.0

INTRODUCTION = """One process opens links one after another on a SQLite file with a write-ahead log: parse,
check signature, expiration and attempt limit, claim the nonce, write session, transition and event, commit.
HTTP is not in it. The commit does not wait for the disk, as nothing rests on it yet; the first answer of the
person does, and makes all before it durable. Each line is a round on a fresh database."""


def measure(run: Run) -> Report:
    """Admit links in several rounds."""
    rounds, links = (QUICK_ROUNDS, QUICK_LINKS) if run.quick else (ROUNDS, LINKS)
    watched = people.watched("links")(range(rounds))
    return {"rounds": [asdict(measure_admission(people.SCRATCH, links)) for _ in watched]}


def render(report: Report) -> str:
    """Return a line for each round."""
    header = ("links", "links a second", "processor ms a link", "p50 ms", "p99 ms", "opened again, p50 ms")
    return f"{INTRODUCTION}\n\n{table(header, [_row(each) for each in report['rounds']])}"


def targets(report: Report) -> Sequence[Target]:
    """Return what a link may cost; the round that other work disturbed least counts."""
    walls, cpus = ([each[name] for each in report["rounds"]] for name in ("wall_ms", "cpu_ms"))
    return [
        Target("admitting a link: time, best round", "ms", LIMIT_MS, min(walls)),
        Target("admitting a link: processor time, best round", "ms", LIMIT_MS, min(cpus)),
    ]


def _row(each: Report) -> list[str]:
    rate = number(1000 / each["wall_ms"], 0)
    times = [number(each[name]) for name in ("cpu_ms", "p50_ms", "p99_ms", "repeated_p50_ms")]
    return [str(each["links"]), rate, *times]


SECTION = Section("admission", "Admitting links", measure, render, targets)
