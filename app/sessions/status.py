"""What the hosted page is told about a session: enough to guide, nothing to cheat with."""

from dataclasses import dataclass
from typing import Any

from app.capture.coach import CaptureProgress
from app.capture.light import BASE, LightStep
from app.capture.progress import INTERVAL_MS
from app.models import CaptureAttempt, VerificationSession
from app.verifications.configuration import Configuration
from app.vocabulary import Guidance, SessionState

_RESULT_OF_STATE = {
    SessionState.PASSED: "passed",
    SessionState.FAILED: "failed",
    SessionState.EXPIRED: "failed",
    SessionState.CANCELLED: "failed",
    SessionState.ERRORED: "failed",
    SessionState.REVIEW: "review",
}


@dataclass(frozen=True, slots=True)
class SessionOutcome:
    """How an attempt or the whole session ended."""

    result: str
    """`passed`, `failed`, `review`, or `retry` when another attempt is offered."""
    reason: str | None

    @property
    def is_final(self) -> bool:
        """True when the person is to be sent back."""
        return self.result != "retry"


@dataclass(frozen=True, slots=True)
class LightStatus:
    """The released part of the light sequence."""

    steps: tuple[LightStep, ...]
    last: bool
    """True when no more will come."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        steps = [{"number": n, "colour": step.colour, "ms": step.ms} for n, step in enumerate(self.steps)]
        return {"base": BASE, "steps": steps, "last": self.last}


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """One answer to the page."""

    state: SessionState
    attempt: int
    attempts_left: int
    next_frame: int
    phase: str
    """`consent`, `ready`, `positioning`, `challenge`, `collecting`, `checking` or `done`."""
    guidance: Guidance
    step: int
    steps: int
    progress: float
    """0…1, never going back within an attempt."""
    interval_ms: int
    """How far apart the page should take frames now."""
    outcome: SessionOutcome | None
    light: LightStatus | None = None
    """The colours that the page may know by now; None while no light is asked for."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form, camelCase."""
        outcome = self.outcome
        return {
            "state": self.state,
            "attempt": self.attempt,
            "attemptsLeft": self.attempts_left,
            "nextFrame": self.next_frame,
            "phase": self.phase,
            "guidance": self.guidance,
            "step": self.step,
            "steps": self.steps,
            "progress": round(self.progress, 3),
            "intervalMs": self.interval_ms,
            "light": self.light and self.light.to_json(),
            "outcome": outcome and {"result": outcome.result, "reason": outcome.reason, "next": None},
        }


def describe(
    visit: VerificationSession,
    configuration: Configuration,
    attempt: CaptureAttempt | None,
    progress: CaptureProgress | None,
) -> SessionStatus:
    """Return the status of a session with the attempt under way, if there is one."""
    live = progress if SessionState(visit.state) in {SessionState.CREATED, SessionState.CAPTURING} else None
    return SessionStatus(
        state=SessionState(visit.state),
        attempt=visit.attempt_number,
        attempts_left=max(0, configuration.security_config.max_attempts - visit.attempt_number),
        next_frame=attempt.next_frame if attempt else 0,
        phase=_phase(visit, configuration, live),
        guidance=live.guidance if live else Guidance.CHECKING,
        step=live.step_number if live else 0,
        steps=live.step_count if live else 0,
        progress=live.share_done if live else 0.0,
        interval_ms=live.interval_ms if live else INTERVAL_MS,
        outcome=_outcome(visit, attempt),
        light=_light(live),
    )


def needs_consent(visit: VerificationSession, configuration: Configuration) -> bool:
    """Tell whether the person still has to agree before a frame is accepted."""
    return configuration.experience_config.consent.required and visit.consented_at is None


def _light(live: CaptureProgress | None) -> LightStatus | None:
    if live is None or live.light is None or not live.light_is_on:
        return None
    return LightStatus(live.light.told, last=live.light.all_told)


def _phase(visit: VerificationSession, configuration: Configuration, live: CaptureProgress | None) -> str:
    state = SessionState(visit.state)
    if state is SessionState.PROCESSING:
        return "checking"
    if state not in {SessionState.CREATED, SessionState.CAPTURING}:
        return "done"
    if needs_consent(visit, configuration):
        return "consent"
    return live.phase if live else "ready"


def _outcome(visit: VerificationSession, attempt: CaptureAttempt | None) -> SessionOutcome | None:
    result = _RESULT_OF_STATE.get(SessionState(visit.state))
    if result is not None:
        return SessionOutcome(result, visit.reason)
    if visit.state == SessionState.CAPTURING and attempt is None and visit.reason is not None:
        return SessionOutcome("retry", visit.reason)
    return None
