"""A new secret rotation for a collection that keeps its faces: templates are turned, never unprotected.

A stored template is R x. The new rotation R' makes R' Rᵀ (R x) = R' x of it: one matrix product, in which
no embedding appears. Rounding to float32 moves a similarity by less than 1e-6 each time.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import StateConflictError
from app.faces.collections import lock_collection, next_revision, rotation_of
from app.faces.protection import Randomness, Rotation, random_rotation, seal_rotation
from app.faces.vectors import LITTLE_ENDIAN_FLOAT32
from app.models import Collection, Face
from app.sealing import Sealer

Progress: TypeAlias = Callable[[Sequence[Any], str], Iterable[Any]]
"""Wraps a sequence, with a caption, so that a person can watch it pass."""

_BATCH = 1000


def unwatched(items: Sequence[Any], _caption: str) -> Iterable[Any]:
    """Show nothing."""
    return items


def renew_rotation(
    session: Session,
    sealer: Sealer,
    collection: Collection,
    now: float,
    *,
    randomness: Randomness = os.urandom,
    progress: Progress = unwatched,
) -> int:
    """Turn every template of a collection under a new rotation and return how many that were.

    All of it happens in the caller's transaction, under the collection's lock: afterwards everything is
    new, or, if it ends before, everything is as it was. A template stolen earlier matches nothing any more.
    """
    lock_collection(session, collection)
    if collection.next_recognition_model is not None:
        raise StateConflictError("the collection is changing its model; finish or abandon that first")
    old, new = rotation_of(sealer, collection), random_rotation(collection.dimensions, randomness)
    turn = new.astype(np.float64) @ old.T.astype(np.float64)
    revision = next_revision(session, collection, now)
    face_ids = list(session.scalars(select(Face.id).filter_by(collection_id=collection.id)))
    batches = [face_ids[start : start + _BATCH] for start in range(0, len(face_ids), _BATCH)]
    for batch in progress(batches, f"templates, by {_BATCH}"):
        _turn_batch(session, batch, turn, revision)
    _keep(sealer, collection, new)
    session.flush()
    return len(face_ids)


def _turn_batch(session: Session, face_ids: list[str], turn: NDArray[np.float64], revision: int) -> None:
    rows = session.execute(select(Face.id, Face.protected_template).where(Face.id.in_(face_ids))).all()
    stored = np.stack([np.frombuffer(row.protected_template, LITTLE_ENDIAN_FLOAT32) for row in rows])
    turned = stored.astype(np.float64) @ turn.T
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    changes = [
        {"id": row.id, "protected_template": template.tobytes(), "revision": revision}
        for row, template in zip(rows, turned.astype(LITTLE_ENDIAN_FLOAT32), strict=True)
    ]
    session.execute(update(Face), changes)


def _keep(sealer: Sealer, collection: Collection, rotation: Rotation) -> None:
    collection.sealed_rotation = seal_rotation(sealer, collection.id, rotation)
