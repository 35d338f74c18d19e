"""Exact 1:N search inside the process, kept equal to the database by revision numbers.

Every change of a face raises its collection's revision and stamps the row with it. What changed since
the last look is therefore a range of revisions, and what was deleted since is a range in which the
database counts fewer faces than the index: no list of deleted faces has to be kept anywhere.
"""

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.faces.collections import CHANGED
from app.faces.search.gallery import Gallery, StoredFace
from app.faces.search.interface import ANY_SIMILARITY
from app.faces.types import Hit, ProtectedTemplate, TemplateKind
from app.models import Collection, Face, FaceKey

# 128 dimensions take 512 bytes a face and about 200 more for its id: 4 M faces are some 2.8 GB.
MAX_FACES = 4_000_000
_LOAD_BATCH = 10_000
# Ranges of so many faces are compared by id, larger ones are halved and counted: 20 counts find one
# deletion among a million.
_COMPARE_BATCH = 512


class _Entry:
    """One collection's gallery and the lock around it."""

    def __init__(self, dimensions: int) -> None:
        self.lock = threading.Lock()
        self.gallery = Gallery(dimensions)


class FaceIndex:
    """Galleries of the collections used last; thread-safe, and empty again after a fork.

    All collections together hold at most `max_faces` faces: the least recently used ones are dropped
    and loaded again when needed. The collection in use stays, however large.
    """

    def __init__(self, max_faces: int = MAX_FACES) -> None:
        self._max_faces = max_faces
        self._reset()
        _call_after_fork(self)

    def search(
        self,
        session: Session,
        collection: Collection,
        probe: ProtectedTemplate,
        kind: TemplateKind,
        top: int = 2,
        *,
        threshold: float = ANY_SIMILARITY,
        exclude_external_id: str | None = None,
    ) -> list[Hit]:
        """Return the `top` most similar faces of the same kind: see `FaceSearch`."""
        excluded = _ids_named(session, collection, exclude_external_id)
        with self._current(session, collection) as gallery:
            nearest = gallery.nearest(probe, kind, top, excluded)
        nearest = [(face_id, similarity) for face_id, similarity in nearest if similarity >= threshold]
        names = _names_of(session, [face_id for face_id, _ in nearest])
        return [Hit(face_id, names.get(face_id, ()), similarity) for face_id, similarity in nearest]

    def count(self, session: Session, collection: Collection, kind: TemplateKind) -> int:
        """Return how many faces a search for this kind compares with."""
        with self._current(session, collection) as gallery:
            return gallery.count(kind)

    def count_incomparable(self, session: Session, collection: Collection, kind: TemplateKind) -> int:
        """Return how many faces were made by other models, which no search for this kind can see."""
        with self._current(session, collection) as gallery:
            return len(gallery) - gallery.count(kind)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    @contextmanager
    def _current(self, session: Session, collection: Collection) -> Iterator[Gallery]:
        # Reading first makes the transaction begin before the lock is taken: waiting for the database
        # while holding the lock could deadlock with a writer that waits for the lock.
        revision = _revision_of(session, collection)
        if collection.id in session.info.get(CHANGED, ()):
            # What this transaction wrote may be rolled back and must not stay in memory.
            yield _refreshed(session, collection, revision, Gallery(collection.dimensions))
            return
        entry = self._entry(collection)
        with entry.lock:
            yield _refreshed(session, collection, revision, entry.gallery)
        self._evict(keep=collection.id)

    def _entry(self, collection: Collection) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(collection.id, _Entry(collection.dimensions))
            self._entries.move_to_end(collection.id)
            return entry

    def _evict(self, keep: str) -> None:
        with self._lock:
            total = sum(len(entry.gallery) for entry in self._entries.values())
            for collection_id in [key for key in self._entries if key != keep]:
                if total <= self._max_faces:
                    return
                total -= len(self._entries.pop(collection_id).gallery)


def _call_after_fork(index: FaceIndex) -> None:
    # A lock that another thread held while forking would stay locked in the child for ever, and its
    # gallery half-written: the child starts empty. (Windows has no fork and nothing to register.)
    reference = weakref.ref(index)

    def forget() -> None:
        alive = reference()
        if alive is not None:
            alive._reset()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)


def _refreshed(session: Session, collection: Collection, revision: int, gallery: Gallery) -> Gallery:
    if gallery.revision == revision:
        return gallery
    try:
        if revision < gallery.revision:  # an older snapshot than the last reader's, or a restored database
            gallery.clear()
        _load_changed(session, collection, gallery, revision)
        _drop_deleted(session, collection, gallery, revision)
    except BaseException:
        gallery.clear()  # half-refreshed: load it whole next time
        raise
    gallery.revision = revision
    return gallery


def _revision_of(session: Session, collection: Collection) -> int:
    return session.scalars(select(Collection.revision).where(Collection.id == collection.id)).one()


def _load_changed(session: Session, collection: Collection, gallery: Gallery, revision: int) -> None:
    written = _written(collection, gallery.revision, revision)
    if gallery.revision < 0:
        gallery.reserve(session.scalar(select(func.count()).select_from(Face).where(written)) or 0)
    rows = session.execute(
        select(Face.id, Face.protected_template, Face.recognition_model, Face.landmarker, Face.revision)
        .where(written)
        .execution_options(yield_per=_LOAD_BATCH)
    )
    for batch in rows.partitions():
        gallery.put([StoredFace(row[0], row[1], TemplateKind(row[2], row[3]), row[4]) for row in batch])


def _drop_deleted(session: Session, collection: Collection, gallery: Gallery, revision: int) -> None:
    gallery.remove(_deleted(session, collection, gallery, -1, revision))


def _deleted(session: Session, collection: Collection, gallery: Gallery, low: int, high: int) -> list[str]:
    known = gallery.revisions_between(low, high)
    stored = _written(collection, low, high)
    if len(known) == session.scalar(select(func.count()).select_from(Face).where(stored)):
        return []
    middle = int(np.median(known)) if len(known) else high
    if len(known) <= _COMPARE_BATCH or middle >= high:
        present = set(session.scalars(select(Face.id).where(stored)))
        return [face_id for face_id in gallery.ids_between(low, high) if face_id not in present]
    return [
        *_deleted(session, collection, gallery, low, middle),
        *_deleted(session, collection, gallery, middle, high),
    ]


def _written(collection: Collection, low: int, high: int) -> ColumnElement[bool]:
    return and_(Face.collection_id == collection.id, Face.revision > low, Face.revision <= high)


def _ids_named(session: Session, collection: Collection, external_id: str | None) -> list[str]:
    if external_id is None:
        return []
    named = select(FaceKey.face_id).filter_by(collection_id=collection.id, external_id=external_id)
    return list(session.scalars(named))


def _names_of(session: Session, face_ids: list[str]) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    keys = select(FaceKey.face_id, FaceKey.external_id).where(FaceKey.face_id.in_(face_ids))
    for face_id, external_id in session.execute(keys.order_by(FaceKey.external_id)):
        names[face_id] = (*names.get(face_id, ()), external_id)
    return names
