"""One person's visit over HTTP, frame by frame, on the service's own fake clock: nothing sleeps."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from visavis_client import VerifiedResult
from webtest import TestApp, TestResponse

from app.inference.types import RgbImage
from app.sandbox.assets import encode_jpeg
from app.sandbox.head import Head
from app.sandbox.pose import NEUTRAL, POSE_OF_GUIDANCE, HeadMotion, HeadPose, IdleLife
from app.vocabulary import Guidance
from tests.service import FakeClock
from tests.simulator.camera import Webcam

FRAME_SECONDS = 0.1
FRAMES_PER_BATCH = 4
SIZE = (480, 360)
REACTION_SECONDS, MOVEMENT_SECONDS = 0.3, 0.5
PATIENCE_BATCHES = 140


@dataclass
class Person:
    """Somebody, or something, in front of the camera."""

    head: Head
    answer: Callable[[Guidance], HeadPose] = lambda guidance: POSE_OF_GUIDANCE.get(guidance, NEUTRAL)
    camera: Webcam = field(default_factory=Webcam)
    motion: HeadMotion = field(default_factory=lambda: HeadMotion(IdleLife(1)))
    _told: tuple[Guidance, int] | None = None

    def hear(self, guidance: Guidance, step: int, at: float) -> None:
        if (guidance, step) != self._told:
            self._told = (guidance, step)
            self.motion.move(self.answer(guidance), at + REACTION_SECONDS, MOVEMENT_SECONDS)

    def film(self, at: float) -> RgbImage:
        return self.head.render(self.motion.pose(at), SIZE, self.camera)


@dataclass
class Visit:
    """A browser on the hosted page."""

    browser: TestApp
    clock: FakeClock
    page: dict[str, Any]
    status: dict[str, Any]

    @classmethod
    def open(cls, browser: TestApp, clock: FakeClock, link: str) -> "Visit":
        response = browser.get(link).follow()
        page = json.loads(response.html.find(id="page-data").string)
        return cls(browser, clock, page, page["status"])

    @property
    def session_id(self) -> str:
        return str(self.page["sessionId"])

    @property
    def outcome(self) -> dict[str, Any] | None:
        return self.status["outcome"]

    def post(self, name: str, body: dict[str, Any], **options: Any) -> TestResponse:
        headers = {"X-Visavis-Page": self.page["token"]}
        response = self.browser.post_json(self.page["urls"][name], body, headers=headers, **options)
        if response.status_int == 200:
            self.status = response.json
        return response

    def look(self) -> dict[str, Any]:
        """Ask where the session stands."""
        headers = {"X-Visavis-Page": self.page["token"]}
        self.status = self.browser.get(self.page["urls"]["status"], headers=headers).json
        return self.status

    def consent(self, accepted: bool = True) -> None:
        self.post("consent", {"accepted": accepted, "textHash": self.page["consent"]["textHash"]})

    def start(self) -> None:
        self.post("start", {"camera": {"label": "test"}})

    def send(self, pictures: list[RgbImage], **meta: Any) -> TestResponse:
        """Send one batch; the clock goes on by its duration first."""
        first = self.status["nextFrame"]
        times = [round((first + n) * FRAME_SECONDS * 1000.0, 1) for n in range(len(pictures))]
        self.clock.pass_seconds(FRAME_SECONDS * len(pictures))
        document = {"attempt": self.status["attempt"], "first": first, "clientMs": times} | meta
        files = [("frame", f"{n}.jpg", encode_jpeg(image, 85)) for n, image in enumerate(pictures)]
        response = self.browser.post(
            self.page["urls"]["frames"],
            {"meta": json.dumps(document)},
            upload_files=files,
            headers={"X-Visavis-Page": self.page["token"]},
        )
        self.status = response.json
        return response

    def film(self, person: Person, batches: int = PATIENCE_BATCHES) -> None:
        """Send frames, obeying the page, until the attempt has an outcome."""
        for _ in range(batches):
            if self.outcome is not None or self.status["phase"] == "checking":
                return
            at = self.clock.now
            person.hear(Guidance(self.status["guidance"]), self.status["step"], at)
            self.send([person.film(at + n * FRAME_SECONDS) for n in range(FRAMES_PER_BATCH)])

    def go_through(self, person: Person) -> None:
        """Consent, start and do what the page says."""
        if self.page["consent"]["required"]:
            self.consent()
        self.start()
        self.film(person)

    def return_url(self) -> str:
        response = self.browser.get(self.page["urls"]["return"], status=303)
        return str(response.headers["Location"])


def complete(
    site: Any,
    browser: TestApp,
    verification_id: str,
    person: Person,
    **parameters: Any,
) -> VerifiedResult:
    """Send one person through a whole visit and return the result that the site verified."""
    visit = Visit.open(browser, site.runtime.clock, site.link(verification_id, **parameters))
    visit.go_through(person)
    return site.check(verification_id, visit.return_url())
