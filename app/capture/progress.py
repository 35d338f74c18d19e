"""How far one attempt has come: plain, frozen, sealed in the database between two batches of frames."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.capture.challenge import Challenge
from app.capture.light import LightProgress
from app.pipeline.movement import NeutralPose, StepWatch
from app.pipeline.types import ChallengeStep, MeasurementNeeds
from app.vocabulary import ChallengeAction, Guidance, Reason

# Before the first frame; JSON has no infinity.
MAX_OFFSET_MS = 1e12

# Eight frames a second follow a turning head, ten the colours of the screen; while somebody still looks for
# a lamp, three are enough and keep a whole attempt below the limit of frames.
INTERVAL_MS, LIGHT_INTERVAL_MS, WAITING_INTERVAL_MS = 125, 100, 330
_NEARLY_READY = {Guidance.GOOD, Guidance.HOLD_STILL, Guidance.LOOK_STRAIGHT}


class CapturePhase(StrEnum):
    """What the person is being asked for."""

    POSITIONING = "positioning"
    CHALLENGE = "challenge"
    LIGHT = "light"
    COLLECTING = "collecting"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Collected:
    """What the attempt already holds for the verifiers that come after the capture."""

    embeddings: int = 0
    """Frontal frames with an embedding."""
    first_ms: float = 0.0
    """Browser's clock of the first of them."""
    last_ms: float = 0.0
    """Browser's clock of the last of them."""
    after_challenge: int = 0
    """Those captured after the last target was reached."""
    estimated: tuple[NeutralPose, ...] = ()
    """Poses of the faces with an age and gender estimate."""
    bona_fide: int = 0
    """Frames with a passive liveness score."""


@dataclass(frozen=True, slots=True)
class CaptureProgress:
    """The state of one attempt; `app.capture.coach.advance` makes the next one."""

    challenge: Challenge
    needs: MeasurementNeeds
    single_person: bool
    """A second person in the picture is to be sent away, and failed on when they stay."""
    phase: CapturePhase = CapturePhase.POSITIONING
    guidance: Guidance = Guidance.LOOK_STRAIGHT
    reason: Reason | None = None
    """Why the attempt ended; only with phase `failed`."""
    good: tuple[NeutralPose, ...] = ()
    """The latest consecutive good neutral frames, at most `NEUTRAL_FRAMES`."""
    neutral: NeutralPose | None = None
    steps: tuple[ChallengeStep, ...] = ()
    """Every target released so far, the current one last."""
    watch: StepWatch = field(default_factory=StepWatch)
    """What the frames since the current target's release have shown."""
    recentring: bool = False
    """A target was missed; the next one waits until the head is back to neutral."""
    misses: int = 0
    clock_offset_ms: float = MAX_OFFSET_MS
    """Server's clock minus the browser's, as the quickest delivery so far shows it."""
    crowded: int = 0
    """Consecutive frames with more than one person."""
    crowded_since_ms: float = 0.0
    """Server clock when the first of them arrived."""
    collected: Collected = Collected()
    light: LightProgress | None = None
    """The light sequence, once its turn has come."""
    share_done: float = 0.0
    """0…1, never going back."""

    @property
    def complete(self) -> bool:
        """True when the verifiers have all they need."""
        return self.phase is CapturePhase.COMPLETE

    @property
    def failed(self) -> bool:
        """True when the attempt is lost; `reason` says why."""
        return self.phase is CapturePhase.FAILED

    @property
    def light_is_on(self) -> bool:
        """True while the page is to show colours."""
        return self.phase is CapturePhase.LIGHT and self.light is not None and bool(self.light.released)

    @property
    def interval_ms(self) -> int:
        """How far apart the page is to take its next frames."""
        if self.light_is_on:
            return LIGHT_INTERVAL_MS
        waiting = self.phase is CapturePhase.POSITIONING and self.guidance not in _NEARLY_READY
        return WAITING_INTERVAL_MS if waiting else INTERVAL_MS

    @property
    def quick(self) -> bool:
        """True while recognition frames are collected as fast as they come (see `plan_frame`)."""
        return self.phase is CapturePhase.COLLECTING

    @property
    def target(self) -> ChallengeAction | None:
        """The target that the person is to reach now."""
        waiting = self.phase is CapturePhase.CHALLENGE and not self.recentring
        return self.steps[-1].action if waiting and self.steps else None

    @property
    def step_number(self) -> int:
        """Number of the current target, from 1; 0 before the first."""
        return len(self.steps)

    @property
    def step_count(self) -> int:
        """How many targets there are; a missed one adds some."""
        return len(self.challenge.sequence(self.misses))

    @property
    def steps_reached(self) -> int:
        """How many targets were reached."""
        return sum(step.reached_ms is not None for step in self.steps)
