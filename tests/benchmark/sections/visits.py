"""Whole verifications through HTTP: one after another, and several at once."""

import sys
from collections.abc import Sequence
from dataclasses import asdict

from tqdm import tqdm

from tests.benchmark import people
from tests.benchmark.figures import ServiceFigures, VisitFigures, mean, percentile
from tests.benchmark.film import Film
from tests.benchmark.machine import usable_cores
from tests.benchmark.markdown import number, table
from tests.benchmark.section import Report, Run, Section, Target
from tests.benchmark.service import measured_service

MAX_CPU_S, MAX_VERDICT_S, MAX_RSS_MB = 0.8, 1.0, 600.0

SERVICE = """Real HTTP to gunicorn with worker processes of four threads and SQLite: liveness with four
random movements, face recognition (one account per person), age and gender. The visitor is a rendered head
that obeys the page at a person's speed and sends frames as the page does: eight a second in batches of two,
ten a second in batches of six under the colours. It was rendered beforehand, so drawing costs the service
nothing."""

ADVANCED = """The same with a turn, a nod and the light sequence of eight colours, which the rendered head
reflects."""

# Level -> the names of its figures: visits one after another, everybody at once.
LEVELS = {"Balanced": ("alone", "together"), "Advanced": ("advanced", "advanced_together")}
# Visits one after another, rounds of everybody at once.
EFFORT, QUICK_EFFORT = (10, 5), (1, 1)


def measure(run: Run) -> Report:
    """Let people visit at both levels."""
    films = people.films()
    report: dict[str, object] = {"cores": usable_cores()}
    for level, names in LEVELS.items():
        figures = _visit(films, level, *(QUICK_EFFORT if run.quick else EFFORT))
        report |= dict(zip(names, map(asdict, figures), strict=True))
    return report


def render(report: Report) -> str:
    """Return the tables of both levels."""
    alone, together = _read(report, "alone"), _read(report, "together")
    advanced, advanced_together = _read(report, "advanced"), _read(report, "advanced_together")
    return "\n\n".join(
        [
            f"{SERVICE} {_passed(alone)}",
            _alone(alone),
            f"### {together.at_once} sessions at once",
            _together_intro(together),
            _together(together, report["cores"]),
            "### The Advanced level",
            f"{ADVANCED} {_passed(advanced)}",
            f"{advanced_together.at_once} at once: {_passed(advanced_together)}",
            _alone(advanced),
        ]
    )


def targets(report: Report) -> Sequence[Target]:
    """Return what a visit may take."""
    alone, together = _read(report, "alone"), _read(report, "together")
    advanced, advanced_together = _read(report, "advanced"), _read(report, "advanced_together")
    at_once, peaks = together.at_once, alone.peak_rss_mb + together.peak_rss_mb
    return [
        Target("processor time of one verification", "s", MAX_CPU_S, _cpu_of_one(alone)),
        Target("processor time of one Advanced verification", "s", MAX_CPU_S, _cpu_of_one(advanced)),
        Target(f"verdict after the last frame, p95, {at_once} at once", "s", MAX_VERDICT_S, _p95_s(together)),
        Target(f"the same, Advanced, {at_once} at once", "s", MAX_VERDICT_S, _p95_s(advanced_together)),
        Target("resident memory per worker, peak", "MB", MAX_RSS_MB, max(peaks, default=None)),
    ]


def _visit(
    films: Sequence[Film], level: str, alone: int, together: int
) -> tuple[ServiceFigures, ServiceFigures]:
    """Measure visits one after another, then all people at once; a first round only warms up."""
    total = len(films) + alone + together * len(films)
    with (
        measured_service(people.SCRATCH, level) as service,
        tqdm(total=total, desc=f"visits, {level}", file=sys.stderr) as bar,
    ):
        service.run(films, 1, bar.update)
        return service.run(films[:1], alone, bar.update), service.run(films, together, bar.update)


def _read(report: Report, name: str) -> ServiceFigures:
    figures = report[name]
    return ServiceFigures(**{**figures, "visits": [VisitFigures(**visit) for visit in figures["visits"]]})


def _cpu_of_one(service: ServiceFigures) -> float | None:
    return service.cpu_s / len(service.visits) if service.cpu_s is not None and service.visits else None


def _p95_s(service: ServiceFigures) -> float | None:
    p95 = _percentile(_verdicts(service), 0.95)
    return None if p95 is None else p95 / 1000


def _together_intro(together: ServiceFigures) -> str:
    return (
        f"{together.at_once} different people come and go without a pause, at a person's speed. "
        f"{_passed(together)} The visitors themselves took {number(together.client_cpu_s, 1)} s of the "
        "processor on the same machine."
    )


def _passed(service: ServiceFigures) -> str:
    sentence = f"{service.passed} of {len(service.visits)} visits passed."
    others = sorted({visit.outcome for visit in service.visits} - {"passed"})
    return sentence + (f" The others: {', '.join(others)}." if others else "")


def _alone(alone: ServiceFigures) -> str:
    done = _completed(alone)
    rows = [
        ["processor time of the service", f"{number(_cpu_of_one(alone))} s"],
        ["wall time of the server's work", f"{number(_mean([visit.service_s for visit in done]))} s"],
        ["verdict after the last frame", f"{number(_mean(_verdicts(alone)), 0)} ms"],
        ["whole visit, opened link to verdict", f"{number(_mean([visit.visit_s for visit in done]), 1)} s"],
        ["frames sent", number(_mean([float(visit.frames) for visit in done]), 0)],
        ["peak resident memory per worker", _memory(alone)],
    ]
    return table((f"mean of {len(alone.visits)} visits, one after another", ""), rows)


def _together(together: ServiceFigures, cores: int) -> str:
    verdicts, one = _verdicts(together), _cpu_of_one(together)
    busy = None if together.cpu_s is None else together.cpu_s / together.wall_s
    rows = [
        ["sessions per minute", number(together.passed / together.wall_s * 60, 1)],
        ["verdict after the last frame, p50", f"{number(_percentile(verdicts, 0.5), 0)} ms"],
        ["verdict after the last frame, p95", f"{number(_percentile(verdicts, 0.95), 0)} ms"],
        ["processor time of the service per session", f"{number(one)} s"],
        [f"cores busy with the service, of {cores}", number(busy)],
        ["sessions per minute that the processor allows", number(60 * cores / one, 0) if one else "–"],
        ["peak resident memory per worker", _memory(together)],
    ]
    return table((f"{len(together.visits)} visits", ""), rows)


def _verdicts(service: ServiceFigures) -> list[float]:
    return [visit.verdict_ms for visit in _completed(service)]


def _completed(service: ServiceFigures) -> list[VisitFigures]:
    """Return the visits whose times count; what became of the others stands above the table."""
    return [visit for visit in service.visits if visit.outcome == "passed"]


def _mean(values: list[float]) -> float | None:
    return mean(values) if values else None


def _percentile(values: list[float], share: float) -> float | None:
    return percentile(values, share) if values else None


def _memory(service: ServiceFigures) -> str:
    return ", ".join(f"{peak:.0f} MB" for peak in service.peak_rss_mb) or "–"


SECTION = Section("visits", "One verification through HTTP", measure, render, targets)
