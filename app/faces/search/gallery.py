"""The faces of one collection in memory: one contiguous matrix, searched exactly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.faces.types import ProtectedTemplate, TemplateKind

# Below every cosine similarity: rows that are not to be found.
_EXCLUDED = np.float32(-2.0)
# Room for more than there is costs nothing until it is used; moving a million templates takes a second.
_GROWTH = 1.5
_LEAST_ROOM = 1024


@dataclass(frozen=True, slots=True)
class StoredFace:
    """One row of the face table as the gallery needs it."""

    face_id: str
    protected_template: bytes
    kind: TemplateKind
    revision: int


class Gallery:
    """Faces of one collection at one revision; not thread-safe, `FaceIndex` locks around it."""

    def __init__(self, dimensions: int) -> None:
        self.revision = -1
        """The collection's revision that this equals; −1 = never filled."""
        self._dimensions = dimensions
        self._kind_codes: dict[TemplateKind, int] = {}
        self._face_ids: list[str] = []
        self._slots: dict[str, int] = {}
        self._templates = np.empty((0, dimensions), np.float32)
        self._kinds = np.empty(0, np.int32)
        self._revisions = np.empty(0, np.int64)

    def clear(self) -> None:
        """Forget everything; the next refresh loads the collection whole."""
        self.revision = -1
        self._face_ids, self._slots = [], {}
        self.reserve(0)

    def __len__(self) -> int:
        return len(self._face_ids)

    def reserve(self, expected: int) -> None:
        """Make room for so many faces and half as many again, keeping those that are there."""
        kept, capacity = len(self), int(expected * _GROWTH) + _LEAST_ROOM
        templates = np.empty((capacity, self._dimensions), np.float32)
        kinds, revisions = np.empty(capacity, np.int32), np.empty(capacity, np.int64)
        if kept:
            templates[:kept] = self._templates[:kept]
            kinds[:kept], revisions[:kept] = self._kinds[:kept], self._revisions[:kept]
        self._templates, self._kinds, self._revisions = templates, kinds, revisions

    def put(self, faces: Sequence[StoredFace]) -> None:
        """Insert faces, or replace those of the same id."""
        self._grow(len(faces))
        blob = b"".join(face.protected_template for face in faces)
        templates = np.frombuffer(blob, "<f4").reshape(len(faces), self._dimensions)
        slots = [self._slot(face.face_id) for face in faces]
        self._templates[slots] = templates
        self._kinds[slots] = [self._code(face.kind) for face in faces]
        self._revisions[slots] = [face.revision for face in faces]

    def remove(self, face_ids: Iterable[str]) -> None:
        """Drop faces; the last row moves into each gap, so that the matrix stays contiguous."""
        for face_id in face_ids:
            slot, last_id = self._slots.pop(face_id), self._face_ids.pop()
            last = len(self._face_ids)
            if slot != last:
                self._face_ids[slot], self._slots[last_id] = last_id, slot
                self._kinds[slot], self._revisions[slot] = self._kinds[last], self._revisions[last]
                self._templates[slot] = self._templates[last]
            self._templates[last] = 0.0  # a forgotten face leaves the memory as well

    def revisions_between(self, low: int, high: int) -> NDArray[np.int64]:
        """Return the revisions in (low, high] of the faces that are there, in no order."""
        revisions = self._revisions[: len(self)]
        return revisions[(revisions > low) & (revisions <= high)]

    def ids_between(self, low: int, high: int) -> list[str]:
        """Return the ids of the faces written by the revisions in (low, high]."""
        revisions = self._revisions[: len(self)]
        found = np.flatnonzero((revisions > low) & (revisions <= high))
        return [self._face_ids[slot] for slot in found]

    def count(self, kind: TemplateKind) -> int:
        """Return how many faces are comparable with templates of this kind."""
        return int(np.count_nonzero(self._kinds[: len(self)] == self._kind_codes.get(kind, -1)))

    def nearest(
        self, probe: ProtectedTemplate, kind: TemplateKind, top: int, excluded: Iterable[str]
    ) -> list[tuple[str, float]]:
        """Return up to `top` (face id, cosine similarity), best first; every comparable face is compared."""
        similarities = self._templates[: len(self)] @ probe
        if len(self._kind_codes) > 1 or kind not in self._kind_codes:
            similarities[self._kinds[: len(self)] != self._kind_codes.get(kind, -1)] = _EXCLUDED
        for face_id in excluded:
            if face_id in self._slots:
                similarities[self._slots[face_id]] = _EXCLUDED
        return self._best(similarities, top)

    def _best(self, similarities: NDArray[np.float32], top: int) -> list[tuple[str, float]]:
        # One arg-max per hit: for the one or two that decisions need, faster than any partial sort.
        best: list[tuple[str, float]] = []
        for _ in range(min(top, len(similarities))):
            slot = int(np.argmax(similarities))
            if similarities[slot] == _EXCLUDED:
                break
            best.append((self._face_ids[slot], float(np.clip(similarities[slot], -1.0, 1.0))))
            similarities[slot] = _EXCLUDED
        return best

    def _slot(self, face_id: str) -> int:
        if face_id not in self._slots:
            self._slots[face_id] = len(self._face_ids)
            self._face_ids.append(face_id)
        return self._slots[face_id]

    def _code(self, kind: TemplateKind) -> int:
        return self._kind_codes.setdefault(kind, len(self._kind_codes))

    def _grow(self, more: int) -> None:
        if len(self) + more > len(self._templates):
            self.reserve(len(self) + more)
