"""The service without HTTP and database: challenge, coach, verifiers and policy, as `app.flow` joins them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.capture import coach
from app.capture.challenge import prepare
from app.capture.light import Shown
from app.capture.progress import CaptureProgress
from app.decision.decide import decide
from app.decision.policy import Policy
from app.decision.types import Decision, Requirements
from app.pipeline import runner
from app.pipeline.light import Randomness
from app.pipeline.types import CaptureRecord, Finding, FrameMeasurement, MeasurementNeeds
from app.simulation.page import Answer
from app.vocabulary import ChallengeType

# As a site asks that wants everything, so that whoever waits for an estimate is seen to wait.
NEEDS = MeasurementNeeds(demographics=True, bona_fide=True)


def requirements_at(level: ChallengeType) -> Requirements:
    """Return what a session demands that only checks liveness."""
    return Requirements(level, None, None, gender=False, fail_on_multiple_faces=False)


@dataclass(frozen=True, slots=True)
class ModelNames:
    """What made the measurements; the policy's limits depend on it."""

    landmarker: str
    recognition: str
    pad: str


@dataclass(slots=True)
class Server:
    """One attempt, as the service sees it."""

    level: ChallengeType
    policy: Policy
    models: ModelNames
    rng: Randomness
    frames: list[FrameMeasurement] = field(default_factory=list)
    progress: CaptureProgress = field(init=False)

    def __post_init__(self) -> None:
        """Draw the challenge."""
        self.progress = coach.begin(prepare(self.rng, self.level), NEEDS, single_person=False)

    @property
    def over(self) -> bool:
        """True once there is nothing more to send."""
        return self.progress.complete or self.progress.failed

    def take(self, measured: Sequence[FrameMeasurement], shown: Sequence[Shown], now_ms: float) -> Answer:
        """Take one measured batch."""
        before = tuple(self.frames)
        self.frames.extend(measured)
        self.progress = coach.advance(self.progress, measured, now_ms, shown=shown, before=before)
        return self.answer()

    def answer(self) -> Answer:
        """Return what the page is told."""
        progress = self.progress
        light = progress.light if progress.light_is_on else None
        return Answer(
            progress.guidance,
            progress.step_number,
            progress.step_count,
            light.told if light else None,
            light is not None and light.all_told,
            progress.interval_ms,
        )

    def record(self) -> CaptureRecord:
        """Return all that the verifiers may look at."""
        progress = self.progress
        return CaptureRecord(
            frames=tuple(self.frames),
            steps=tuple(progress.steps),
            landmarker=self.models.landmarker,
            recognition_model=self.models.recognition,
            pad_model=self.models.pad,
            demographics_models=(),
            light=progress.light.record if progress.light else None,
            path=progress.challenge.path,
            path_reason=progress.challenge.path_reason,
        )

    def decide(self) -> tuple[Decision, Sequence[Finding]]:
        """Judge the attempt."""
        record = self.record()
        findings = runner.run(record)
        required = replace(requirements_at(self.level), challenge_path=record.path)
        return decide(findings, required, self.policy), findings
