"""The index in memory always equals the database, whoever changed it and however."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.db import Database
from app.faces.collections import rotation_of
from app.faces.enrolment import enrol, forget_face, refine
from app.faces.protection import protect
from app.faces.search.in_process import FaceIndex
from app.faces.types import Hit, TemplateKind
from app.inference.types import Embedding
from tests.unit.face_world import (
    KIND,
    NOON,
    OTHER_KIND,
    SEALER,
    collection_of,
    enrol_person,
    face_of,
    make_database,
    template,
    turned,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = make_database(tmp_path)
    yield made
    made.engine.dispose()


def search(
    db: Session,
    index: FaceIndex,
    face: Embedding,
    top: int = 2,
    exclude: str | None = None,
    name: str = "customers",
) -> list[Hit]:
    collection = collection_of(db, name)
    probe = protect(rotation_of(SEALER, collection), face)
    return index.search(db, collection, probe, KIND, top, exclude_external_id=exclude)


def test_the_most_similar_face_comes_first_with_all_its_names(database: Database) -> None:
    with database.transaction() as db:
        anna = enrol_person(db, 1, "anna")
        enrol_person(db, 2, "ben")
    with database.transaction() as db:
        first, second = search(db, FaceIndex(), turned(face_of(1), 0.2, face_of(2)))
    assert (first.face_id, first.external_ids) == (anna, ("anna",))
    assert first.similarity == pytest.approx(np.cos(0.2), abs=1e-5)
    assert second.external_ids == ("ben",)
    assert second.similarity < first.similarity


def test_an_empty_collection_gives_no_hits(database: Database) -> None:
    with database.transaction() as db:
        assert search(db, FaceIndex(), face_of(1)) == []


def test_the_persons_own_face_can_be_left_out(database: Database) -> None:
    with database.transaction() as db:
        enrol_person(db, 1, "anna")
        ben = enrol_person(db, 2, "ben")
        hits = search(db, FaceIndex(), face_of(1), exclude="anna")
        assert [hit.face_id for hit in hits] == [ben]
        assert len(search(db, FaceIndex(), face_of(1), exclude="nobody")) == 2


def test_faces_of_another_model_are_never_compared(database: Database) -> None:
    with database.transaction() as db:
        other = template(face_of(1), kind=OTHER_KIND)
        enrol(db, SEALER, collection_of(db), other, None, NOON, purge_at=None)
    index = FaceIndex()
    with database.transaction() as db:
        assert search(db, index, face_of(1)) == []
        mine = enrol_person(db, 2)
    with database.transaction() as db:
        assert [hit.face_id for hit in search(db, index, face_of(1))] == [mine]
        assert index.count(db, collection_of(db), KIND) == 1
        assert index.count_incomparable(db, collection_of(db), KIND) == 1


def test_a_collection_of_three_models_is_loaded_whole(database: Database) -> None:
    third = TemplateKind("third-net", "third-mesh")
    with database.transaction() as db:
        for person in range(6):
            kind = (KIND, OTHER_KIND, third)[person % 3]
            enrol(db, SEALER, collection_of(db), template(face_of(person), kind=kind), None, NOON, None)
    index = FaceIndex()
    with database.reading() as db:
        counts = [index.count(db, collection_of(db), kind) for kind in (KIND, OTHER_KIND, third)]
        assert counts == [2, 2, 2]
        assert len(search(db, index, face_of(0), top=9)) == 2


def test_collections_do_not_see_each_other(database: Database) -> None:
    index = FaceIndex()
    with database.transaction() as db:
        enrol_person(db, 1, "anna", name="others")
        assert search(db, index, face_of(1)) == []
        assert len(search(db, index, face_of(1), name="others")) == 1


def test_an_enrolment_that_was_rolled_back_leaves_nothing_in_memory(database: Database) -> None:
    index = FaceIndex()
    with database.transaction() as db:
        collection_of(db)
        search(db, index, face_of(1))
    with database.transaction() as db:
        enrol_person(db, 1)
        assert len(search(db, index, face_of(1))) == 1
        db.rollback()
    with database.transaction() as db:
        ben = enrol_person(db, 2)  # gets the revision number that was rolled back
    with database.transaction() as db:
        assert [hit.face_id for hit in search(db, index, face_of(1))] == [ben]


def test_an_older_snapshot_and_a_restored_database_are_loaded_anew(database: Database) -> None:
    index = FaceIndex()
    with database.transaction() as db:
        anna = enrol_person(db, 1)
    with database.reading() as old:
        assert len(search(old, index, face_of(1))) == 1
        with database.transaction() as db:
            enrol_person(db, 2)
        with database.transaction() as db:
            assert len(search(db, index, face_of(1))) == 2
        assert [hit.face_id for hit in search(old, index, face_of(1))] == [anna]


def test_a_transaction_sees_what_it_changed_itself(database: Database) -> None:
    index = FaceIndex()
    with database.transaction() as db:
        anna, ben, carl = (enrol_person(db, person) for person in (1, 2, 3))
    with database.transaction() as db:
        search(db, index, face_of(1))
    with database.transaction() as db:
        forget_face(db, collection_of(db), anna, NOON)
        moved = template(turned(face_of(2), 0.01, face_of(50)))
        refine(db, SEALER, collection_of(db), ben, moved, 0.9, NOON)
        dora = enrol_person(db, 4)
        assert {hit.face_id for hit in search(db, index, face_of(1), top=9)} == {ben, carl, dora}
        assert search(db, index, moved.embedding, top=1)[0].similarity > 0.99997
        assert index.count(db, collection_of(db), KIND) == 3
        db.rollback()
    with database.transaction() as db:
        assert {hit.face_id for hit in search(db, index, face_of(1), top=9)} == {anna, ben, carl}
        assert index.count(db, collection_of(db), KIND) == 3


def test_only_what_reaches_the_threshold_is_found(database: Database) -> None:
    with database.transaction() as db:
        anna = enrol_person(db, 1)
        enrol_person(db, 2)
        probe = protect(rotation_of(SEALER, collection_of(db)), face_of(1))
        hits = FaceIndex().search(db, collection_of(db), probe, KIND, 9, threshold=0.999)
    assert [hit.face_id for hit in hits] == [anna]


def test_of_equal_faces_the_lower_id_comes_first(database: Database) -> None:
    with database.transaction() as db:
        twins = sorted(enrol_person(db, 1) for _ in range(5))
        assert [hit.face_id for hit in search(db, FaceIndex(), face_of(1), top=3)] == twins[:3]


def test_searching_leaves_no_file_behind(database: Database, tmp_path: Path) -> None:
    with database.transaction() as db:
        enrol_person(db, 1)
    before = sorted(path.name for path in tmp_path.iterdir())
    with database.transaction() as db:
        assert search(db, FaceIndex(), face_of(1))
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_collections_not_used_for_long_are_dropped_and_come_back(database: Database) -> None:
    index = FaceIndex(max_faces=3)
    with database.transaction() as db:
        for person in range(3):
            enrol_person(db, person, name="first")
            enrol_person(db, person, name="second")
    for name in ("first", "second", "first"):
        with database.transaction() as db:
            assert len(search(db, index, face_of(1), top=9, name=name)) == 3
            assert len(index._entries) == 1


def test_a_deletion_among_thousands_is_found(database: Database) -> None:
    index = FaceIndex()
    with database.transaction() as db:
        faces = [enrol_person(db, person) for person in range(1200)]
    with database.transaction() as db:
        assert search(db, index, face_of(700), top=1)[0].face_id == faces[700]
    with database.transaction() as db:
        forget_face(db, collection_of(db), faces[700], NOON)
        forget_face(db, collection_of(db), faces[3], NOON)
    with database.transaction() as db:
        assert search(db, index, face_of(700), top=1)[0].face_id != faces[700]
        assert index.count(db, collection_of(db), KIND) == 1198


# One step: what to do, and to which person.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enrol", "forget", "refine", "search", "enrol, then fail"]), st.integers(0, 7)
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_the_index_equals_a_rebuilt_one_after_any_changes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    database = make_database(tmp_path_factory.mktemp("faces"))
    index, enrolled = FaceIndex(), dict[int, str]()
    for action, person in steps:
        take_step(database, index, enrolled, action, person)
    with database.transaction() as db:
        kept = {hit.face_id: hit.similarity for hit in search(db, index, face_of(1), top=99)}
        rebuilt = {hit.face_id: hit.similarity for hit in search(db, FaceIndex(), face_of(1), top=99)}
        assert kept == pytest.approx(rebuilt, abs=1e-6)  # float32 sums depend on a row's place
        assert set(kept) == set(enrolled.values())
    database.engine.dispose()


def take_step(
    database: Database, index: FaceIndex, enrolled: dict[int, str], action: str, person: int
) -> None:
    with database.transaction() as db:
        collection = collection_of(db)
        if action == "search":
            search(db, index, face_of(person))
        elif action == "enrol, then fail":
            enrol_person(db, 99)
            search(db, index, face_of(person))
            db.rollback()
        elif person not in enrolled:
            enrolled[person] = enrol_person(db, person)
        elif action == "refine":
            probe = template(turned(face_of(person), 0.01, face_of(50)))
            refine(db, SEALER, collection, enrolled[person], probe, 0.9, NOON)
        else:
            forget_face(db, collection, enrolled.pop(person), NOON)


OTHER_PROCESS = """
import sys
from pathlib import Path
from app.db import Database
from app.faces.search.in_process import FaceIndex
from tests.unit.face_world import face_of
from tests.unit.test_faces_search import search
database, index = Database(sys.argv[1]), FaceIndex()
for line in sys.stdin:
    with database.transaction() as db:
        print(len(search(db, index, face_of(1), top=9)), flush=True)
"""


def test_what_one_process_writes_another_finds_and_forgets(database: Database) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(database.engine.url)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdin is not None
    assert other.stdout is not None

    def found_by_other() -> int:
        other.stdin.write("search\n")
        other.stdin.flush()
        return int(other.stdout.readline())

    counts = [found_by_other()]
    with database.transaction() as db:
        anna = enrol_person(db, 1)
        enrol_person(db, 2)
    counts.append(found_by_other())
    with database.transaction() as db:
        forget_face(db, collection_of(db), anna, NOON)
    counts.append(found_by_other())
    other.communicate(timeout=30)
    assert counts == [0, 2, 1]


FORK = """
import os
from app.faces.search.in_process import FaceIndex
index = FaceIndex()
index._lock.acquire()  # as another thread might hold it at that moment
child = os.fork()
if child == 0:
    os._exit(0 if index._lock.acquire(timeout=5) else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_worker_is_not_stuck_on_its_parents_lock() -> None:
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], check=False).returncode == 0
