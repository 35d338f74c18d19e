"""Apparent age, fused over frames."""

import numpy as np

from app.pipeline.identity import faces_near_reference
from app.pipeline.types import CaptureRecord, Finding
from app.pipeline.verifier import unmeasurable
from app.vocabulary import Evidence


class AgeVerifier:
    """The score is the mean of all estimates of the attempt."""

    evidence = Evidence.AGE
    unit = "years"
    method = "mean over frames"

    def verify(self, record: CaptureRecord) -> Finding:
        """Fuse the estimates of faces near the reference pose, whose identity continuity has compared."""
        ages = [
            face.demographics.age_years
            for face in faces_near_reference(record)
            if face.demographics is not None
        ]
        if not ages:
            return unmeasurable(self, "no frame was good enough")
        details = {"frames": len(ages), "spread": float(np.std(ages))}
        method = "+".join(record.demographics_models)
        return Finding(self.evidence, float(np.mean(ages)), self.unit, method, details)
