"""Whether the face reflects the light of the screen, in the order of colours that only the server knew.

The colour of face and background is measured as log-chromaticity (log R/G, log B/G of linear light), which
exposure leaves alone; what is left of it after offset and drift is compared with the colours on the screen.
After C. R. Gerstner and H. Farid, "Detecting real-time deep-fake videos using active illumination" (CVPR
Workshops 2022); a random sequence of light as proof of freshness: S. Tang et al., "Face Flashing" (NDSS
2018). No weights are trained: the p-value is that of a test against sequences of the real one's generator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.pipeline.light import PALETTE, draw_colour_numbers, linear_rgb
from app.pipeline.seen_colours import (
    LAGS_MS,
    Channels,
    Floats,
    SeenColours,
    root_mean_square,
    seen_under_light,
    without,
)
from app.pipeline.types import CaptureRecord, Finding, FrameMeasurement, LightRecord
from app.pipeline.verifier import unmeasurable
from app.vocabulary import Evidence

DECOYS = 20_000
# Decoys need no secrecy, only independence of the real sequence; a fixed seed makes findings reproducible.
DECOY_SEED = 20261121
# Longer lags than `LAGS_MS` are looked at as well, so that a delayed picture shows itself.
LATE_LAGS_MS = tuple(float(lag) for lag in range(350, 1801, 50))
# The rim of a rendered head before a screen gets half of the light that the middle gets, nine in ten get less
# than seven tenths; a colour laid over the picture gives it all of it.
RIM_OF_A_HEAD = 0.6
# Of 430 people and 428 tints, rendered and filmed, one tint on a picture compressed until its darkness shows
# no colour looked like light by the background alone; with this weight none does.
RIM_WEIGHT = 0.25
SMALLEST_NORM = 1e-12


@dataclass(frozen=True, slots=True)
class LightSpread:
    """How the colours of the screen lie on the picture."""

    face_gain: float
    """Change of the face's log-chromaticity per unit of the screen's linear colour."""
    background_share: float | None
    """The background's gain as a share of the face's; None before a background that tells no colour."""
    rim_share: float
    """The gain of the face's rim as a share of the face's."""

    @property
    def evenness(self) -> float:
        """About 0 as a screen's light falls on somebody in a room, about 1 as a colour laid over all of it.

        Most of it is told by the background, which is farther from the screen; the rest, and where the
        background tells nothing all of it, by the rim of the face, after Lambert's law. The rim is less sure:
        the light of a window behind the screen falls on it as the screen's does and hides the difference.
        """
        rim = (self.rim_share - RIM_OF_A_HEAD) / (1 - RIM_OF_A_HEAD)
        if self.background_share is None:
            return rim
        return RIM_WEIGHT * rim + (1 - RIM_WEIGHT) * self.background_share


@dataclass(frozen=True, slots=True)
class LightResponse:
    """How face and background answered to the sequence."""

    p_value: float
    """Share of decoy sequences that fit the face as well, (k + 1)/(n + 1)."""
    correlation: float
    """−1…1, with the screen's colour, of the face's or of its difference from the background's, whichever is
    more alike, at the best allowed lag."""
    lag_ms: float
    """The best allowed lag."""
    late_correlation: float
    """The best correlation at any longer lag."""
    spread: LightSpread
    activity: float
    """Root mean square of the change of the face's colour against the background's, log-chromaticity."""
    frames: int


class LightReflectionVerifier:
    """The score is the p-value: how many random sequences explain the colour of the face as well."""

    evidence = Evidence.LIGHT_REFLECTION
    unit = "p-value 0…1, lower = the face follows this sequence and no other"
    method = "log-chromaticity against decoys v1"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure the response, and whether the colours were shown when they were released."""
        light = record.light
        if light is None or not light.shown:
            return unmeasurable(self, "no light sequence was shown")
        if len(light.shown) < len(light.steps):
            return unmeasurable(self, "the light sequence was not shown to its end")
        response = light_response(record.frames, light)
        if response is None:
            return unmeasurable(self, "too few frames with a face while the light changed")
        details = {
            "correlation": response.correlation,
            "lag_ms": response.lag_ms,
            "late_correlation": response.late_correlation,
            "face_gain": response.spread.face_gain,
            "evenness": response.spread.evenness,
            "background_share": response.spread.background_share,
            "rim_share": response.spread.rim_share,
            "activity": response.activity,
            "frames": response.frames,
            "decoys": DECOYS,
            **_timing(record.frames, light),
        }
        return Finding(self.evidence, response.p_value, self.unit, self.method, details)


def light_response(frames: Sequence[FrameMeasurement], light: LightRecord) -> LightResponse | None:
    """Compare the colours of the frames with those on the screen; None with too few frames to tell."""
    seen = seen_under_light(frames, light)
    if seen is None:
        return None
    starts = np.array(light.shown)
    signals = _colour_signals([[step.colour for step in light.steps]]) * seen.channels
    colours = _Sequences.of(signals)
    real = np.array([_likeness(seen, colours, starts, lag)[0] for lag in LAGS_MS])
    late = np.array([_likeness(seen, colours, starts, lag)[0] for lag in LATE_LAGS_MS])
    best = int(real.argmax())
    decoys = np.max(
        [_likeness(seen, _decoys(len(light.steps), seen.channels), starts, lag) for lag in LAGS_MS], axis=0
    )
    spread = _spread(seen, without(seen.basis, signals[0][_showing(starts, seen.times, LAGS_MS[best])]))
    return LightResponse(
        p_value=float((np.sum(decoys >= real[best]) + 1) / (DECOYS + 1)),
        correlation=float(real[best]),
        lag_ms=LAGS_MS[best],
        late_correlation=float(late.max()),
        spread=spread,
        activity=root_mean_square(seen.difference),
        frames=len(seen.times),
    )


