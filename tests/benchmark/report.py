"""BENCHMARKS.md out of the figures of one run."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmark.accuracy import BEGIN, END
from tests.benchmark.figures import (
    DlibFigures,
    Figures,
    Machine,
    ServiceFigures,
    Timing,
    VisitFigures,
    mean,
    percentile,
)
from tests.benchmark.markdown import number, table
from tests.benchmark.search import section

MAX_CPU_S, MAX_VERDICT_S, MAX_RSS_MB = 0.8, 1.0, 600.0

INTRODUCTION = """# Benchmarks

Written by `make bench`; nothing here is typed by hand. Speed is measured on the machine below and never
asserted by a test. Accuracy is what `flask evaluate recognition|age|detection --json` measured."""

MODELS = "One 480×360 frame of one person, one thread per ONNX model."
SERVICE = """Real HTTP to gunicorn with worker processes of four threads and SQLite: liveness with three
random movements, face recognition (one account per person), age and gender. The visitor is a rendered head
that obeys the page at a person's speed, eight frames a second in batches of three as the page sends them; it
was rendered beforehand, so drawing costs the service nothing."""

ADVANCED = """The same with a turn, a nod and the light sequence of seven colours, which the rendered head
reflects."""

# A load average above this means that something else was running; an idle machine decays below it.
MAX_LOAD = 0.5
BUSY = """

Other work shared the processor during this run: times by the clock are too long, processor times hardly."""
QUICK = "**This was a quick run: it shows that everything works, and the numbers mean little.**"


@dataclass(frozen=True, slots=True)
class Target:
    """What the project wants to stay below."""

    what: str
    unit: str
    limit: float
    measured: float | None

    @property
    def verdict(self) -> str:
        """`met`, `missed` or, without a measurement, `not measured`."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.limit else "**missed**"


def render(figures: Figures, accuracy: str, search: str) -> str:
    """Return the whole document; `accuracy` and `search` are the contents of those sections."""
    sections = [
        INTRODUCTION,
        *([QUICK] if figures.quick else []),
        f"## Targets\n\n{_targets(targets_of(figures))}",
        f"## Machine\n\n{_machine(figures.machine)}",
        f"## Models\n\n{MODELS}\n\n{_timings(figures.models)}",
        f"## One frame through the pipeline\n\n{_timings(figures.frame)}",
        f"## One verification through HTTP\n\n{SERVICE} {_passed(figures.alone)}\n\n{_alone(figures.alone)}",
        f"## {figures.together.at_once} sessions at once\n\n"
        f"{_together_intro(figures.together)}\n\n{_together(figures)}",
        f"## The Advanced level\n\n{ADVANCED} {_passed(figures.advanced)} "
        f"{figures.advanced_together.at_once} at once: {_passed(figures.advanced_together)}\n\n"
        f"{_alone(figures.advanced)}",
        f"## Against dlib\n\n{_dlib(figures.dlib)}",
        section(search),
        f"## Accuracy\n\n{BEGIN}\n{accuracy}\n{END}",
    ]
    return "\n\n".join(sections) + "\n"


def targets_of(figures: Figures) -> list[Target]:
    """Return every target with what was measured."""
    peaks = figures.alone.peak_rss_mb + figures.together.peak_rss_mb
    verdicts = _verdicts(figures.together)
    p95 = percentile(verdicts, 0.95) / 1000 if verdicts else None
    advanced = _verdicts(figures.advanced_together)
    advanced_p95 = percentile(advanced, 0.95) / 1000 if advanced else None
    at_once = figures.together.at_once
    return [
        Target("processor time of one verification", "s", MAX_CPU_S, cpu_of_one(figures.alone)),
        Target("processor time of one Advanced verification", "s", MAX_CPU_S, cpu_of_one(figures.advanced)),
        Target(f"verdict after the last frame, p95, {at_once} at once", "s", MAX_VERDICT_S, p95),
        Target(f"the same, Advanced, {at_once} at once", "s", MAX_VERDICT_S, advanced_p95),
        Target("resident memory per worker, peak", "MB", MAX_RSS_MB, max(peaks, default=None)),
    ]


