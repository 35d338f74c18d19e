"""Whether there is enough to see; components as in ISO/IEC 29794-5, for the frames recognition will use."""

from collections import Counter
from dataclasses import astuple
from statistics import median

from app.pipeline.identity import comparable_faces, faces_near_reference
from app.pipeline.quality import COMPONENT_NAMES, limiting_component
from app.pipeline.types import CaptureRecord, FaceQuality, Finding
from app.pipeline.verifier import faces_of, unmeasurable
from app.vocabulary import Evidence


class ImageQualityVerifier:
    """The score is the share of faces that are usable."""

    evidence = Evidence.IMAGE_QUALITY
    unit = "share of usable faces, 0…1"
    method = "capture quality v1"

    def verify(self, record: CaptureRecord) -> Finding:
        """Measure every frame that shows a face."""
        faces = [face for _, face in faces_of(record)]
        if not faces:
            return unmeasurable(self, "no face")
        faults = [limiting_component(face.quality) for face in faces]
        embedded = comparable_faces(record)
        worst = Counter(fault for fault in faults if fault is not None).most_common(1)
        details = {
            "usable_frames": faults.count(None),
            "comparable_embeddings": len(embedded),
            "limiting": worst[0][0] if worst else None,
            "limiting_component": COMPONENT_NAMES[worst[0][0]] if worst else None,
            "comparable_share": round(len(faces_near_reference(record)) / len(faces), 4),
            **_typical([face.quality for face in embedded or faces]),
        }
        score = faults.count(None) / len(faults)
        return Finding(self.evidence, score, self.unit, self.method, details)


def _typical(qualities: list[FaceQuality]) -> dict[str, float]:
    """Return the median of every component."""
    columns = zip(*(astuple(quality) for quality in qualities), strict=True)
    names = FaceQuality.__dataclass_fields__
    return {name: round(median(values), 4) for name, values in zip(names, columns, strict=True)}
