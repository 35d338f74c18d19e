"""Compares candidates again with the stored templates, until no further one can be as similar."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice, takewhile

import numpy as np
from sqlalchemy.orm import Session

from app.faces.search.gallery import Candidate
from app.faces.search.quantised import exact_similarities
from app.faces.types import ProtectedTemplate

# Mostly some dozens are enough; SQLite takes 32 766 variables at once.
_FIRST_BATCH = 64
_LARGEST_BATCH = 4096


def nearest(
    similarities_of: Callable[[Sequence[str]], Sequence[tuple[str, float]]],
    candidates: Iterator[Candidate],
    top: int,
    threshold: float,
) -> list[tuple[str, float]]:
    """Return up to `top` (face id, cosine similarity): best first, then by id.

    `candidates` come with the highest similarity that is possible, highest first; `similarities_of` tells
    the true ones.
    """
    best: list[tuple[float, str]] = []
    hopeful = takewhile(lambda each: len(best) < top or each.highest >= -best[-1][0], candidates)
    size = _FIRST_BATCH
    while batch := list(islice(hopeful, size)):
        known = similarities_of([each.face_id for each in batch])
        best = sorted([*best, *((-value, face_id) for face_id, value in known if value >= threshold)])[:top]
        size = min(2 * size, _LARGEST_BATCH)
    return [(face_id, -negative) for negative, face_id in best]


def stored_similarities(
    session: Session, face_ids: Sequence[str], probe: ProtectedTemplate
) -> list[tuple[str, float]]:
    """Return (face id, cosine similarity) of the stored templates of these faces, in any order."""
    # By id alone: asked for the collection as well, SQLite would walk through all of its faces.
    marks = ", ".join("?" * len(face_ids))
    stored = f"SELECT id, protected_template FROM face WHERE id IN ({marks})"  # noqa: S608 -- question marks
    with closing(session.connection().connection.cursor()) as cursor:
        rows = cursor.execute(stored, face_ids).fetchall()
    templates = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), len(probe))
    similarities = exact_similarities(templates, probe)
    return [(row[0], float(value)) for row, value in zip(rows, similarities, strict=True)]
