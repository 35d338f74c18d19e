"""The light part of a challenge: released step by step, just in time, to whoever holds the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

from app.pipeline.light import BASE, PALETTE, LightStep, draw_light
from app.pipeline.seen_colours import face_activity
from app.pipeline.types import FrameMeasurement, LightRecord
from app.pipeline.verifiers.light_reflection import light_response

__all__ = ["BASE", "PALETTE", "LightProgress", "LightStep", "Shown", "draw_light"]

# Steps are told this long before they are due: a batch takes six tenths of a second to fill and up to half a
# second on a slow uplink, and a page that runs dry holds the last colour, which costs time but nothing else.
LOOKAHEAD_MS = 1100.0
# A camera whose pictures are this far apart gets longer steps, 450 ms at most. A page that makes its camera
# slower than it is gets nothing but a longer test.
PACE_FRAMES, SLOW_GAP_MS, SLOW_FACTOR = 9, 150.0, 1.25
# After the last colour the camera still has to deliver its light.
TAIL_MS = 220.0
# A page that shows nothing for so long will not; the attempt is then judged without light, and fails.
LIMIT_MS = 12_000.0
# Below this the colour of the face hardly changes at all: the room is too bright for the screen, which also
# means that the camera has light enough to be free of noise. Simulated people in 48 rooms in which the screen
# gives 5 % of the light and more stay above 0.013, relayed and replayed pictures of them, which follow some
# other light, above 0.011. More that does not fit the sequence is no reason to ask for less than the light.
LEAST_ACTIVITY = 0.006
# As `light_followed` of the policy has it, which judges the same number in the end.
CLEAR_P_VALUE = 0.00005
# Up to here the answer is too good to be chance and not good enough to be sure. Of 1,000 simulated people 99
# are in between, of pictures with other light one in twenty.
DOUBTFUL_P_VALUE = 0.05


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says: this step was painted at this moment of its clock."""

    step: int
    at_ms: float


@dataclass(frozen=True, slots=True)
class LightProgress:
    """How far the light sequence of an attempt has come."""

    steps: tuple[LightStep, ...]
    released: tuple[float, ...] = ()
    """Server clock when each step was told."""
    shown: tuple[float, ...] = ()
    """Browser clock when each step was painted."""
    spares: tuple[LightStep, ...] = ()
    """Steps that follow if the answer to the others leaves a doubt."""

    @property
    def told(self) -> tuple[LightStep, ...]:
        """The steps that the page knows."""
        return self.steps[: len(self.released)]

    @property
    def all_told(self) -> bool:
        """True when no further step can come."""
        return len(self.released) == len(self.steps) and not self.spares

    @property
    def record(self) -> LightRecord:
        """What the verifier looks at."""
        return LightRecord(self.steps, self.released, self.shown)

    def note_shown(self, shown: Sequence[Shown]) -> Self:
        """Take the page's word for the next steps in order; repetition, gaps and untold ones are ignored."""
        progress = self
        for item in shown:
            is_next = item.step == len(progress.shown) < len(progress.released)
            is_later = not progress.shown or item.at_ms > progress.shown[-1]
            if is_next and is_later:
                progress = replace(progress, shown=(*progress.shown, item.at_ms))
        return progress

    def at_the_pace_of(self, frames: Sequence[FrameMeasurement]) -> Self:
        """Return the sequence, slower when the camera is: each colour should be in two pictures."""
        times = [frame.client_ms for frame in frames[-PACE_FRAMES:]]
        gaps = sorted(later - earlier for earlier, later in pairwise(times))
        if not gaps or gaps[len(gaps) // 2] < SLOW_GAP_MS:
            return self
        return replace(self, steps=_slowed(self.steps), spares=_slowed(self.spares))

    def release(self, now_ms: float) -> Self:
        """Tell every step that is due within `LOOKAHEAD_MS`."""
        begun = self.released[0] if self.released else now_ms
        due = [begun + sum(step.ms for step in self.steps[:number]) for number in range(len(self.steps))]
        count = sum(at <= now_ms + LOOKAHEAD_MS for at in due)
        return replace(self, released=(*self.released, *[now_ms] * (count - len(self.released))))

    def is_over(self, last_client_ms: float, now_ms: float) -> bool:
        """Tell whether the answer to the last colour must be in the frames, or will never be."""
        if len(self.shown) == len(self.steps):
            return last_client_ms >= self.shown[-1] + self.steps[-1].ms + TAIL_MS
        return bool(self.released) and now_ms - self.released[0] > LIMIT_MS

    def drowned(self, frames: Sequence[FrameMeasurement]) -> bool:
        """Tell whether all was shown and the face took no notice of any light: too bright a room."""
        if len(self.shown) < len(self.steps):
            return False
        activity = face_activity(frames, self.record)
        if activity is None or activity >= LEAST_ACTIVITY:
            return False
        response = light_response(frames, self.record)
        return response is not None and response.p_value > CLEAR_P_VALUE

    def in_doubt(self, frames: Sequence[FrameMeasurement]) -> bool:
        """Tell whether all was shown, and more steps could tell what these do not."""
        if not self.spares or len(self.shown) < len(self.steps):
            return False
        response = light_response(frames, self.record)
        return response is not None and CLEAR_P_VALUE < response.p_value <= DOUBTFUL_P_VALUE

    def prolonged(self) -> Self:
        """Return the sequence with its spare steps."""
        return replace(self, steps=self.steps + self.spares, spares=())

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `from_json`."""
        return {
            "steps": [[step.colour, step.ms] for step in self.steps],
            "released": list(self.released),
            "shown": list(self.shown),
            "spares": [[step.colour, step.ms] for step in self.spares],
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Read what `to_json` made; `ValueError` or `KeyError` when it is anything else."""
        return cls(
            steps=tuple(LightStep(colour, ms) for colour, ms in document["steps"]),
            released=tuple(document["released"]),
            shown=tuple(document["shown"]),
            spares=tuple(LightStep(colour, ms) for colour, ms in document["spares"]),
        )


def _slowed(steps: tuple[LightStep, ...]) -> tuple[LightStep, ...]:
    return tuple(replace(step, ms=round(step.ms * SLOW_FACTOR)) for step in steps)
