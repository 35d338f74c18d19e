"""What a verifier is: one kind of evidence, measured from the whole record, never judged."""

from typing import Protocol

from app.pipeline.types import CaptureRecord, FaceMeasurement, Finding, FrameMeasurement
from app.vocabulary import Evidence


class Verifier(Protocol):
    """One module of `app.pipeline.verifiers`."""

    evidence: Evidence
    unit: str
    method: str
    """What measured it, with version; a verifier of model scores names the model in its finding."""

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure; a finding without a score when there is nothing to measure."""
        ...


def unmeasurable(verifier: Verifier, why: str) -> Finding:
    """Return a finding that can never pass."""
    return Finding(verifier.evidence, None, verifier.unit, verifier.method, {"unmeasurable": why})


def faces_of(record: CaptureRecord) -> list[tuple[FrameMeasurement, FaceMeasurement]]:
    """Return the frames that show a face, with their dominant face."""
    return [(frame, frame.face) for frame in record.frames if frame.face is not None]
