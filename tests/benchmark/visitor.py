"""A visit over real HTTP at the speed of a person: the camera runs on the wall clock."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from app.vocabulary import Guidance
from tests.benchmark.figures import VisitFigures
from tests.benchmark.film import TICK_S, Performer
from tests.concurrency.http_visit import FRAMES_PER_BATCH, HttpVisit, _part

MAX_STEPS = 400


@dataclass
class Visitor(HttpVisit):
    """Sends frames as the hosted page does: one batch on its way at a time, the newest four frames.

    What the camera took while a batch was on its way and the next one had no room for is dropped.
    """

    performer: Performer = field(kw_only=True)
    service_s: float = 0.0
    _began: float = 0.0
    _ticks: int = 0

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
        return self._began + self._ticks * TICK_S

    def _send_frames(self) -> None:
        self.performer.hear(Guidance(self.status["guidance"]), time.perf_counter())
        frames = self._film()
        meta = {
            "attempt": self.status["attempt"],
            "first": self.status["nextFrame"],
            "clientMs": [tick * TICK_S * 1000 for tick, _ in frames],
        }
        self.status = self._send(meta, [picture for _, picture in frames])
        self.sent += len(frames)

    def _film(self) -> list[tuple[int, bytes]]:
        """Return the next frames with the number of their tick, waiting for those yet to come."""
        due = int((time.perf_counter() - self._began) / TICK_S)
        for _ in range(due - FRAMES_PER_BATCH - self._ticks):
            self._tick()
        return [self._tick() for _ in range(FRAMES_PER_BATCH)]

    def _tick(self) -> tuple[int, bytes]:
        self._ticks += 1
        time.sleep(max(0.0, self._camera_time() - time.perf_counter()))
        return self._ticks, self.performer.tick(self._camera_time())

    def _send(self, meta: dict[str, Any], pictures: list[bytes]) -> dict[str, Any]:
        boundary = uuid4().hex
        parts = [_part(boundary, 'name="meta"', json.dumps(meta).encode())]
        parts += [_part(boundary, 'name="frame"; filename="f.jpg"', picture) for picture in pictures]
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        headers = self._headers() | {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        answer: dict[str, Any] = json.loads(self._request(self._url("frames"), body, headers))
        return answer

    def _request(self, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        began = time.perf_counter()
        try:
            return super()._request(url, body, headers)
        finally:
            self.service_s += time.perf_counter() - began