def cpu_of_one(service: ServiceFigures) -> float | None:
    """Return the processor seconds of the service for one visit."""
    return service.cpu_s / len(service.visits) if service.cpu_s is not None and service.visits else None


def _targets(targets: Sequence[Target]) -> str:
    rows = [
        [
            target.what,
            f"≤ {target.limit:g} {target.unit}",
            f"{number(target.measured)} {target.unit}",
            target.verdict,
        ]
        for target in targets
    ]
    return table(("target", "limit", "measured", ""), rows)


def _machine(machine: Machine) -> str:
    rows = [
        ["processor", machine.cpu],
        ["cores", str(machine.cores)],
        ["memory", f"{number(machine.memory_gb, 1)} GB"],
        ["system", machine.system],
        ["Python", machine.python],
        ["packages", ", ".join(f"{name} {version}" for name, version in machine.packages.items())],
        ["load before the run", number(machine.load_before, 1)],
        ["date", machine.date],
    ]
    return table(("", ""), rows) + (BUSY if (machine.load_before or 0) > MAX_LOAD else "")


def _timings(timings: Sequence[Timing]) -> str:
    rows = [
        [timing.name, number(timing.wall_ms), number(timing.cpu_ms), str(timing.calls), timing.note]
        for timing in timings
    ]
    return table(("call", "ms (median)", "processor ms (mean)", "calls", ""), rows)


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
        ["processor time of the service", f"{number(cpu_of_one(alone))} s"],
        ["wall time of the server's work", f"{number(_mean([visit.service_s for visit in done]))} s"],
        ["verdict after the last frame", f"{number(_mean(_verdicts(alone)), 0)} ms"],
        ["whole visit, opened link to verdict", f"{number(_mean([visit.visit_s for visit in done]), 1)} s"],
        ["frames sent", number(_mean([float(visit.frames) for visit in done]), 0)],
        ["peak resident memory per worker", _memory(alone)],
    ]
    return table((f"mean of {len(alone.visits)} visits, one after another", ""), rows)


def _together(figures: Figures) -> str:
    together, cores = figures.together, figures.machine.cores
    verdicts, one = _verdicts(together), cpu_of_one(together)
    busy = None if together.cpu_s is None else together.cpu_s / together.wall_s
    rows = [
        ["sessions per minute", number(together.passed / together.wall_s * 60, 1)],
        [
            "verdict after the last frame, p50",
            f"{number(percentile(verdicts, 0.5) if verdicts else None, 0)} ms",
        ],
        [
            "verdict after the last frame, p95",
            f"{number(percentile(verdicts, 0.95) if verdicts else None, 0)} ms",
        ],
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


def _memory(service: ServiceFigures) -> str:
    return ", ".join(f"{peak:.0f} MB" for peak in service.peak_rss_mb) or "–"


def _dlib(dlib: DlibFigures | str) -> str:
    if isinstance(dlib, str):
        return f"Not measured: {dlib}."
    timed = {
        "one chip at a time, processor ms": (dlib.ours_cpu_ms, dlib.dlib_cpu_ms),
        "one chip at a time, ms": (dlib.ours_ms, dlib.dlib_ms),
        f"batch of {dlib.chips}, ms per chip": (dlib.ours_batch_ms, dlib.dlib_batch_ms),
    }
    rows = [
        [name, number(here), number(there), number(there / here, 1)] for name, (here, there) in timed.items()
    ]
    return (
        f"The same weights in ONNX Runtime and in dlib {dlib.version} itself ({dlib.build}), on the same "
        f"{dlib.chips} chips in the same run. Ours uses one thread for one chip, all cores for a batch.\n\n"
        + table(("", "here", "dlib", "times faster"), rows)
        + f"\n\nAgreement: no number of any embedding differs by more than {dlib.largest_difference:.1e}; "
        f"lowest cosine similarity of the two {dlib.lowest_cosine:.9f}."
    )
