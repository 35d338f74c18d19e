"""One face, one identity, from the first frame to the last."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.pipeline.identity import embedded_faces, reference_pose
from app.pipeline.movement import NEAR_DEGREES, NeutralPose, is_near
from app.pipeline.types import CaptureRecord, FaceMeasurement, Finding, FrameMeasurement
from app.pipeline.verifier import faces_of, unmeasurable
from app.vocabulary import Evidence

# Consecutive embeddings are averaged before they are compared: three tell people apart far better than one.
WINDOW = 3
# Between a raised and a lowered head the embedding of one person moves as far as between two people. Faces
# near the reference pose are compared strictly; heads turned to a side, about level, nearly so.
TURNED_DEGREES, LEVEL_DEGREES = 40.0, 15.0
# Shorter intervals are rounding of the browser's clock.
MIN_INTERVAL_MS = 30.0


class ContinuityVerifier:
    """The score is the lowest similarity between any two moments of the attempt."""

    evidence = Evidence.CONTINUITY
    unit = "cosine similarity, −1…1, higher = one person throughout"
    method = "windowed embeddings and track v1"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure identity over the embedded frames and the track over all."""
        embedded, reference = embedded_faces(record), reference_pose(record)
        if not embedded or reference is None:
            return unmeasurable(self, "no frame was embedded")
        near = np.array([is_near(face, reference) for _, face in embedded])
        turned = np.array([_is_turned(face, reference) for _, face in embedded])
        if not near.any():
            return unmeasurable(self, "no embedding near the reference pose")
        embeddings = np.stack([np.asarray(face.embedding, np.float64) for _, face in embedded])
        details = {
            "embeddings": len(embedded),
            "compared_strictly": int(near.sum()),
            "lowest_single": _lowest_single(embeddings[near]),
            "lowest_turned": _lowest_to_mean(embeddings[turned], embeddings[near]),
            "lowest_any_pose": _lowest_to_mean(embeddings, embeddings[near]),
            "longest_unchecked_frames": _longest_unchecked(record, {frame.number for frame, _ in embedded}),
            **_track(record),
        }
        score = min(_lowest_between(embeddings[near]), _lowest_around(embeddings[near]))
        return Finding(self.evidence, score, self.unit, record.recognition_model, details)


def _is_turned(face: FaceMeasurement, reference: NeutralPose) -> bool:
    """Tell whether a face has turned to a side, about level and not too far to be compared."""
    aside, tilted = abs(face.pose.yaw - reference.yaw), abs(face.pose.pitch - reference.pitch)
    return NEAR_DEGREES < aside <= TURNED_DEGREES and tilted <= LEVEL_DEGREES


def _lowest_between(embeddings: NDArray[np.float64]) -> float:
    """Return the lowest similarity between the means of any two windows of consecutive embeddings."""
    width = min(WINDOW, len(embeddings))
    windows = np.stack([embeddings[i : i + width].mean(axis=0) for i in range(len(embeddings) - width + 1)])
    windows /= np.linalg.norm(windows, axis=1, keepdims=True)
    return float(np.clip(windows @ windows.T, -1, 1).min())


def _lowest_around(embeddings: NDArray[np.float64]) -> float:
    """Return the lowest similarity between the mean of all before a moment and the mean of all after it.

    Where somebody else takes over, this compares the two people; windows of a short attempt hold both, and
    the mean of the others is a mixture as well.
    """
    before = np.cumsum(embeddings, axis=0)
    earlier, later = before[:-1], before[-1] - before[:-1]
    lengths = np.linalg.norm(earlier, axis=1) * np.linalg.norm(later, axis=1)
    likeness = (earlier * later).sum(axis=1) / np.maximum(lengths, 1e-9)
    return float(likeness.min(initial=1.0))


def _lowest_single(embeddings: NDArray[np.float64]) -> float:
    """Return the lowest similarity of a single frame to the mean of all the others."""
    if len(embeddings) < 2:
        return 1.0
    others = embeddings.sum(axis=0) - embeddings
    lengths = np.maximum(np.linalg.norm(others, axis=1), 1e-9)
    return float(((embeddings * others).sum(axis=1) / lengths).min())


def _lowest_to_mean(embeddings: NDArray[np.float64], reference: NDArray[np.float64]) -> float | None:
    """Return the lowest similarity of a single frame to the mean of `reference`; None without frames."""
    if not len(embeddings):
        return None
    mean = reference.mean(axis=0)
    return float((embeddings @ (mean / max(float(np.linalg.norm(mean)), 1e-9))).min())


def _longest_unchecked(record: CaptureRecord, embedded: set[int]) -> int:
    """Return the longest run of frames with a face between two embeddings, or to either end."""
    longest = run = 0
    for frame in record.frames:
        run = 0 if frame.number in embedded else run + (frame.face is not None)
        longest = max(longest, run)
    return longest


def _track(record: CaptureRecord) -> dict[str, float | int]:
    """Return how steadily the dominant face moved, in face widths and factors of size per second."""
    shown = faces_of(record)
    first, last = shown[0][0].number, shown[-1][0].number
    between = [frame for frame in record.frames if first <= frame.number <= last]
    steps = [_speeds(a, b) for a, b in pairwise(shown)]
    return {
        "largest_track_speed": max((speed for speed, _ in steps), default=0.0),
        "largest_scale_speed": max((speed for _, speed in steps), default=0.0),
        "faceless_share": sum(frame.face is None for frame in between) / len(between),
        "longest_faceless_frames": max(
            (b.number - a.number - 1 for (a, _), (b, _) in pairwise(shown)), default=0
        ),
    }


def _speeds(
    before: tuple[FrameMeasurement, FaceMeasurement], after: tuple[FrameMeasurement, FaceMeasurement]
) -> tuple[float, float]:
    """Return the speed of the face's middle, face widths per second, and of the logarithm of its size."""
    (frame_a, face_a), (frame_b, face_b) = before, after
    seconds = max(frame_b.client_ms - frame_a.client_ms, MIN_INTERVAL_MS) / 1000
    shorter = min(frame_b.size)
    moved = np.hypot(
        (face_b.center[0] - face_a.center[0]) * frame_b.size[0],
        (face_b.center[1] - face_a.center[1]) * frame_b.size[1],
    )
    widths = float(moved) / max(face_a.width_share * shorter, 1e-6)
    grown = abs(float(np.log(max(face_b.width_share, 1e-6) / max(face_a.width_share, 1e-6))))
    return widths / seconds, grown / seconds
