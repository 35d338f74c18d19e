"""Brings a gallery up to the database by revision numbers: what was written since, and what is gone.

Every change of faces raises the collection's revision by one and stamps the rows it writes with the new
number; one that only deletes leaves a number without a row. So a range of numbers that have exactly one
row each deleted nothing. After any other range the database is asked: a range of revisions in which it
counts fewer faces than the gallery has lost some, and halving it finds them. No list of deleted faces has
to be kept anywhere.
"""

from collections.abc import Sequence
from contextlib import closing
from typing import TypeAlias

import numpy as np
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.faces.search.gallery import Gallery
from app.faces.types import TemplateKind
from app.models import Collection, Face

_FaceRow: TypeAlias = tuple[str, bytes, str, str, int]
_WRITTEN = (
    "SELECT id, protected_template, recognition_model, landmarker, revision FROM face"
    " WHERE collection_id = ? AND revision > ? AND revision <= ?"
)
_LOAD_BATCH = 8192
# Ranges of so many faces for each one that is gone are compared by id, larger ones are halved and
# counted: 20 counts find one deletion among a million.
_COMPARE_BATCH = 512


def refresh(session: Session, collection: Collection, gallery: Gallery, revision: int) -> None:
    """Make the gallery equal to the collection at `revision`, as the session's transaction sees it."""
    if gallery.revision == revision:
        return
    try:
        if revision < gallery.revision:  # an older snapshot than the last reader's, or a restored database
            gallery.clear()
        since = gallery.revision
        if not load_written(session, collection, gallery, since, revision):
            gallery.remove(gone(session, collection, gallery, -1, since))
    except BaseException:
        gallery.clear()  # half-refreshed: load it whole next time
        raise
    gallery.revision = revision


def load_written(session: Session, collection: Collection, gallery: Gallery, low: int, high: int) -> bool:
    """Put in the faces written by the revisions in (low, high]; True when these revisions deleted none."""
    if low < 0:
        gallery.reserve(_count(session, collection, low, high))
    # Straight from the driver: a million rows take a second instead of several.
    stamps: list[int] = []
    with closing(session.connection().connection.cursor()) as cursor:
        cursor.execute(_WRITTEN, (collection.id, low, high))
        while rows := cursor.fetchmany(_LOAD_BATCH):
            stamps += _put(gallery, rows)
    return low < 0 or sorted(stamps) == list(range(low + 1, high + 1))


def _put(gallery: Gallery, rows: Sequence[_FaceRow]) -> Sequence[int]:
    """Put in rows of `_WRITTEN`; return their revisions."""
    ids, templates, models, landmarkers, revisions = zip(*rows, strict=True)
    if len(set(models)) == len(set(landmarkers)) == 1:  # as good as always
        gallery.put(ids, templates, TemplateKind(models[0], landmarkers[0]), revisions)
        return revisions
    for made_with in {row[2:4] for row in rows}:
        ids, templates, *_, stamps = zip(*(row for row in rows if row[2:4] == made_with), strict=True)
        gallery.put(ids, templates, TemplateKind(*made_with), stamps)
    return revisions


def gone(session: Session, collection: Collection, gallery: Gallery, low: int, high: int) -> list[str]:
    """Return the ids of the gallery's faces that no revision in (low, high] stands at in the database."""
    known = gallery.revisions_between(low, high)
    missing = len(known) - _count(session, collection, low, high)
    if missing <= 0:
        return []
    middle = int(np.median(known))
    if missing == len(known):
        return gallery.ids_between(low, high)
    if len(known) <= _COMPARE_BATCH * missing or middle >= high:
        present = set(session.scalars(select(Face.id).where(_stands(collection, low, high))))
        return [face_id for face_id in gallery.ids_between(low, high) if face_id not in present]
    return [
        *gone(session, collection, gallery, low, middle),
        *gone(session, collection, gallery, middle, high),
    ]


def _count(session: Session, collection: Collection, low: int, high: int) -> int:
    stands = _stands(collection, low, high)
    return session.scalar(select(func.count()).select_from(Face).where(stands)) or 0


def _stands(collection: Collection, low: int, high: int) -> ColumnElement[bool]:
    return and_(Face.collection_id == collection.id, Face.revision > low, Face.revision <= high)
