"""Two hundred first visits at the same moment, each in a process of its own: exactly one of them enrols."""

import pytest
from sqlalchemy import func, select

from app.db import Database
from app.models import Face, FaceKey, Project
from tests.concurrency.crowd import PEOPLE, gather
from tests.databases import on_both_databases
from tests.unit.face_world import NOON, PROJECT

pytestmark = on_both_databases
KILLS = 40


@pytest.fixture(autouse=True)
def _project(database: Database) -> None:
    with database.transaction() as db:
        db.add(Project(id=PROJECT, name="shop", created_at=NOON))


@pytest.mark.parametrize(
    ("scene", "others", "kills"),
    [
        ("one_face_under_many_ids", "refused: duplicate", KILLS),
        ("one_face_under_one_id", "matched", 0),
        ("many_faces_under_one_id", "refused: another face", KILLS),
    ],
)
def test_of_two_hundred_simultaneous_first_visits_exactly_one_enrols(
    database: Database, database_url: str, scene: str, others: str, kills: int
) -> None:
    outcome = gather(database_url, scene, kills)
    enrolled = outcome.answers.count("enrolled")
    assert outcome.killed == kills
    # Whoever dies just after the commit has enrolled, but nobody hears of it.
    assert enrolled == 1 or (kills and enrolled == 0)
    assert outcome.answers.count(others) == len(outcome.answers) - enrolled
    assert len(outcome.answers) >= PEOPLE - kills
    with database.reading() as db:
        rows = [db.scalar(select(func.count()).select_from(table)) for table in (Face, FaceKey)]
    assert rows == [1, 1]
