"""`python -m app.commands.bench_peers`: other ways to search the same faces, each in a process of its own."""

import importlib
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.commands.bench_scratch import DIMENSIONS, NEIGHBOURS, percentile, recall_of, resident_mb
from app.db import Database
from app.models import Face

_READ_AT_ONCE = 20_000
_ADDED = 20


class Peer(Protocol):
    """A library that finds near vectors."""

    def add(self, keys: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Take in (n, d) unit vectors under numbers."""

    def search(self, probe: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the numbers of the `NEIGHBOURS` nearest."""


class PlainNumPy:
    """The product of the whole float32 matrix with the probe: exact, and what everything is measured by."""

    def __init__(self) -> None:
        self._vectors = np.empty((0, DIMENSIONS), np.float32)
        self._keys = np.empty(0, np.int64)

    def add(self, keys: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Append; a copy of everything each time, as a matrix without spare room does."""
        self._vectors = np.concatenate([self._vectors, vectors])
        self._keys = np.concatenate([self._keys, keys])

    def search(self, probe: NDArray[np.float32]) -> NDArray[np.int64]:
        """Compare with everybody."""
        similarities = self._vectors @ probe
        nearest = np.argpartition(-similarities, NEIGHBOURS)[:NEIGHBOURS]
        return self._keys[nearest]


class USearch:
    """usearch: a graph (HNSW) of float32 vectors with the library's own settings; approximate."""

    def __init__(self) -> None:
        index = importlib.import_module("usearch.index")
        self._index = index.Index(ndim=DIMENSIONS, metric="ip", dtype="f32")

    def add(self, keys: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Insert into the graph, on all cores when there are many."""
        self._index.add(keys, vectors)

    def search(self, probe: NDArray[np.float32]) -> NDArray[np.int64]:
        """Follow the graph."""
        found: NDArray[np.int64] = self._index.search(probe, NEIGHBOURS).keys.astype(np.int64)
        return found


PEERS: dict[str, Callable[[], Peer]] = {"numpy": PlainNumPy, "usearch": USearch}


def measure(url: str, folder: Path, name: str) -> dict[str, Any]:
    """Return the figures of one peer on the faces of the scratch database."""
    face_ids, vectors = _read(url)
    with np.load(folder / "truth.npz") as file:
        probes, truth = file["probes"], file["face_ids"]
    before, began, peer = resident_mb(peak=False), time.perf_counter(), PEERS[name]()
    peer.add(np.arange(len(face_ids)), vectors)
    built = time.perf_counter() - began
    found, times = zip(*(_timed(peer, probe) for probe in probes), strict=True)
    memory = resident_mb(peak=False)
    return {
        "name": f"{name} {version(name)}",
        "faces": len(face_ids),
        "recall": recall_of([[face_ids[key] for key in keys] for keys in found], truth),
        "p50Ms": percentile(times, 0.5),
        "p95Ms": percentile(times, 0.95),
        "addMs": percentile(
            [_add(peer, len(face_ids) + n, probe) for n, probe in enumerate(probes[:_ADDED])], 0.5
        ),
        "memoryMb": None if memory is None or before is None else memory - before,
        "buildS": built,
    }


def _timed(peer: Peer, probe: NDArray[np.float32]) -> tuple[NDArray[np.int64], float]:
    began = time.perf_counter()
    return peer.search(probe), (time.perf_counter() - began) * 1000.0


def _add(peer: Peer, key: int, vector: NDArray[np.float32]) -> float:
    began = time.perf_counter()
    peer.add(np.array([key]), vector[None])
    return (time.perf_counter() - began) * 1000.0


def _read(url: str) -> tuple[list[str], NDArray[np.float32]]:
    """Return ids and the (n, d) stored vectors."""
    columns = select(Face.id, Face.protected_template).execution_options(yield_per=_READ_AT_ONCE)
    with Database(url).reading() as db:
        batches = [list(zip(*rows, strict=True)) for rows in db.connection().execute(columns).partitions()]
    vectors = [np.frombuffer(b"".join(blobs), "<f4").reshape(-1, DIMENSIONS) for _, blobs in batches]
    return [face_id for ids, _ in batches for face_id in ids], np.concatenate(vectors)


if __name__ == "__main__":
    json.dump(measure(sys.argv[1], Path(sys.argv[2]), sys.argv[3]), sys.stdout)
