"""What a stolen database is worth without the master key: measured, not promised."""

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from app.evaluation.unlinkability import systemic_linkability
from app.faces.collections import rotation_of
from app.faces.protection import protect, random_rotation
from tests.unit.face_world import SEALER, collection_of, enrol_person, face_of, make_database, turned, unit

PEOPLE, DIMENSIONS = 2000, 128
# Radians between two pictures of one person; thresholds lie at about 0.3.
ANGLE = 0.2


def people() -> tuple[np.ndarray, np.ndarray]:
    """Two pictures of everybody, (PEOPLE, DIMENSIONS) each, bunched around a mean face as real ones are."""
    rng = np.random.default_rng(1)
    mean = unit(rng.standard_normal(DIMENSIONS))
    first = np.stack([unit(3 * mean + unit(rng.standard_normal(DIMENSIONS))) for _ in range(PEOPLE)])
    noise = rng.standard_normal((PEOPLE, DIMENSIONS)) / np.sqrt(DIMENSIONS) * np.tan(ANGLE)
    second = first + noise
    return first, second / np.linalg.norm(second, axis=1, keepdims=True)


def scores(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of everybody with themselves, and of everybody with the next person."""
    return (first * second).sum(axis=1), (first * np.roll(second, 1, axis=0)).sum(axis=1)


def under_keys(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores across pairs of collections, a few people in each pair, as an attacker would collect them."""
    first, second = people()
    parts = np.array_split(np.arange(PEOPLE), count)
    mated, others = [], []
    for part in parts:
        one, another = (random_rotation(DIMENSIONS, os.urandom) for _ in range(2))
        same, different = scores(first[part] @ one.T, second[part] @ another.T)
        mated.append(same)
        others.append(different)
    return np.concatenate(mated), np.concatenate(others)


def test_templates_of_two_collections_cannot_be_linked() -> None:
    assert systemic_linkability(*under_keys(50)) < 0.06


def test_with_one_key_the_same_measure_links_nearly_everybody() -> None:
    first, second = people()
    rotation = random_rotation(DIMENSIONS, os.urandom)
    assert systemic_linkability(*scores(first @ rotation.T, second @ rotation.T)) > 0.95


def test_the_measure_is_one_for_scores_apart_and_nothing_for_equal_ones() -> None:
    low, high = np.linspace(-1, -0.5, 1000), np.linspace(0.5, 1, 1000)
    assert systemic_linkability(high, low) == 1.0
    assert systemic_linkability(low, low) == 0.0
    # Scores that only ever come from strangers, or as often from both, say nothing of who is linked.
    assert systemic_linkability(low, np.concatenate([low, high])) == pytest.approx(1 / 3, abs=0.01)


def test_a_database_dump_alone_verifies_nobody(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    with database.transaction() as db:
        for person in range(100):
            enrol_person(db, person, str(person))
        rotation = rotation_of(SEALER, collection_of(db))
    database.engine.dispose()
    with sqlite3.connect(tmp_path / "faces.db") as dump:
        rows = dump.execute(
            "select external_id, protected_template from face join face_key on face_key.face_id = face.id"
        ).fetchall()
    stolen = np.stack([np.frombuffer(blob, "<f4") for _, blob in rows])
    probes = np.stack([turned(face_of(int(name)), 0.1, face_of(999)) for name, _ in rows])
    known = np.arange(len(rows))
    # The thief has a photo of everybody and compares it with what is stored: no better than guessing.
    assert (stolen @ probes.T).diagonal().max() < 0.9
    assert ((stolen @ probes.T).argmax(axis=0) == known).mean() < 0.1
    # Lengths, orders and absolute values give nothing away either.
    sorted_alike = np.sort(stolen, axis=1) @ np.sort(probes, axis=1).T
    assert (sorted_alike.argmax(axis=0) == known).mean() < 0.1
    # With the key the very same comparison finds everybody.
    opened = np.stack([protect(rotation, probe) for probe in probes])
    assert ((stolen @ opened.T).argmax(axis=0) == known).all()
    assert not any(
        np.float32(value).tobytes() in blob for (_, blob), value in zip(rows, probes[:, 0], strict=True)
    )
