"""Whole verifications against a real server of several processes."""

import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmark import processes
from tests.benchmark.figures import ServiceFigures, VisitFigures
from tests.benchmark.film import Film, Performer
from tests.benchmark.visitor import Visitor
from tests.browser.live_service import LiveService, free_port, prepare, start_server

WORKERS = 2
# Everything that the open pack can do, one account per person.
VERIFIERS = {
    "liveness": {"type": "Verification", "challengeType": "Balanced"},
    "faceRecognition": {"type": "UniqueMatchVerification"},
    "age": {"type": "CalculationOnly"},
    "gender": {"type": "CalculationOnly"},
}
SHUTDOWN_S = 20


@dataclass
class MeasuredService:
    """A running service, its processes and its verification."""

    service: LiveService
    verification_id: str
    pids: list[int]

    def run(self, films: Sequence[Film], rounds: int, on_visit: Callable[[], object]) -> ServiceFigures:
        """Let one person per film visit `rounds` times, all persons at once."""
        visits: list[VisitFigures] = []
        people = [
            threading.Thread(target=self._come_and_go, args=(number, film, rounds, visits, on_visit))
            for number, film in enumerate(films)
        ]
        began, cpu, client = time.perf_counter(), processes.cpu_seconds(self.pids), time.process_time()
        for person in people:
            person.start()
        for person in people:
            person.join()
        done = processes.cpu_seconds(self.pids)
        peaks = [processes.peak_rss_mb(pid) for pid in self.pids[1:]]
        return ServiceFigures(
            visits=visits,
            at_once=len(films),
            wall_s=time.perf_counter() - began,
            cpu_s=None if cpu is None or done is None else done - cpu,
            client_cpu_s=time.process_time() - client,
            peak_rss_mb=[peak for peak in peaks if peak is not None],
        )

    def _come_and_go(
        self, number: int, film: Film, rounds: int, visits: list[VisitFigures], on_visit: Callable[[], object]
    ) -> None:
        for _ in range(rounds):
            visitor = Visitor(self.service, (), performer=Performer(film))
            link = self.service.link(self.verification_id, external_id=f"person {number}")
            try:
                visits.append(visitor.visit(link))
            except Exception as error:
                # A thread that dies silently would only make the table look better.
                visits.append(VisitFigures(f"{type(error).__name__}: {error}", visitor.sent, 0, 0, 0))
            on_visit()


@contextmanager
def measured_service(scratch: Path, level: str = "Balanced") -> Iterator[MeasuredService]:
    """Start a service on a fresh database; both go away afterwards."""
    verifiers = VERIFIERS | {"liveness": {"type": "Verification", "challengeType": level}}
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        service = prepare(Path(folder), free_port())
        verification_id = service.publish(verifierConfigs=verifiers, securityConfig={"maxAttempts": 1})
        server = start_server(service, workers=WORKERS)
        try:
            yield MeasuredService(service, verification_id, processes.family_of(server.pid))
        finally:
            _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(SHUTDOWN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
