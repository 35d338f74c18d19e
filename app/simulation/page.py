"""The hosted page: which pictures it takes off the camera, when it sends them, what it shows and when."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.capture.light import BASE, LightStep, Shown
from app.capture.progress import INTERVAL_MS
from app.simulation.sight import View
from app.vocabulary import Guidance

# Pictures in a batch.
BATCH, LIGHT_BATCH = 2, 6
EARLY_MS, PATIENCE = 12.0, 1.25
LIGHT_LEAD_MS, SCREEN_PERIOD_MS = 160.0, 1000 / 60


@dataclass(frozen=True, slots=True)
class Network:
    """Ways of a batch and of its answer, ms."""

    up_ms: float = 60.0
    down_ms: float = 30.0
    serving_ms: float = 70.0
    jitter: float = 0.3
    """Standard deviation of the ways as a share of them."""

    def ways(self, rng: np.random.Generator) -> tuple[float, float]:
        """Return the time up, and from the arrival to the answer's arrival."""
        up, down = np.clip(1 + self.jitter * rng.standard_normal(2), 0.4, 3.0) * (self.up_ms, self.down_ms)
        return float(up), float(down) + self.serving_ms


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says after a batch."""

    guidance: Guidance
    step: int
    step_count: int
    light: tuple[LightStep, ...] | None = None
    """All steps released so far; None outside of the light."""
    last: bool = False
    interval_ms: float = INTERVAL_MS


@dataclass(slots=True)
class Page:
    """The page's memory of one attempt; implements `app.simulation.sight.Screen`."""

    display_ms: float = 15.0
    """From the paint of a colour to its light."""
    _heard: list[tuple[float, Answer]] = field(default_factory=list)
    _colours: list[tuple[float, str | None, bool]] = field(default_factory=lambda: [(-1e9, None, False)])
    _shown: list[Shown] = field(default_factory=list)
    _reported: int = 0
    _next_step_at: float = 0.0

    def hear(self, answer: Answer, at_ms: float) -> None:
        """Take the server's answer."""
        self._heard.append((at_ms, answer))
        if answer.light is None:
            self._colour(at_ms, None, lighting=False)
        else:
            self._play(answer.light, answer.last, at_ms)

    @property
    def interval_ms(self) -> float:
        """How far apart pictures are taken now."""
        return self._heard[-1][1].interval_ms if self._heard else INTERVAL_MS

    @property
    def batch(self) -> int:
        """How many pictures go together now."""
        return LIGHT_BATCH if self._lit else BATCH

    @property
    def _lit(self) -> bool:
        return bool(self._heard) and self._heard[-1][1].light is not None

    def view(self, at_ms: float) -> View:
        """Return what was shown at a moment."""
        heard = self._heard[max(0, bisect_right(self._heard, at_ms, key=lambda entry: entry[0]) - 1)][1]
        at = bisect_right(self._colours, at_ms - self.display_ms, key=lambda entry: entry[0]) - 1
        _, colour, lighting = self._colours[max(at, 0)]
        return View(heard.guidance, heard.step, heard.step_count, colour, lighting)

    def report(self, at_ms: float) -> tuple[Shown, ...]:
        """Return the steps that were painted before `at_ms` and not yet reported."""
        painted = [step for step in self._shown if step.at_ms < at_ms]
        unsent, self._reported = painted[self._reported :], len(painted)
        return tuple(unsent)

    def _play(self, steps: Sequence[LightStep], last: bool, at_ms: float) -> None:
        if self._colours[-1][1] is None:
            self._colour(at_ms, BASE, lighting=False)
            self._next_step_at = at_ms + LIGHT_LEAD_MS
        for number in range(len(self._shown), len(steps)):
            begin = -(-max(self._next_step_at, at_ms) // SCREEN_PERIOD_MS) * SCREEN_PERIOD_MS
            self._shown.append(Shown(number, begin + SCREEN_PERIOD_MS))
            self._colour(begin, steps[number].colour, lighting=True)
            self._next_step_at = begin + steps[number].ms
        if last and self._colours[-1][1] != BASE:
            self._colour(max(self._next_step_at, at_ms), BASE, lighting=True)

    def _colour(self, at_ms: float, colour: str | None, *, lighting: bool) -> None:
        if self._colours[-1][1:] != (colour, lighting):
            self._colours.append((max(at_ms, self._colours[-1][0]), colour, lighting))
