"""Apparent age, fused over frames."""

import numpy as np

from app.pipeline.types import CaptureRecord, Finding
from app.pipeline.verifier import faces_of, unmeasurable
from app.vocabulary import Evidence


class AgeVerifier:
    """The score is the mean of all estimates of the attempt."""

    evidence = Evidence.AGE
    unit = "years"
    method = "mean over frames"

    def verify(self, record: CaptureRecord) -> Finding:
        """Fuse the estimates."""
        ages = [face.demographics.age_years for _, face in faces_of(record) if face.demographics is not None]
        if not ages:
            return unmeasurable(self, "no frame was good enough")
        details = {"frames": len(ages), "spread": float(np.std(ages))}
        method = "+".join(record.demographics_models)
        return Finding(self.evidence, float(np.mean(ages)), self.unit, method, details)
