"""A small database with one project, and people whose faces are vectors."""

from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from app.db import Base, Database
from app.faces.collections import get_or_create
from app.faces.enrolment import enrol
from app.faces.types import Template, TemplateKind
from app.inference.types import Embedding
from app.models import Collection, Project
from app.sealing import Sealer

NOON = 1_790_000_000.0
DIMENSIONS = 32
PROJECT = "11111111-1111-4111-8111-111111111111"
SEALER = Sealer(bytes(range(32)))
KIND = TemplateKind("test-net", "test-mesh")
OTHER_KIND = TemplateKind("test-net", "another-mesh")


def make_database(folder: Path) -> Database:
    """An empty database with one project."""
    database = Database(f"sqlite:///{folder / 'faces.db'}")
    Base.metadata.create_all(database.engine)
    with database.transaction() as db:
        db.add(Project(id=PROJECT, name="shop", created_at=NOON))
    return database


def collection_of(db: Session, name: str = "customers") -> Collection:
    return get_or_create(db, SEALER, PROJECT, name, DIMENSIONS, NOON)


def face_of(person: int) -> Embedding:
    """The face of one of any number of people; two people's are nearly orthogonal."""
    return unit(np.random.default_rng(person).standard_normal(DIMENSIONS))


def turned(face: Embedding, angle: float, towards: Embedding) -> Embedding:
    """The same face seen a little differently: turned by `angle` radians towards another one."""
    sideways = unit(towards - (towards @ face) * face)
    return unit(np.cos(angle) * face + np.sin(angle) * sideways)


def unit(vector: np.ndarray) -> Embedding:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def template(face: Embedding, size: float = 1.0, kind: TemplateKind = KIND) -> Template:
    return Template(face, size, kind)


def enrol_person(db: Session, person: int, external_id: str | None = None, name: str = "customers") -> str:
    """Enrol somebody; returns the face id."""
    return enrol(
        db, SEALER, collection_of(db, name), template(face_of(person)), external_id, NOON, purge_at=None
    )
