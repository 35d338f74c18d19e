"""Brings a gallery up to the database by revision numbers: what was written since, and what is gone.

Every change of faces raises the collection's revision by one. A change that writes stamps its rows with
the new number, a change that deletes leaves a number without rows. So a range of numbers that all have
rows deletes nothing; otherwise a range in which the database counts fewer faces than the gallery has lost
some, and halving it finds them. No list of deleted faces has to be kept anywhere.
"""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session

from app.faces.search.gallery import Gallery
from app.faces.types import TemplateKind
from app.models import Collection, Face

_LOAD_BATCH = 20_000
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
    written = _written(collection, low, high)
    if low < 0:
        gallery.reserve(session.scalar(select(func.count()).select_from(Face).where(written)) or 0)
    columns = (Face.id, Face.protected_template, Face.recognition_model, Face.landmarker, Face.revision)
    rows = session.connection().execute(
        select(*columns).where(written).execution_options(yield_per=_LOAD_BATCH)
    )
    stamps: set[int] = set()
    for batch in rows.partitions():
        _put(gallery, batch)
        if low >= 0:
            stamps.update(row[4] for row in batch)
    return low < 0 or len(stamps) == high - low


def _put(gallery: Gallery, rows: Sequence[Row[str, bytes, str, str, int]]) -> None:
    ids, templates, models, landmarkers, revisions = zip(*rows, strict=True)
    made_with = list(zip(models, landmarkers, strict=True))
    kinds = {pair: TemplateKind(*pair) for pair in set(made_with)}
    gallery.put(ids, templates, [kinds[pair] for pair in made_with], revisions)


def gone(session: Session, collection: Collection, gallery: Gallery, low: int, high: int) -> list[str]:
    """Return the ids of the gallery's faces that no revision in (low, high] stands at in the database."""
    known = gallery.revisions_between(low, high)
    stored = _written(collection, low, high)
    missing = len(known) - (session.scalar(select(func.count()).select_from(Face).where(stored)) or 0)
    if missing <= 0:
        return []
    middle = int(np.median(known))
    if missing == len(known):
        return gallery.ids_between(low, high)
    if len(known) <= _COMPARE_BATCH * missing or middle >= high:
        present = set(session.scalars(select(Face.id).where(stored)))
        return [face_id for face_id in gallery.ids_between(low, high) if face_id not in present]
    return [
        *gone(session, collection, gallery, low, middle),
        *gone(session, collection, gallery, middle, high),
    ]


def _written(collection: Collection, low: int, high: int) -> ColumnElement[bool]:
    return and_(Face.collection_id == collection.id, Face.revision > low, Face.revision <= high)
