"""The faces of one collection in memory, 8 bits a number: finds those that may be the most similar."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.faces.search.quantised import QuantisedProbe, QuantisedRows, quantise_rows
from app.faces.search.scan import EXCLUDED, Rows, Scanner
from app.faces.types import TemplateKind

# Room for more than there is costs nothing until it is used; moving a million faces takes 0.1 s.
_GROWTH = 1.5
_LEAST_ROOM = 1024
_QUANTISED_AT_ONCE = 256
_FEW = 4


class Candidate(NamedTuple):
    """A face that may be among the nearest."""

    face_id: str
    highest: float
    """The highest similarity that is possible."""


class Gallery:
    """Faces of one collection at one revision; not thread-safe, `FaceIndex` locks around it.

    A face takes its dimensions and 34 bytes more: 162 MB for a million faces of 128 dimensions.
    """

    def __init__(self, dimensions: int, scanner: Scanner) -> None:
        self.revision = -1
        """The collection's revision that this equals; −1 = never filled."""
        self.dimensions, self._scanner = dimensions, scanner
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
        codes, columns = self._codes, self._columns()
        self._allocate(int(expected * _GROWTH) + _LEAST_ROOM)
        self._codes[: len(codes)] = codes
        for old, new in zip(columns, self._columns(), strict=True):
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
            self._write(slots[part], quantise_rows(templates[part]))
        self._kinds[slots] = self._kind_codes.setdefault(kind, len(self._kind_codes))
        self._revisions[slots] = revisions

    def remove(self, face_ids: Sequence[str]) -> None:
        """Drop faces; the last rows move into the gaps, so that the rows stay contiguous."""
        removed = np.array(sorted(self._slots_of(face_ids).values()), np.int64)
        before, self._size = self._size, self._size - len(removed)
        moved = np.setdiff1d(np.arange(self._size, before), removed, assume_unique=True)
        gaps, ends = removed[removed < self._size], np.arange(self._size, before)
        self._codes[self._place(gaps)] = self._codes[self._place(moved)]
        self._codes[self._place(ends)] = 0  # a forgotten face leaves the memory as well
        for column in self._columns():
            column[gaps] = column[moved]
            column[ends] = 0

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
        left_out = list(self._slots_of(excluded).values())
        if set(self._kind_codes) == {kind}:
            return self._size - len(left_out)
        code = self._kind_codes.get(kind, -1)
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
        rows = self._rows()
        scan = self._scanner.scan(rows, self._size, self._hidden(kind, excluded), probe)
        # Whole runs of rows are judged by their best row and their worst error; few have to be opened.
        runs, _ = _reaching(scan.run_similarities, scan.run_errors, probe, top, threshold)
        opened = self._scanner.rows_of(runs, scan)
        found, highest = _reaching(scan.similarities[opened], rows.errors[opened], probe, top, threshold)
        ranked = np.argsort(-highest, kind="stable")
        return (
            Candidate(self._id_of(row), float(value))
            for row, value in zip(opened[found][ranked], highest[ranked], strict=True)
        )

    def _rows(self) -> Rows:
        """Return what is in use, in whole blocks."""
        blocks = -(-self._size // self._scanner.block)
        rows = slice(blocks * self._scanner.block)
        return Rows(self._codes[:blocks], self._steps[rows], self._errors[rows])

    def _write(self, slots: NDArray[np.int64], rows: QuantisedRows) -> None:
        self._steps[slots], self._errors[slots] = rows.steps, rows.errors
        if slots[-1] - slots[0] != len(slots) - 1 or (np.diff(slots) != 1).any():
            self._codes[self._place(slots)] = rows.codes
            return
        written = 0
        while written < len(slots):  # a block at a time is ten times as fast
            block, column = divmod(int(slots[written]), self._scanner.block)
            part = rows.codes[written : written + self._scanner.block - column]
            self._codes[block, :, column : column + len(part)] = part.T
            written += len(part)

    def _place(self, slots: NDArray[np.int64]) -> tuple[NDArray[np.int64], slice, NDArray[np.int64]]:
        """Return the index of these rows' codes, (rows, d)."""
        return slots // self._scanner.block, slice(None), slots % self._scanner.block

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
        if self._size + len(added) > len(self._steps):
            self.reserve(self._size + len(added))
        first, self._size = self._size, self._size + len(added)
        self._ids[first : self._size], self._more_ids[first : self._size] = _words(added)
        return first

    def _slots_of(self, face_ids: Sequence[str]) -> dict[str, int]:
        # Ids are random: half of one tells almost all rows apart, without a table of a million strings.
        if not self._size or not face_ids:
            return {}
        wanted = set(face_ids)
        ids, halves = self._ids[: self._size], _words(face_ids)[0]
        if len(halves) <= _FEW:  # faster than preparing for many
            likely = np.concatenate([np.flatnonzero(ids == half) for half in halves])
        else:
            likely = np.flatnonzero(np.isin(ids, halves))
        rows = {self._id_of(slot): int(slot) for slot in likely}
        return {face_id: slot for face_id, slot in rows.items() if face_id in wanted}

    def _id_of(self, slot: np.integer | int) -> str:
        one = slice(slot, slot + 1)
        return (self._ids[one].tobytes() + self._more_ids[one].tobytes()).hex()

    def _columns(self) -> tuple[NDArray[np.generic], ...]:
        return (self._steps, self._errors, self._ids, self._more_ids, self._kinds, self._revisions)

    def _allocate(self, capacity: int) -> None:
        blocks = -(-capacity // self._scanner.block)
        capacity = blocks * self._scanner.block
        self._codes = np.empty((blocks, self.dimensions, self._scanner.block), np.int8)
        self._steps, self._errors = np.zeros(capacity, np.float32), np.zeros(capacity, np.float32)
        self._ids, self._more_ids = np.empty(capacity, np.uint64), np.empty(capacity, np.uint64)
        self._kinds, self._revisions = np.empty(capacity, np.int16), np.empty(capacity, np.int64)


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
    found = np.flatnonzero((highest >= wanted) & (highest > EXCLUDED))
    return found, highest[found]


def _words(face_ids: Iterable[str]) -> NDArray[np.uint64]:
    """Return the first and the second halves of these ids."""
    return np.frombuffer(bytes.fromhex("".join(face_ids)), np.uint64).reshape(-1, 2).T