def _spread(seen: SeenColours, signal: Floats) -> LightSpread:
    face = _gain(seen.face, signal)
    if face <= 0:
        # A face that does not answer lets nothing be told from how others do, and counts as tinted.
        return LightSpread(face, background_share=None, rim_share=1.0)
    background = None if seen.background is None else _gain(seen.background, signal) / face
    return LightSpread(face, background, _gain(seen.rim, signal) / face)


def _colour_signals(sequences: Sequence[Sequence[str]]) -> Floats:
    """Return (sequences, steps + 1, 2): R−G and B−G of the screen's linear light; last the base's, 0."""
    linear = np.array([[linear_rgb(colour) for colour in colours] for colours in sequences])
    signal = np.stack([linear[..., 0] - linear[..., 1], linear[..., 2] - linear[..., 1]], axis=-1)
    return np.concatenate([signal, np.zeros((len(signal), 1, 2))], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Sequences:
    """The signals of many sequences, each (steps + 1, sequences).

    In this order, and in single precision, sums over them take a sixth of the time.
    """

    red: NDArray[np.float32]
    blue: NDArray[np.float32]
    power: NDArray[np.float32]
    """The sum of their squares."""

    @classmethod
    def of(cls, signals: Floats) -> Self:
        red, blue = (np.ascontiguousarray(signals[..., n].T, np.float32) for n in (0, 1))
        return cls(red, blue, red**2 + blue**2)


@cache
def _decoys(steps: int, channels: Channels) -> _Sequences:
    """Return the signals of `DECOYS` sequences of so many steps, 0 in channels that do not count."""
    drawn = draw_colour_numbers(DECOYS, steps, np.random.default_rng(DECOY_SEED))
    palette = _colour_signals([PALETTE])[0, :-1] * channels
    return _Sequences.of(np.concatenate([palette[drawn], np.zeros((DECOYS, 1, 2))], axis=1))


def _likeness(seen: SeenColours, sequences: _Sequences, starts: Floats, lag_ms: float) -> Floats:
    """Return the larger of two correlations: of the face against the background, and of the face alone.

    Against the background nothing counts that changes the whole picture, as a camera's automatics do; but
    where the wall shines back as much as the face, only the face alone tells. Decoys get the same chances.

    Everything is summed by step before thousands of sequences are compared: with H (n, steps + 1) telling
    which frame shows which step, ⟨P H S, y⟩ = ⟨S, Hᵀ y⟩ and ‖P H S‖² = ‖H S‖² − ‖basisᵀ H S‖².
    """
    values = [seen.difference, seen.face]
    shows = np.eye(len(sequences.red))[_showing(starts, seen.times, lag_ms)]
    drift = shows.T @ seen.basis
    red, blue = (
        np.column_stack([*(shows.T @ value[:, n] for value in values), drift]).astype(np.float32).T @ signal
        for n, signal in enumerate((sequences.red, sequences.blue))
    )
    explained = (red[2:] ** 2 + blue[2:] ** 2).sum(axis=0)
    norms = np.sqrt(np.maximum(shows.sum(axis=0, dtype=np.float32) @ sequences.power - explained, 0.0))
    lengths = np.array([np.linalg.norm(value) for value in values], np.float32)
    fits = (red[:2] + blue[:2]) / np.maximum(lengths[:, None] * norms, SMALLEST_NORM)
    return np.asarray(fits.max(axis=0), np.float64)


def _showing(starts: Floats, times: Floats, lag_ms: float) -> NDArray[np.intp]:
    """Return for each frame the number of the step whose light it shows; before the first and after: base."""
    index = np.searchsorted(starts, times - lag_ms, side="right") - 1
    return np.where(index < 0, len(starts), index)


def _gain(values: Floats, signal: Floats) -> float:
    return float((values * signal).sum() / max(float((signal**2).sum()), 1e-12))


def _timing(frames: Sequence[FrameMeasurement], light: LightRecord) -> dict[str, float]:
    """Compare the browser's word on when it showed each colour with the server's clock and with the order."""
    offset = min(frame.received_ms - frame.client_ms for frame in frames)
    delays = [at + offset - released for at, released in zip(light.shown, light.released, strict=False)]
    held = [later - earlier for earlier, later in pairwise(light.shown)]
    asked = [step.ms for step in light.steps]
    return {
        "earliest_show_ms": min(delays),
        "latest_show_ms": max(delays),
        "shortest_step_share": min(
            (have / want for have, want in zip(held, asked, strict=False)), default=1.0
        ),
        "longest_step_ms": max(held, default=0.0),
    }
