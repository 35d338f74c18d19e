"""The colours that frames show under the light: of the face, of its rim, of what is around the head.

As log-chromaticity (log R/G, log B/G of linear light), which exposure leaves alone, without offset and drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.pipeline.colour import Rgb
from app.pipeline.types import FaceMeasurement, FrameMeasurement, LightRecord

Floats: TypeAlias = NDArray[np.float64]

# What display and camera may take from the browser's painting to the browser's frame: pipelines of webcams
# and phones measure 40 to 200 ms. Beyond, the picture comes from somewhere else.
LAGS_MS = tuple(float(lag) for lag in range(0, 301, 25))
MIN_FRAMES = 10
# A background that fewer frames than this share can read is none: colours of other frames cannot stand in.
MIN_READABLE = 0.75
SMALLEST_LIGHT = 1e-4
# Skin whose mean is up here, linear, is clipped in places: light makes it answer less than it should.
OVEREXPOSED = 0.8

Channels: TypeAlias = tuple[bool, bool]
"""Whether log R/G and whether log B/G can be trusted."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenColours:
    """The colours of the frames under the light, log-chromaticity, (n, 2) each, without offset and drift."""

    times: Floats
    """(n,) the browser's clock, ms."""
    basis: Floats
    """(n, 2) offset and drift."""
    face: Floats
    rim: Floats
    background: Floats | None
    """None where too few frames show one that tells a colour."""
    channels: Channels
    """Which of red and blue count; where one does not, its colours are 0."""
    activity: float
    """How much the face's own colour changed, root mean square over both."""

    @property
    def difference(self) -> Floats:
        """Face minus background; the face alone where there is none."""
        return self.face if self.background is None else self.face - self.background


def root_mean_square(values: Floats) -> float:
    """Return it over all values."""
    return float(np.sqrt((values**2).mean()))


def face_activity(frames: Sequence[FrameMeasurement], light: LightRecord) -> float | None:
    """Return how much the face's own colour changed, log-chromaticity; None with too few frames to tell.

    The face alone, not against the background: a colour laid over the whole picture must show here.
    """
    seen = seen_under_light(frames, light)
    return None if seen is None else seen.activity


def seen_under_light(frames: Sequence[FrameMeasurement], light: LightRecord) -> SeenColours | None:
    """Return the colours of the frames with a face under the light; None with fewer than `MIN_FRAMES`."""
    seen = [(frame.client_ms, frame.face) for frame in _frames_under_light(frames, light) if frame.face]
    readable = [(at, face) for at, face in seen if face.background_rgb]
    has_background = len(readable) >= max(MIN_FRAMES, MIN_READABLE * len(seen))
    chosen = readable if has_background else seen
    return None if len(chosen) < MIN_FRAMES else _colours(chosen)


def without(basis: Floats, values: Floats) -> Floats:
    """Return `values` (…, n, c) without what the columns of `basis` (n, k) explain."""
    return np.asarray(values - basis @ (basis.T @ values))


def _colours(seen: Sequence[tuple[float, FaceMeasurement]]) -> SeenColours:
    times = np.array([at for at, _ in seen])
    basis = _drift_basis(times)
    channels = _trusted([face.face_rgb for _, face in seen])

    def changes(colours: Sequence[Rgb]) -> Floats:
        return without(basis, _log_chromaticity(colours))

    face = changes([face.face_rgb for _, face in seen])
    backgrounds = [face.background_rgb for _, face in seen if face.background_rgb]
    return SeenColours(
        times=times,
        basis=basis,
        face=face * channels,
        rim=changes([face.rim_rgb for _, face in seen]) * channels,
        background=changes(backgrounds) * channels if len(backgrounds) == len(seen) else None,
        channels=channels,
        activity=root_mean_square(face),
    )


def _trusted(skin: Sequence[Rgb]) -> Channels:
    """Leave out red, or blue, where it alone is overexposed; with both there is nothing better than both."""
    red, _, blue = (np.mean(skin, axis=0) < OVEREXPOSED).tolist()
    return (red, blue) if red or blue else (True, True)


def _frames_under_light(frames: Sequence[FrameMeasurement], light: LightRecord) -> list[FrameMeasurement]:
    """Return the frames from the first colour on until the answer to the last one must have come."""
    begin, end = light.shown[0], light.shown[-1] + light.steps[-1].ms
    return [frame for frame in frames if begin <= frame.client_ms <= end + LAGS_MS[-1]]


def _log_chromaticity(colours: Sequence[Rgb]) -> Floats:
    """Return (n, 2): log R/G and log B/G."""
    logs = np.log(np.maximum(np.array(colours, np.float64), SMALLEST_LIGHT))
    return np.stack([logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]], axis=1)


def _drift_basis(times: Floats) -> Floats:
    """Return (n, 2), orthonormal: offset and linear drift, which white balance and posture cause."""
    centred = times - times.mean()
    return np.stack([np.full(len(times), len(times) ** -0.5), centred / np.linalg.norm(centred)], axis=1)
