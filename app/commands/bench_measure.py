"""`python -m app.commands.bench_measure`: measure a full scratch database in a process of its own."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.commands.bench_population import Population
from app.commands.bench_scratch import (
    DIMENSIONS,
    KIND,
    NEIGHBOURS,
    SEALER,
    collection_of,
    percentile,
    recall_of,
    resident_mb,
)
from app.db import Database
from app.faces.enrolment import enrol, forget_face
from app.faces.erasure import erase_traces
from app.faces.search.engines import search_engine_for
from app.faces.search.interface import FaceSearch
from app.faces.types import Template

WARM_UP = 5
CHANGES = 20


def measure(url: str, folder: Path, started: float) -> dict[str, Any]:
    """Return the figures; `started` is the Unix time at which this process was started."""
    database = Database(url)
    engine = search_engine_for(database)
    with np.load(folder / "truth.npz") as file:
        probes, truth = file["probes"], file["face_ids"]
    _search(database, engine, probes[0])
    cold_start = time.time() - started
    for probe in probes[:WARM_UP]:
        _search(database, engine, probe)
    found, times = zip(*(_search(database, engine, probe) for probe in probes), strict=True)
    memory = resident_mb(peak=True)
    added, deleted = zip(*_change(database, engine), strict=True)
    return {
        "recall": recall_of(found, truth),
        "p50Ms": percentile(times, 0.5),
        "p95Ms": percentile(times, 0.95),
        "addMs": percentile(added, 0.5),
        "addP95Ms": percentile(added, 0.95),
        "deleteMs": percentile(deleted, 0.95),
        "memoryMb": memory,
        "coldStartS": cold_start,
    }


def _search(database: Database, engine: FaceSearch, probe: NDArray[np.float32]) -> tuple[list[str], float]:
    with database.reading() as db:
        collection = collection_of(db)
        began = time.perf_counter()
        hits = engine.search(db, collection, probe, KIND, NEIGHBOURS)
        return [hit.face_id for hit in hits], _ms_since(began)


def _change(database: Database, engine: FaceSearch) -> Iterator[tuple[float, float]]:
    """Enrol newcomers and forget them; yield how long it took until a search elsewhere knows of it.

    A process learns of a change from the database alone, also of its own ones: bringing this process's
    index up to date is what every other process has to do.
    """
    population = Population(DIMENSIONS)
    for number in range(CHANGES):
        template = Template(population.newcomer(number), 3.0, KIND)
        began = time.perf_counter()
        with database.transaction() as db:
            face_id = enrol(db, SEALER, collection_of(db), template, f"new-{number}", time.time(), None)
        added = _until_seen(database, engine, began)
        began = time.perf_counter()
        with database.transaction() as db:
            forget_face(db, collection_of(db), face_id, time.time())
        erase_traces(database)
        yield added, _until_seen(database, engine, began)


def _until_seen(database: Database, engine: FaceSearch, began: float) -> float:
    with database.reading() as db:
        engine.count(db, collection_of(db), KIND)
    return _ms_since(began)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000.0


if __name__ == "__main__":
    json.dump(measure(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])), sys.stdout)
