"""Whether there was a face, and whether it was the only one."""

from app.pipeline.types import CaptureRecord, Finding, FrameMeasurement
from app.pipeline.verifier import unmeasurable
from app.vocabulary import Evidence

# Without a challenge the last frames count, as many as the shortest capture has: a passer-by whom the
# guidance has sent away before must not be held against the person.
TAIL_FRAMES = 12
# Neutral frames before the first target belong to the challenge.
LEAD_FRAMES = 3


class FacePresenceVerifier:
    """Counts faces; the score is the share of frames with at least one."""

    evidence = Evidence.FACE_PRESENCE
    unit = "share of frames with a face, 0…1"
    method = "face count v1"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure all frames for the score, and those that count for the number of people."""
        frames = record.frames
        if not frames:
            return unmeasurable(self, "no frames")
        counted = _counted(record)
        shown = sum(frame.face_count > 0 for frame in frames) / len(frames)
        details = {
            "frames": len(frames),
            "face_count": _confirmed_count(counted),
            "most_faces": max(frame.face_count for frame in frames),
            "single_share": sum(frame.face_count == 1 for frame in counted) / len(counted),
            "multiple_share": sum(frame.face_count > 1 for frame in counted) / len(counted),
        }
        return Finding(self.evidence, shown, self.unit, f"{self.method} on {record.landmarker}", details)


def _counted(record: CaptureRecord) -> tuple[FrameMeasurement, ...]:
    if not record.steps:
        return record.frames[-TAIL_FRAMES:]
    before = sum(frame.received_ms <= record.steps[0].released_ms for frame in record.frames)
    return record.frames[max(0, before - LEAD_FRAMES) :]


def _confirmed_count(frames: tuple[FrameMeasurement, ...]) -> int:
    """Return the largest number of faces that at least two frames agree on."""
    counts = sorted((frame.face_count for frame in frames), reverse=True)
    return counts[min(1, len(counts) - 1)]
