"""One whole attempt in process, without HTTP and without sleeping: the time is that of the simulation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from app.pipeline.types import CaptureRecord, Finding, FrameMeasurement
from app.simulation.camera import Webcam
from app.simulation.page import EARLY_MS, PATIENCE, Network, Page
from app.simulation.server import Server
from app.simulation.sight import Actor, Sight
from app.vocabulary import Outcome, Reason

# An attempt that is not over by then is given up, as the service's own clock would.
LIMIT_MS = 60_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One picture that the page took, not yet rendered or measured."""

    sight: Sight
    exposed_ms: float
    client_ms: float


class Eye(Protocol):
    """A tier: how sights become measurements."""

    def measure(
        self, exposures: Sequence[Exposure], received_ms: float, server: Server
    ) -> list[FrameMeasurement]:
        """Measure a batch that follows `server.frames`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """How one attempt ended."""

    passed: bool
    reason: Reason | None
    seconds: float
    record: CaptureRecord
    findings: Sequence[Finding]


def play(
    actor: Actor,
    camera: Webcam,
    server: Server,
    eye: Eye,
    rng: np.random.Generator,
    network: Network | None = None,
) -> Attempt:
    """Let `actor` go through one attempt before `camera`."""
    page, network = Page(), network or Network()
    page.hear(server.answer(), 0.0)
    source = _PictureSource(actor, camera, page)
    at_ms, waiting, oldest = 0.0, list[Exposure](), 0.0
    free_at = 0.0
    while not server.over and at_ms < LIMIT_MS:
        exposure = source.take()
        at_ms = exposure.client_ms
        waiting = [*waiting, exposure][-page.batch :]
        oldest = oldest if len(waiting) > 1 else at_ms
        late = at_ms - oldest > (PATIENCE * page.batch - 1) * page.interval_ms
        full = len(waiting) == page.batch or late
        if full and at_ms >= free_at:
            up, down = network.ways(rng)
            answer = server.take(eye.measure(waiting, at_ms + up, server), page.report(at_ms), at_ms + up)
            free_at = at_ms + up + down
            page.hear(answer, free_at)
            waiting = []
    return _judged(server, at_ms)


def _judged(server: Server, at_ms: float) -> Attempt:
    """Decide; what the coach gave up does not count, whatever the verifiers think of it."""
    decision, findings = server.decide()
    failed = server.progress.reason if server.progress.failed else None
    unfinished = None if server.over else Reason.TIMEOUT
    reason = failed or unfinished or decision.reason
    passed = reason is None and decision.outcome is Outcome.PASSED
    return Attempt(passed, reason, at_ms / 1000, server.record(), findings)


@dataclass(slots=True)
class _PictureSource:
    """Takes pictures off the running camera as the page does."""

    actor: Actor
    camera: Webcam
    page: Page
    _at_ms: float = 0.0
    _last_ms: float = -1e9

    def take(self) -> Exposure:
        """Return the next picture that the page takes."""
        while True:
            self._at_ms += 1000 * self.camera.next_gap()
            client_ms = self._at_ms + self.camera.latency_ms
            if client_ms - self._last_ms >= self.page.interval_ms - EARLY_MS:
                self._last_ms = client_ms
                return Exposure(self.actor.look(self._at_ms, self.page), self._at_ms, client_ms)
