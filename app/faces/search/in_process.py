"""Exact search inside the process: the engine for SQLite.

What a process knows of a collection lives in its memory alone, in 8 bits a number, and follows the
database by revision numbers; whoever may be among the nearest is compared again with the template in the
database. Nothing is written to disk, so a deleted face is gone with its row and, at the next look, with
its place in memory.
"""

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.faces.collections import CHANGED
from app.faces.search.gallery import Gallery
from app.faces.search.interface import ANY_SIMILARITY
from app.faces.search.names import ids_named, names_of
from app.faces.search.quantised import quantise_probe
from app.faces.search.recheck import nearest, stored_similarities
from app.faces.search.refresh import gone, load_written, refresh
from app.faces.search.scan import Scanner
from app.faces.search.view import View
from app.faces.types import Hit, ProtectedTemplate, TemplateKind
from app.models import Collection

# A face of 128 dimensions takes 162 bytes: 3 M faces are 0.5 GB.
MAX_FACES = 3_000_000


class _Entry:
    """One collection's gallery and the lock around it."""

    def __init__(self, gallery: Gallery) -> None:
        self.lock = threading.Lock()
        self.gallery = gallery


class FaceIndex:
    """Galleries of the collections used last; thread-safe, and empty again after a fork.

    All collections together hold at most `max_faces` faces: the least recently used ones are dropped
    and loaded again when needed. The collection in use stays, however large.
    """

    def __init__(self, max_faces: int = MAX_FACES) -> None:
        self._max_faces = max_faces
        self._scanner = Scanner()
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
        excluded = ids_named(session, collection, exclude_external_id)
        with self._seen(session, collection) as view:
            candidates = view.candidates(quantise_probe(probe), kind, top, threshold, excluded)
            found = nearest(
                lambda face_ids: stored_similarities(session, face_ids, probe), candidates, top, threshold
            )
        names = names_of(session, [face_id for face_id, _ in found])
        return [Hit(face_id, names.get(face_id, ()), similarity) for face_id, similarity in found]

    def count(self, session: Session, collection: Collection, kind: TemplateKind) -> int:
        """Return how many faces a search for this kind compares with."""
        with self._seen(session, collection) as view:
            return view.count(kind)

    def count_incomparable(self, session: Session, collection: Collection, kind: TemplateKind) -> int:
        """Return how many faces were made by other models, which no search for this kind can see."""
        with self._seen(session, collection) as view:
            return len(view) - view.count(kind)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    @contextmanager
    def _seen(self, session: Session, collection: Collection) -> Iterator[View]:
        # Reading first makes the transaction begin before the lock is taken: waiting for the database
        # while holding the lock could deadlock with a writer that waits for the lock.
        revision = _revision_of(session, collection)
        entry = self._entry(collection)
        with entry.lock:
            if collection.id in session.info.get(CHANGED, ()):
                # What this transaction wrote may be rolled back and must not stay in memory.
                yield self._with_own(session, collection, entry.gallery, revision)
            else:
                refresh(session, collection, entry.gallery, revision)
                yield View(entry.gallery)
        self._evict(keep=collection.id)

    def _with_own(self, session: Session, collection: Collection, shared: Gallery, revision: int) -> View:
        own = self._gallery(collection)
        if shared.revision > revision:  # a restored database
            shared = self._gallery(collection)
        complete = load_written(session, collection, own, shared.revision, revision)
        hidden = own.ids_between(-1, revision)
        if not complete:
            hidden = gone(session, collection, shared, -1, shared.revision)
        return View(shared, own, hidden)

    def _gallery(self, collection: Collection) -> Gallery:
        return Gallery(collection.dimensions, self._scanner)

    def _entry(self, collection: Collection) -> _Entry:
        with self._lock:
            entry = self._entries.get(collection.id)
            if entry is None or entry.gallery.dimensions != collection.dimensions:
                entry = self._entries[collection.id] = _Entry(self._gallery(collection))
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


def _revision_of(session: Session, collection: Collection) -> int:
    return session.scalars(select(Collection.revision).where(Collection.id == collection.id)).one()
