"""Whether these frames came from a camera, just now. Signs of injected, replayed or frozen video."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from app.pipeline.types import CaptureRecord, Finding, FrameMeasurement
from app.pipeline.verifier import unmeasurable
from app.vocabulary import Evidence

# Landmarks of a live face jitter by tenths of a pixel from sensor noise alone; equal to a hundredth, with
# equal noise, means equal pixels in another file.
FROZEN_PIXELS, FROZEN_NOISE = 0.01, 1e-6


class CaptureIntegrityVerifier:
    """The score is the share of frames whose picture had not been sent, and left, before.

    A camera that is slower than the page, as in the dark, shows one picture several times in a row: those
    are counted apart, as stalled. A loop comes back to a picture.
    """

    evidence = Evidence.CAPTURE_INTEGRITY
    unit = "share of frames that do not come back, 0…1"
    method = "clocks, digests and noise v1"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure clocks, repetition and noise."""
        frames = record.frames
        if len(frames) < 2:
            return unmeasurable(self, "fewer than two frames")
        score = 1 - len(_returned(frames)) / len(frames)
        details = {
            "stalled_share": len(_stalled(frames)) / len(frames),
            **_clocks(frames),
            **_noise(frames),
            "sizes": len({frame.size for frame in frames}),
        }
        return Finding(self.evidence, score, self.unit, self.method, details)


def _returned(frames: Sequence[FrameMeasurement]) -> set[int]:
    """Return the numbers of frames whose bytes came before, with others in between."""
    seen: set[str] = set()
    returned = set()
    for earlier, later in pairwise(frames):
        seen.add(earlier.digest)
        if later.digest in seen and later.digest != earlier.digest:
            returned.add(later.number)
    return returned


def _stalled(frames: Sequence[FrameMeasurement]) -> set[int]:
    """Return the numbers of frames that show exactly what the frame before showed."""
    return {
        later.number
        for earlier, later in pairwise(frames)
        if later.digest == earlier.digest or _same_pixels(earlier, later)
    }


def _same_pixels(earlier: FrameMeasurement, later: FrameMeasurement) -> bool:
    if earlier.face is None or later.face is None or abs(earlier.noise - later.noise) > FROZEN_NOISE:
        return False
    moved = np.abs(earlier.face.landmarks - later.face.landmarks).max()
    return bool(moved < FROZEN_PIXELS)


def _clocks(frames: Sequence[FrameMeasurement]) -> dict[str, float]:
    """Compare the browser's clock with the server's."""
    claimed = frames[-1].client_ms - frames[0].client_ms
    batches = _batch_ends(frames)
    server = batches[-1].received_ms - batches[0].received_ms
    browser = batches[-1].client_ms - batches[0].client_ms
    delays = [frame.received_ms - frame.client_ms for frame in frames]
    return {
        "frame_rate": (len(frames) - 1) / max(claimed, 1.0) * 1000,
        # 1 = both clocks run alike; below 1 = delivered faster than it can have been captured
        "clock_ratio": server / browser if browser > 0 else 0.0,
        "longest_delay_ms": max(frame.received_ms - frame.client_ms for frame in batches) - min(delays),
        "longest_gap_ms": max(b.client_ms - a.client_ms for a, b in pairwise(frames)),
        "batches": float(len(batches)),
    }


def _batch_ends(frames: Sequence[FrameMeasurement]) -> list[FrameMeasurement]:
    """Return the last frame of every batch."""
    ends = [a for a, b in pairwise(frames) if a.received_ms != b.received_ms]
    return [*ends, frames[-1]]


def _noise(frames: Sequence[FrameMeasurement]) -> dict[str, float]:
    levels = np.array([frame.noise for frame in frames])
    middle = float(np.median(levels))
    spread = float(np.median(np.abs(levels - middle)))
    return {"noise": middle, "noise_variation": spread / middle if middle > 0 else 0.0}
