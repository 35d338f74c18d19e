"""Apparent gender with a confidence, fused over frames."""

import numpy as np

from app.pipeline.identity import faces_near_reference
from app.pipeline.types import CaptureRecord, Finding
from app.pipeline.verifier import unmeasurable
from app.vocabulary import Evidence


class GenderVerifier:
    """The score is the confidence in the more probable answer, which the details name."""

    evidence = Evidence.GENDER
    unit = "confidence, 0.5…1"
    method = "mean over frames"

    def verify(self, record: CaptureRecord) -> Finding:
        """Fuse the estimates of faces near the reference pose, whose identity continuity has compared."""
        males = [
            face.demographics.male_probability
            for face in faces_near_reference(record)
            if face.demographics is not None
        ]
        if not males:
            return unmeasurable(self, "no frame was good enough")
        male = float(np.mean(males))
        details = {
            "frames": len(males),
            "male_probability": male,
            "gender": "male" if male > 0.5 else "female",
        }
        method = "+".join(record.demographics_models)
        return Finding(self.evidence, max(male, 1 - male), self.unit, method, details)
