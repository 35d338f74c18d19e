"""A scratch database full of made-up faces, and what an exact search of it must find."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, inspect, select
from sqlalchemy.orm import Session

from app.commands.bench_population import Population, unit_rows
from app.db import Database
from app.errors import SettingsError
from app.faces.collections import get_or_create, rotation_of
from app.faces.protection import Rotation
from app.faces.types import TemplateKind
from app.models import Collection, Face, Project
from app.projects import get_or_create_project
from app.schema import upgrade
from app.sealing import Sealer

DIMENSIONS = 128
KIND = TemplateKind("made-up", "made-up")
NEIGHBOURS = 10
"""How many of the most similar faces are asked for and have to be found."""
PROBES = 200
# The data is made up and thrown away; a key in the code protects nobody.
SEALER = Sealer(bytes(range(32)))
_PROJECT, _COLLECTION = "bench", "bench"


@dataclass
class Truth:
    """The nearest faces of each probe among those shown so far, in double precision."""

    probes: NDArray[np.float32]
    """(probes, dimensions), protected."""
    similarities: NDArray[np.float64] = field(init=False)
    face_ids: NDArray[np.str_] = field(init=False)
    """(probes, `NEIGHBOURS`), best first."""

    def __post_init__(self) -> None:
        """Begin with nobody."""
        self.similarities = np.full((len(self.probes), NEIGHBOURS), -np.inf)
        self.face_ids = np.full((len(self.probes), NEIGHBOURS), "", "<U32")

    def show(self, face_ids: Sequence[str], templates: NDArray[np.float32]) -> None:
        """Let more faces compete."""
        ids = np.array(face_ids)
        # float32 is only good enough to choose twice as many as are wanted.
        rough, few = self.probes @ templates.T, min(2 * NEIGHBOURS, len(ids))
        for row, near in enumerate(np.argpartition(-rough, few - 1, axis=1)[:, :few]):
            exact = templates[near].astype(np.float64) @ self.probes[row].astype(np.float64)
            all_similarities = np.concatenate([self.similarities[row], exact])
            best = np.argsort(-all_similarities, kind="stable")[:NEIGHBOURS]
            self.similarities[row] = all_similarities[best]
            self.face_ids[row] = np.concatenate([self.face_ids[row], ids[near]])[best]


class Scratch:
    """The database and its truth; grows to any number of faces."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Make the schema; `SettingsError` when the database is not empty."""
        if inspect(database.engine).get_table_names():
            raise SettingsError("--url: this database has tables; the benchmark fills an empty one only")
        self.database, self._folder = database, folder
        self._population, self._size = Population(DIMENSIONS), 0
        upgrade(database)
        with database.transaction() as db:
            get_or_create_project(db, SEALER, _PROJECT, time.time())
            self._rotation = rotation_of(SEALER, collection_of(db))
        self._truth = Truth(self._protected(self._population.visits(PROBES)))

    def grow(self, size: int, progress: Callable[[int], object]) -> None:
        """Enrol until there are `size` faces; the files for the measuring processes then fit."""
        with self.database.transaction() as db:
            collection = collection_of(db)
            for face_ids, faces in self._population.blocks(self._size, size):
                templates = self._protected(faces)
                _insert(db, collection, face_ids, templates, collection.revision)
                collection.revision += len(face_ids)
                self._truth.show(face_ids, templates)
                progress(len(face_ids))
        self._size = size
        np.savez(self._folder / "truth.npz", probes=self._truth.probes, face_ids=self._truth.face_ids)

    def _protected(self, faces: NDArray[np.float32]) -> NDArray[np.float32]:
        return protect_all(self._rotation, faces)


def protect_all(rotation: Rotation, faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rotate (n, dimensions) faces as `app.faces.protection.protect` rotates one."""
    return unit_rows(faces @ rotation.T)


def collection_of(db: Session) -> Collection:
    """Return the scratch database's collection."""
    project_id = db.scalars(select(Project.id).filter_by(name=_PROJECT)).one()
    return get_or_create(db, SEALER, project_id, _COLLECTION, DIMENSIONS, time.time())


def recall_of(found: Sequence[Sequence[str]], truth: NDArray[np.str_]) -> float:
    """Return which share of the true nearest faces was found, 0…1."""
    hits = sum(len(set(one) & set(true)) for one, true in zip(found, truth.tolist(), strict=True))
    return hits / truth.size


def _insert(
    db: Session,
    collection: Collection,
    face_ids: Sequence[str],
    templates: NDArray[np.float32],
    revision: int,
) -> None:
    now = time.time()
    same = {
        "collection_id": collection.id, "effective_size": 3.0, "recognition_model": KIND.recognition_model,
        "landmarker": KIND.landmarker, "created_at": now, "last_seen_at": now,
    }  # fmt: skip
    rows = [
        {**same, "id": face_id, "protected_template": template.tobytes(), "revision": number}
        for number, (face_id, template) in enumerate(zip(face_ids, templates, strict=True), revision + 1)
    ]
    db.connection().execute(insert(Face), rows)


def percentile(values: Sequence[float], share: float) -> float:
    """Return a value that was really seen and that `share` of all do not exceed."""
    return float(np.quantile(values, share, method="inverted_cdf"))


def resident_mb(*, peak: bool) -> float | None:
    """Return the resident memory of this process, now or at most so far, in 10^6 bytes; None where untold."""
    name = "VmHWM:" if peak else "VmRSS:"
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024 / 1e6
    return None
