"""Brings a gallery up to the database by revision numbers: what was written since, and what is gone.

Every change of faces raises the collection's revision by one and stamps the rows it writes with the new
number; one that only deletes leaves a number without a row. So a range of numbers that have exactly one
row each deleted nothing. After any other range the database is asked: a range of revisions in which it
counts fewer faces than the gallery has lost some, and halving it finds them. No list of deleted faces has
to be kept anywhere.
"""

import gc
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import numpy as np
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import Session

from app.faces.search.gallery import Gallery
from app.faces.types import TemplateKind
from app.models import Collection, Face

_WRITTEN = "FROM face WHERE collection_id = ? AND revision > ? AND revision <= ?"
_OF_KIND = "recognition_model = ? AND landmarker = ?"
# What of so many rows is in the making at once fits into the processor's cache: a third faster than more.
_LOAD_BATCH = 2048
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
    expected = _count(session, collection, low, high)
    if low < 0:
        gallery.reserve(expected)
    stamps, written = array("q"), (collection.id, low, high)
    # Straight from the driver: a million rows take two seconds instead of many.
    with closing(session.connection().connection.cursor()) as cursor:
        for kind in _kinds(cursor, written):
            stamps.extend(_load(cursor, gallery, kind, written))
            if len(stamps) == expected:
                break
    return low < 0 or sorted(stamps) == list(range(low + 1, high + 1))


def _kinds(cursor: DBAPICursor, written: Sequence[str | int]) -> Iterator[TemplateKind]:
    """Yield the kinds of what was written: one, as good as always."""
    seen: list[str] = []
    while True:
        others = f" AND NOT ({_OF_KIND})" * (len(seen) // 2)
        another = f"SELECT recognition_model, landmarker {_WRITTEN}{others} LIMIT 1"
        cursor.execute(another, (*written, *seen))
        found = cursor.fetchone()
        if found is None:
            return
        seen += found
        yield TemplateKind(*found)


def _load(
    cursor: DBAPICursor, gallery: Gallery, kind: TemplateKind, written: Sequence[str | int]
) -> "array[int]":
    """Put in what was written of one kind; return the revisions."""
    stamps = array("q")
    of_kind = f"SELECT id, protected_template, revision {_WRITTEN} AND {_OF_KIND}"
    cursor.execute(of_kind, (*written, kind.recognition_model, kind.landmarker))
    with _without_collecting():
        while rows := cursor.fetchmany(_LOAD_BATCH):
            ids, templates, revisions = zip(*rows, strict=True)
            gallery.put(ids, templates, kind, revisions)
            stamps.extend(revisions)
    return stamps


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Let a million short-lived rows pass without a search for garbage, which takes a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def gone(
    session: Session,
    collection: Collection,
    gallery: Gallery,
    low: int,
    high: int,
    missing: int | None = None,
) -> list[str]:
    """Return the ids of the gallery's faces that no revision in (low, high] stands at in the database.

    `missing` is how many they are, where that is known.
    """
    known = gallery.revisions_between(low, high)
    if missing is None:
        missing = len(known) - _count(session, collection, low, high)
    if missing <= 0:
        return []
    middle = int(np.median(known))
    if missing == len(known):
        return gallery.ids_between(low, high)
    if len(known) <= _COMPARE_BATCH * missing or middle >= high:
        present = set(session.scalars(select(Face.id).where(_stands(collection, low, high))))
        return [face_id for face_id in gallery.ids_between(low, high) if face_id not in present]
    lower = gone(session, collection, gallery, low, middle)
    return [*lower, *gone(session, collection, gallery, middle, high, missing - len(lower))]


def _count(session: Session, collection: Collection, low: int, high: int) -> int:
    stands = _stands(collection, low, high)
    return session.scalar(select(func.count()).select_from(Face).where(stands)) or 0


def _stands(collection: Collection, low: int, high: int) -> ColumnElement[bool]:
    return and_(Face.collection_id == collection.id, Face.revision > low, Face.revision <= high)
