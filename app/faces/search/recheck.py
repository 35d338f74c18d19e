"""Compares candidates again with the stored templates, until no further one can be as similar."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.faces.search.gallery import Candidate
from app.faces.search.quantised import exact_similarities
from app.faces.types import ProtectedTemplate
from app.models import Face

# Mostly a handful is enough; SQLite takes 32 766 variables at once.
_FIRST_BATCH = 16
_LARGEST_BATCH = 4096


def nearest(
    session: Session,
    candidates: Iterator[Candidate],
    probe: ProtectedTemplate,
    top: int,
    threshold: float,
) -> list[tuple[str, float]]:
    """Return up to `top` (face id, cosine similarity): best first, then by id.

    `candidates` come with the highest similarity that is possible, highest first.
    """
    best: list[tuple[float, str]] = []
    size = _FIRST_BATCH
    while batch := list(islice(candidates, size)):
        if len(best) == top and -best[-1][0] > batch[0].highest:
            break
        known = _similarities(session, [each.face_id for each in batch], probe)
        best = sorted([*best, *((-value, face_id) for face_id, value in known if value >= threshold)])[:top]
        size = min(2 * size, _LARGEST_BATCH)
    return [(face_id, -negative) for negative, face_id in best]


def _similarities(session: Session, face_ids: list[str], probe: ProtectedTemplate) -> list[tuple[str, float]]:
    # By id alone: asked for the collection as well, SQLite would walk through all of its faces.
    stored = select(Face.id, Face.protected_template).where(Face.id.in_(face_ids))
    rows = session.connection().execute(stored).all()
    templates = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), len(probe))
    similarities = exact_similarities(templates, probe)
    return [(row[0], float(value)) for row, value in zip(rows, similarities, strict=True)]
