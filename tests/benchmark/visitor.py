"""A visit over real HTTP at the speed of a person: the camera runs on the wall clock."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from app.capture.light import LightStep
from app.simulation.page import Answer, Page
from app.vocabulary import Guidance
from tests.benchmark.figures import VisitFigures
from tests.benchmark.film import Performer
from tests.concurrency.http_visit import HttpVisit, _part

MAX_STEPS = 400
CAMERA_LATENCY_MS = 70.0
# The page, too, keeps to one: see `static/hosted/api.js`.
BOUNDARY = "visavis-frames-0123456789ab"


@dataclass
class Visitor(HttpVisit):
    """Sends frames as the hosted page does: one batch on its way at a time, the newest frames.

    What the camera took while a batch was on its way and the next one had no room for is dropped.
    """

    performer: Performer = field(kw_only=True)
    service_s: float = 0.0
    _began: float = 0.0
    _camera_s: float = 0.0
    """When the camera took its last frame, since the page was opened."""
    _screen: Page = field(default_factory=Page)

    def visit(self, link: str) -> VisitFigures:
        """Go through the whole visit, from the opened link to the verdict."""
        began = time.perf_counter()
        self.open(link)
        self._began = time.perf_counter()
        for _ in range(MAX_STEPS):
            if not self.step():
                break
        done, outcome = time.perf_counter(), self.status["outcome"] or {"result": "no outcome"}
        return VisitFigures(
            outcome=outcome.get("reason") or outcome["result"],
            frames=self.sent,
            visit_s=done - began,
            service_s=self.service_s,
            verdict_ms=(done - self._camera_time()) * 1000,
        )

    def _camera_time(self) -> float:
        """Return the moment at which the camera took its last frame."""
        return self._began + self._camera_s

    def _send_frames(self) -> None:
        self.performer.hear(Guidance(self.status["guidance"]), time.perf_counter())
        self._look_at_the_screen()
        frames = self._film()
        meta = {
            "attempt": self.status["attempt"],
            "first": self.status["nextFrame"],
            "clientMs": [at * 1000 for at, _ in frames],
            "shown": [
                {"step": shown.step, "at": shown.at_ms} for shown in self._screen.report(self._clock_ms())
            ],
        }
        self.status = self._send(meta, [picture for _, picture in frames])
        self.sent += len(frames)

    def _film(self) -> list[tuple[float, bytes]]:
        """Return the next frames with their times, waiting for those yet to come."""
        interval_s, count = self.status["intervalMs"] / 1000, self._screen.batch
        passed = time.perf_counter() - self._began - self._camera_s
        for _ in range(int(passed / interval_s) - count):
            self._tick(interval_s)
        return [self._tick(interval_s) for _ in range(count)]

    def _tick(self, interval_s: float) -> tuple[float, bytes]:
        self._camera_s += interval_s
        time.sleep(max(0.0, self._camera_time() - time.perf_counter()))
        colour = self._screen.view(self._camera_s * 1000 - CAMERA_LATENCY_MS).colour
        return self._camera_s, self.performer.tick(self._camera_time(), colour)

    def _clock_ms(self) -> float:
        """Return the browser's clock, the same as that of the frames."""
        return (time.perf_counter() - self._began) * 1000

    def _look_at_the_screen(self) -> None:
        told = self.status["light"]
        light = told and tuple(LightStep(step["colour"], step["ms"]) for step in told["steps"])
        guidance = Guidance(self.status["guidance"])
        answer = Answer(
            guidance, self.status["step"], self.status["steps"], light, bool(told and told["last"])
        )
        self._screen.hear(answer, self._clock_ms())

    def _send(self, meta: dict[str, Any], pictures: list[bytes]) -> dict[str, Any]:
        parts = [_part(BOUNDARY, 'name="meta"', json.dumps(meta).encode())]
        parts += [_part(BOUNDARY, 'name="frame"; filename="f.jpg"', picture) for picture in pictures]
        body = b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
        headers = self._headers() | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        answer: dict[str, Any] = json.loads(self._request(self._url("frames"), body, headers))
        return answer

    def _request(self, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        began = time.perf_counter()
        try:
            return super()._request(url, body, headers)
        finally:
            self.service_s += time.perf_counter() - began
