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
from app.pipeline.types import CaptureRecord, Finding, FrameMeasurement, LightRecord
from app.pipeline.verifier import unmeasurable
from app.vocabulary import Evidence

Floats = NDArray[np.float64]

DECOYS = 20_000
# Decoys need no secrecy, only independence of the real sequence; a fixed seed makes findings reproducible.
DECOY_SEED = 20261121
# What display and camera may take from the browser's painting to the browser's frame: pipelines of webcams
# and phones measure 40 to 200 ms. Beyond, the picture comes from somewhere else.
LAGS_MS = tuple(float(lag) for lag in range(0, 301, 25))
# Looked at as well, so that a delayed picture shows itself.
LATE_LAGS_MS = tuple(float(lag) for lag in range(350, 1801, 50))
MIN_FRAMES = 10
SMALLEST_LIGHT, SMALLEST_NORM = 1e-4, 1e-12


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
    face_gain: float
    """Change of the face's log-chromaticity per unit of the screen's linear colour."""
    background_share: float
    """The background's gain as a share of the face's."""
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
            "face_gain": response.face_gain,
            "background_share": response.background_share,
            "activity": response.activity,
            "frames": response.frames,
            "decoys": DECOYS,
            **_timing(record.frames, light),
        }
        return Finding(self.evidence, response.p_value, self.unit, self.method, details)


def face_activity(frames: Sequence[FrameMeasurement], light: LightRecord) -> float | None:
    """Return how much the face's own colour changed, log-chromaticity; None with too few frames to tell.

    The face alone, not against the background: a colour laid over the whole picture must show here.
    """
    seen = _seen_under_light(frames, light)
    return None if seen is None else float(np.sqrt((_without(seen.basis, seen.face) ** 2).mean()))


def light_response(frames: Sequence[FrameMeasurement], light: LightRecord) -> LightResponse | None:
    """Compare the colours of the frames with those on the screen; None with too few frames to tell."""
    seen = _seen_under_light(frames, light)
    if seen is None:
        return None
    starts = np.array(light.shown)
    signals = _colour_signals([[step.colour for step in light.steps]])
    colours = _Sequences.of(signals)
    real = np.array([_likeness(seen, colours, starts, lag)[0] for lag in LAGS_MS])
    late = np.array([_likeness(seen, colours, starts, lag)[0] for lag in LATE_LAGS_MS])
    best = int(real.argmax())
    decoys = np.max([_likeness(seen, _decoys(len(light.steps)), starts, lag) for lag in LAGS_MS], axis=0)
    signal = _without(seen.basis, signals[0][_showing(starts, seen.times, LAGS_MS[best])])
    gain = _gain(_without(seen.basis, seen.face), signal)
    return LightResponse(
        p_value=float((np.sum(decoys >= real[best]) + 1) / (DECOYS + 1)),
        correlation=float(real[best]),
        lag_ms=LAGS_MS[best],
        late_correlation=float(late.max()),
        face_gain=gain,
        background_share=_gain(_without(seen.basis, seen.background), signal) / gain if gain > 0 else 1.0,
        activity=float(np.sqrt((seen.difference**2).mean())),
        frames=len(seen.times),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The colours of the frames under the light."""

    times: Floats
    face: Floats
    background: Floats
    basis: Floats
    difference: Floats
    """Face minus background without offset and drift."""


def _seen_under_light(frames: Sequence[FrameMeasurement], light: LightRecord) -> _Seen | None:
    seen = [(frame.client_ms, frame.face) for frame in _frames_under_light(frames, light) if frame.face]
    if len(seen) < MIN_FRAMES:
        return None
    times = np.array([at for at, _ in seen])
    face = _log_chromaticity([face.face_rgb for _, face in seen])
    background = _log_chromaticity([face.background_rgb for _, face in seen])
    basis = _drift_basis(times)
    return _Seen(times, face, background, basis, _without(basis, face - background))


def _frames_under_light(frames: Sequence[FrameMeasurement], light: LightRecord) -> list[FrameMeasurement]:
    """Return the frames from the first colour on until the answer to the last one must have come."""
    begin, end = light.shown[0], light.shown[-1] + light.steps[-1].ms
    return [frame for frame in frames if begin <= frame.client_ms <= end + LAGS_MS[-1]]


def _log_chromaticity(colours: Sequence[tuple[float, float, float]]) -> Floats:
    """Return (n, 2): log R/G and log B/G."""
    logs = np.log(np.maximum(np.array(colours, np.float64), SMALLEST_LIGHT))
    return np.stack([logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]], axis=1)


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
def _decoys(steps: int) -> _Sequences:
    """Return the signals of `DECOYS` sequences of so many steps."""
    drawn = draw_colour_numbers(DECOYS, steps, np.random.default_rng(DECOY_SEED))
    palette = _colour_signals([PALETTE])[0, :-1]
    return _Sequences.of(np.concatenate([palette[drawn], np.zeros((DECOYS, 1, 2))], axis=1))


def _likeness(seen: _Seen, sequences: _Sequences, starts: Floats, lag_ms: float) -> Floats:
    """Return the larger of two correlations: of the face against the background, and of the face alone.

    Against the background nothing counts that changes the whole picture, as a camera's automatics do; but
    where the wall shines back as much as the face, only the face alone tells. Decoys get the same chances.

    Everything is summed by step before thousands of sequences are compared: with H (n, steps + 1) telling
    which frame shows which step, ⟨P H S, y⟩ = ⟨S, Hᵀ y⟩ and ‖P H S‖² = ‖H S‖² − ‖basisᵀ H S‖².
    """
    values = [seen.difference, _without(seen.basis, seen.face)]
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


def _drift_basis(times: Floats) -> Floats:
    """Return (n, 2), orthonormal: offset and linear drift, which white balance and posture cause."""
    centred = times - times.mean()
    return np.stack([np.full(len(times), len(times) ** -0.5), centred / np.linalg.norm(centred)], axis=1)


def _without(basis: Floats, values: Floats) -> Floats:
    """Return `values` (…, n, c) without what the columns of `basis` (n, k) explain."""
    return np.asarray(values - basis @ (basis.T @ values))


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
