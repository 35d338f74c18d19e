"""The face of a session in review: it rests protected and sealed, and goes with the verdict.

Rotated with a collection's secret matrix and sealed under the master key: a reset or deleted collection
makes it worthless, and so does a dump of the database without the key.
"""

import hashlib
import hmac

import numpy as np
from sqlalchemy.orm import Session

from app.errors import StateConflictError
from app.faces.collections import rotation_of
from app.faces.protection import Rotation, protect, unprotect
from app.faces.types import Template, TemplateKind
from app.faces.vectors import LITTLE_ENDIAN_FLOAT32, template_bytes
from app.models import Collection, ReviewCase
from app.sealing import Purpose, Sealer

_DIGEST_BYTES = 32
_GONE = "its face can no longer be compared, because {}: decline it, and let the person come again"


def lay_to_rest(sealer: Sealer, case: ReviewCase, collection: Collection, template: Template) -> None:
    """Put a visit's fused face into its case."""
    rotation = rotation_of(sealer, collection)
    plaintext = _digest(rotation) + template_bytes(protect(rotation, template.embedding))
    case.sealed_template = sealer.seal(Purpose.REVIEW_TEMPLATE, case.session_id, plaintext)
    case.collection_id = collection.id
    case.effective_size = template.effective_size
    case.recognition_model = template.kind.recognition_model
    case.landmarker = template.kind.landmarker


def take_up(db: Session, sealer: Sealer, case: ReviewCase | None) -> Template:
    """Return the face; `StateConflictError` saying what to do when it is not there to be compared."""
    if case is None or case.sealed_template is None or case.effective_size is None:
        raise StateConflictError(_GONE.format("it was not kept"))
    collection = db.get(Collection, case.collection_id)
    if collection is None:
        raise StateConflictError(_GONE.format("its collection was deleted"))
    rotation = rotation_of(sealer, collection)
    plaintext = sealer.open(Purpose.REVIEW_TEMPLATE, case.session_id, case.sealed_template)
    if not hmac.compare_digest(plaintext[:_DIGEST_BYTES], _digest(rotation)):
        raise StateConflictError(_GONE.format("its collection has a new key"))
    protected = np.frombuffer(plaintext[_DIGEST_BYTES:], LITTLE_ENDIAN_FLOAT32).astype(np.float32)
    kind = TemplateKind(case.recognition_model or "", case.landmarker or "")
    return Template(unprotect(rotation, protected), case.effective_size, kind)


def _digest(rotation: Rotation) -> bytes:
    """Return what tells one matrix from the next: a template unrotated with another is noise."""
    return hashlib.sha256(rotation.astype(LITTLE_ENDIAN_FLOAT32).tobytes()).digest()
