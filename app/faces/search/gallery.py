"""The faces of one collection in memory, 8 bits a number: finds those that may be the most similar."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.faces.search.quantised import QuantisedProbe, quantise_rows
from app.faces.types import TemplateKind
from app.inference.integer_products import IntegerProducts

# Room for more than there is costs nothing until it is used; moving a million faces takes 0.1 s.
_GROWTH = 1.5
_LEAST_ROOM = 1024
# Products of so many rows take 2 MB; fewer at once make the threads wait for each other more often.
_ROWS_AT_ONCE = 262_144
_QUANTISED_AT_ONCE = 2048
# Rows are judged so many at a time, which is much faster than sorting.
_ROWS_PER_RUN = 64

_EXCLUDED = np.float32(-np.inf)


class Candidate(NamedTuple):
    """A face that may be among the nearest."""

    face_id: str
    highest: float
    """The highest similarity that is possible."""


class Gallery:
    """Faces of one collection at one revision; not thread-safe, `FaceIndex` locks around it.

    A face takes its dimensions and 34 bytes more: 162 MB for a million faces of 128 dimensions.
    """

    def __init__(self, dimensions: int, products: IntegerProducts) -> None:
        self.revision = -1
        """The collection's revision that this equals; −1 = never filled."""
        self.dimensions, self._products = dimensions, products
        self.clear()

    def clear(self) -> None:
        """Forget everything; the next refresh loads the collection whole."""
        self.revision = -1
        self._size = 0
        self._kind_codes: dict[TemplateKind, int] = {}
        self._allocate(0)

    def __len__(self) -> int:
        return self._size

    def reserve(self, expected: int) -> None:
        """Make room for so many faces and half as many again, keeping those that are there."""
        before = self._columns()
        self._allocate(int(expected * _GROWTH) + _LEAST_ROOM)
        for old, new in zip(before, self._columns(), strict=True):
            new[: self._size] = old[: self._size]

    def put(
        self,
        face_ids: Sequence[str],
        protected_templates: Sequence[bytes],
        kind: TemplateKind,
        revisions: Sequence[int],
    ) -> None:
        """Insert faces, or replace those of the same id; `ValueError` when a template is no unit vector."""
        templates = np.frombuffer(b"".join(protected_templates), "<f4").reshape(-1, self.dimensions)
        slots = self._slots_for(face_ids)
        for start in range(0, len(face_ids), _QUANTISED_AT_ONCE):
            part = slice(start, start + _QUANTISED_AT_ONCE)
            rows = quantise_rows(templates[part])
            self._codes[slots[part]] = rows.codes
            self._steps[slots[part]], self._errors[slots[part]] = rows.steps, rows.errors
        self._kinds[slots] = self._kind_codes.setdefault(kind, len(self._kind_codes))
        self._revisions[slots] = revisions

    def remove(self, face_ids: Sequence[str]) -> None:
        """Drop faces; the last rows move into the gaps, so that the rows stay contiguous."""
        removed = np.array(sorted(self._slots_of(face_ids).values()), np.int64)
        before, self._size = self._size, self._size - len(removed)
        moved = np.setdiff1d(np.arange(self._size, before), removed, assume_unique=True)
        for column in self._columns():
            column[removed[removed < self._size]] = column[moved]
            column[self._size : before] = 0  # a forgotten face leaves the memory as well

    def revisions_between(self, low: int, high: int) -> NDArray[np.int64]:
        """Return the revisions in (low, high] of the faces that are there, in no order."""
        revisions = self._revisions[: self._size]
        return revisions[(revisions > low) & (revisions <= high)]

    def ids_between(self, low: int, high: int) -> list[str]:
        """Return the ids of the faces written by the revisions in (low, high]."""
        revisions = self._revisions[: self._size]
        return [self._id_of(slot) for slot in np.flatnonzero((revisions > low) & (revisions <= high))]

    def known(self, face_ids: Sequence[str]) -> int:
        """Return how many of these faces are there."""
        return len(self._slots_of(face_ids))

    def count(self, kind: TemplateKind, excluded: Sequence[str] = ()) -> int:
        """Return how many faces, but for the excluded ones, templates of this kind are comparable with."""
        code = self._kind_codes.get(kind, -1)
        left_out = list(self._slots_of(excluded).values())
        comparable = self._kinds[: self._size] == code
        return int(np.count_nonzero(comparable) - np.count_nonzero(comparable[left_out]))

    def candidates(
        self,
        probe: QuantisedProbe,
        kind: TemplateKind,
        top: int,
        threshold: float,
        excluded: Sequence[str],
    ) -> Iterator[Candidate]:
        """Yield every face that may be among the `top` most similar ones that reach `threshold`.

        The highest possible similarity comes first. None that is among them is missing, whatever the
        templates are: see `app.faces.search.quantised`.
        """
        similarities = self._similarities(probe, self._hidden(kind, excluded))
        errors = self._errors[: len(similarities)]
        # Whole runs of rows are judged by their best row and their worst error; few have to be opened.
        runs, _ = _reaching(_maxima(similarities, top), _maxima(errors, top), probe, top, threshold)
        rows = _rows_of(runs, top, len(similarities))
        found, highest = _reaching(similarities[rows], errors[rows], probe, top, threshold)
        ranked = np.argsort(-highest, kind="stable")
        return (
            Candidate(self._id_of(row), float(value))
            for row, value in zip(rows[found][ranked], highest[ranked], strict=True)
        )

    def _similarities(self, probe: QuantisedProbe, hidden: NDArray[np.bool_] | None) -> NDArray[np.float32]:
        """Return each row's approximate similarity; −∞ where it is hidden, and up to whole runs of rows."""
        similarities = np.full(_whole_runs(self._size), _EXCLUDED)
        for rows in self._blocks():
            products = self._products.multiply(self._codes[rows], probe.digits)
            np.matmul(products.astype(np.float32), probe.worth, out=similarities[rows])
        similarities[: self._size] *= self._steps[: self._size]
        if hidden is not None:
            similarities[: self._size][hidden] = _EXCLUDED
        return similarities

    def _blocks(self) -> Iterator[slice]:
        for start in range(0, self._size, _ROWS_AT_ONCE):
            yield slice(start, min(start + _ROWS_AT_ONCE, self._size))

    def _hidden(self, kind: TemplateKind, excluded: Sequence[str]) -> NDArray[np.bool_] | None:
        known = self._slots_of(excluded)
        if not known and set(self._kind_codes) == {kind}:
            return None
        hidden: NDArray[np.bool_] = self._kinds[: self._size] != self._kind_codes.get(kind, -1)
        hidden[list(known.values())] = True
        return hidden

    def _slots_for(self, face_ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the rows of these faces, giving new ones to those that have none yet."""
        if self.revision < 0:  # the first load brings each id once
            return np.arange(self._append(face_ids), self._size)
        known = self._slots_of(face_ids)
        added = [face_id for face_id in face_ids if face_id not in known]
        known.update(zip(added, range(self._append(added), self._size), strict=True))
        return np.fromiter((known[face_id] for face_id in face_ids), np.int64, len(face_ids))

    def _append(self, added: Sequence[str]) -> int:
        """Give these faces new rows; return the first."""
        if self._size + len(added) > len(self._codes):
            self.reserve(self._size + len(added))
        first, self._size = self._size, self._size + len(added)
        self._ids[first : self._size] = _words(added)
        return first

    def _slots_of(self, face_ids: Sequence[str]) -> dict[str, int]:
        # Ids are random: half of one tells almost all rows apart, without a table of a million strings.
        if not self._size or not face_ids:
            return {}
        wanted = set(face_ids)
        likely = np.flatnonzero(np.isin(self._ids[: self._size, 0], _words(face_ids)[:, 0]))
        rows = {self._id_of(slot): int(slot) for slot in likely}
        return {face_id: slot for face_id, slot in rows.items() if face_id in wanted}

    def _id_of(self, slot: np.integer | int) -> str:
        return bytes(self._ids[slot]).hex()

    def _columns(self) -> tuple[NDArray[np.generic], ...]:
        return (self._codes, self._steps, self._errors, self._ids, self._kinds, self._revisions)

    def _allocate(self, capacity: int) -> None:
        capacity = _whole_runs(capacity)
        self._codes = np.empty((capacity, self.dimensions), np.uint8)
        self._steps, self._errors = np.empty(capacity, np.float32), np.zeros(capacity, np.float32)
        self._ids = np.empty((capacity, 2), np.uint64)
        self._kinds, self._revisions = np.empty(capacity, np.int16), np.empty(capacity, np.int64)


def _maxima(values: NDArray[np.float32], top: int) -> NDArray[np.float32]:
    """Return the largest value of each run of rows; each row is a run of its own when there are few."""
    maxima: NDArray[np.float32] = values.reshape(_run_length(len(values), top), -1).max(axis=0)
    return maxima


def _run_length(rows: int, top: int) -> int:
    # `top` different rows are needed to say what the `top` best reach.
    return _ROWS_PER_RUN if rows >= top * _ROWS_PER_RUN else 1


def _reaching(
    similarities: NDArray[np.float32],
    errors: NDArray[np.float32],
    probe: QuantisedProbe,
    top: int,
    threshold: float,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return which of these may be among the `top` best, and the highest similarity possible for each."""
    margins = errors * np.float32(probe.length) + np.float32(probe.slack)
    lowest = similarities - margins
    reached = float(np.partition(lowest, -top)[-top]) if len(lowest) >= top else -np.inf
    highest = similarities + margins
    # Similarities are cut off at 1: what is beyond may be equal there.
    wanted = np.float32(min(max(reached, threshold), 1.0))
    found = np.flatnonzero((highest >= wanted) & (highest > _EXCLUDED))
    return found, highest[found]


def _rows_of(runs: NDArray[np.int64], top: int, rows: int) -> NDArray[np.int64]:
    """Return the numbers of the rows in these runs."""
    run = _run_length(rows, top)
    # Neighbours lie in neighbouring runs, so that the largest of all runs are found at once.
    numbers: NDArray[np.int64] = (np.arange(run)[:, None] * (rows // run) + runs).ravel()
    return numbers


def _whole_runs(rows: int) -> int:
    return -(-rows // _ROWS_PER_RUN) * _ROWS_PER_RUN


def _words(face_ids: Iterable[str]) -> NDArray[np.uint64]:
    return np.frombuffer(bytes.fromhex("".join(face_ids)), np.uint64).reshape(-1, 2)
