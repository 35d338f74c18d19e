"""Passive liveness: what a model thinks of single frames. It can only ever lower trust."""

from statistics import median

from app.pipeline.types import CaptureRecord, Finding
from app.pipeline.verifier import faces_of, unmeasurable
from app.vocabulary import Evidence


class PresentationAttackVerifier:
    """The score is the median over frames: single frames of such models jump about."""

    evidence = Evidence.PRESENTATION_ATTACK
    unit = "bona fide score, 0…1, higher = more like a live capture"
    method = "median over frames"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure the frames that the model has seen."""
        scores = [face.bona_fide for _, face in faces_of(record) if face.bona_fide is not None]
        if not scores:
            return unmeasurable(self, "no frame was scored")
        details = {"frames": len(scores), "lowest": min(scores), "highest": max(scores)}
        return Finding(self.evidence, median(scores), self.unit, record.pad_model, details)
