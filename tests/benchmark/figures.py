"""What is measured of models and service: frozen, with units."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the run took place."""

    cpu: str
    cores: int
    """Cores that this process may use."""
    memory_gb: float | None
    system: str
    python: str
    packages: dict[str, str]
    """Name -> version of what the speed depends on."""
    load_before: float | None
    """Load average of the last minute before the run: above 0, other work took part of the cores."""
    date: str


@dataclass(frozen=True, slots=True)
class Timing:
    """One call, again and again."""

    name: str
    wall_ms: float
    """Median of the wall-clock time of one call."""
    cpu_ms: float
    """Mean processor time of one call, all threads of the process together."""
    calls: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class VisitFigures:
    """One verification as seen from outside of the service."""

    outcome: str
    """`passed`, or the reason why not."""
    frames: int
    visit_s: float
    """From the opened link to the verdict; a person moves at a person's speed."""
    service_s: float
    """Sum of the time that the service took to answer requests, wall clock."""
    verdict_ms: float
    """From the moment the last frame was taken to the verdict."""


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """A run of visits against one service of several worker processes."""

    visits: list[VisitFigures]
    at_once: int
    wall_s: float
    cpu_s: float | None
    """Processor time of all processes of the service; None where the system does not tell."""
    client_cpu_s: float
    """Processor time of the simulated visitors, which take it from the service."""
    peak_rss_mb: list[float]
    """Largest resident memory so far, per worker process; empty where the system does not tell."""

    @property
    def passed(self) -> int:
        """Number of visits that ended as they should."""
        return sum(visit.outcome == "passed" for visit in self.visits)


@dataclass(frozen=True, slots=True)
class DlibFigures:
    """The recognition network here and in dlib itself, on the same chips in the same run."""

    version: str
    build: str
    """What this build of dlib computes with."""
    chips: int
    ours_cpu_ms: float
    """One chip at a time, one thread: mean processor time, which other work on the machine leaves alone."""
    dlib_cpu_ms: float
    ours_ms: float
    """One chip at a time, one thread: median wall-clock time."""
    dlib_ms: float
    ours_batch_ms: float
    """Per chip in one batch of all chips, all cores."""
    dlib_batch_ms: float
    largest_difference: float
    """Of any of the 128 numbers of any chip."""
    lowest_cosine: float
    """Between both embeddings of one chip; 1 = the same direction."""


def percentile(values: list[float], share: float) -> float:
    """Return the nearest-rank percentile, `share` in 0…1: a value that was really seen."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def mean(values: list[float]) -> float:
    """Return the mean of at least one value."""
    return sum(values) / len(values)
