"""Goes through the codes of a whole gallery, on several threads, to the same result as on one."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.faces.search.quantised import QuantisedProbe, approximate_similarities
from app.inference.integer_products import IntegerProducts
from app.inference.runtime import PerProcess

# Rows of a block, whose codes lie number by number: what the product is fastest with.
BLOCK = 1024
# Blocks that a thread takes at once, so that everything but their codes stays in its cache. Each of them
# gives one row to each run.
BLOCKS_AT_ONCE = 64
# More threads than this only wait for memory.
_MOST_THREADS = 4

EXCLUDED = np.float32(-np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Codes of a gallery's rows, in whole blocks."""

    codes: NDArray[np.int8]
    """(blocks, d, rows of a block)"""
    steps: NDArray[np.float32]
    """(rows,); what one code is worth."""
    errors: NDArray[np.float32]
    """(rows,); what the codes leave out: see `QuantisedRows`."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What one pass over all rows found."""

    similarities: NDArray[np.float32]
    """(rows,); −∞ where a row is hidden or empty."""
    run_similarities: NDArray[np.float32]
    """(runs,); the largest of each run of rows."""
    run_errors: NDArray[np.float32]
    """(runs,); the largest of each run of rows."""


class Scanner:
    """Arithmetic and threads for any number of galleries; thread-safe, safe to inherit through a fork."""

    def __init__(self, block: int = BLOCK, blocks_at_once: int = BLOCKS_AT_ONCE) -> None:
        self.block, self._blocks_at_once = block, blocks_at_once
        self._products = IntegerProducts()
        self._threads = PerProcess(lambda: ThreadPoolExecutor(_thread_count(), "search"))

    def scan(self, rows: Rows, size: int, hidden: NDArray[np.bool_] | None, probe: QuantisedProbe) -> Scan:
        """Compare the probe with the first `size` rows but for the hidden ones."""
        parts = -(-len(rows.codes) // self._blocks_at_once)
        shapes = (len(rows.codes) * self.block, parts * self.block, parts * self.block)
        scan = Scan(*(np.empty(shape, np.float32) for shape in shapes))

        def judge(number: int) -> None:
            self._judge(number, rows, probe, scan)
            part = self._part(number, scan)
            scan.similarities[part][max(size - part.start, 0) :] = EXCLUDED
            if hidden is not None:
                scan.similarities[part][: len(hidden[part])][hidden[part]] = EXCLUDED
            self._find_best(number, rows, scan)

        self._for_each(judge, parts)
        return scan

    def rows_of(self, runs: NDArray[np.int64], scan: Scan) -> NDArray[np.int64]:
        """Return the numbers of the rows in these runs."""
        first = runs // self.block * self._blocks_at_once * self.block + runs % self.block
        rows: NDArray[np.int64] = (np.arange(self._blocks_at_once)[:, None] * self.block + first).ravel()
        return rows[rows < len(scan.similarities)]

    def _for_each(self, work: Callable[[int], None], count: int) -> None:
        if count > 1:
            list(self._threads.get().map(work, range(count)))
        elif count:
            work(0)

    def _part(self, number: int, scan: Scan) -> slice:
        rows = self._blocks_at_once * self.block
        return slice(number * rows, min((number + 1) * rows, len(scan.similarities)))

    def _judge(self, number: int, rows: Rows, probe: QuantisedProbe, scan: Scan) -> None:
        part = self._part(number, scan)
        codes = rows.codes[part.start // self.block : part.stop // self.block]
        approximate_similarities(self._products, codes, rows.steps[part], probe, scan.similarities[part])

    def _find_best(self, number: int, rows: Rows, scan: Scan) -> None:
        part, runs = self._part(number, scan), slice(number * self.block, (number + 1) * self.block)
        scan.similarities[part].reshape(-1, self.block).max(axis=0, out=scan.run_similarities[runs])
        rows.errors[part].reshape(-1, self.block).max(axis=0, out=scan.run_errors[runs])


def _thread_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return min(_MOST_THREADS, len(os.sched_getaffinity(0)))
    return min(_MOST_THREADS, os.cpu_count() or 1)
