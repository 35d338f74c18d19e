"""Faces, collections and block list in the console."""

import pytest

from app.audit.verification import verify
from app.console.roles import Role
from app.models import AuditEntry, Collection, Face, FaceKey
from app.runtime import Runtime
from app.sessions.review import Verdict
from tests.functional.console_desk import Desk, sit_down
from tests.functional.review_scenes import ReviewScene, face
from tests.service import RelyingSite

ALICE, BOB = 1, 2
NOBODY = "f" * 32


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return sit_down(runtime, Role.REVIEWER)


@pytest.fixture
def scene(site: RelyingSite) -> ReviewScene:
    made = ReviewScene(site)
    made.enrol(face(ALICE), "alice")
    made.enrol(face(BOB), "bob")
    return made


def members(runtime: Runtime) -> Collection:
    with runtime.database.reading() as db:
        return db.query(Collection).filter_by(name="members").one()


def face_of(runtime: Runtime, external_id: str) -> str:
    with runtime.database.reading() as db:
        return db.query(FaceKey).filter_by(external_id=external_id).one().face_id


def faces(runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        return db.query(Face).count()


def test_a_person_is_found_by_the_sites_id(desk: Desk, scene: ReviewScene, runtime: Runtime) -> None:
    page = desk.send("/console/faces/search", status=200, external_id="alice")
    assert face_of(runtime, "alice") in page
    assert face_of(runtime, "bob") not in page
    assert "No face has this external id" in desk.send("/console/faces/search", external_id="carol")


@pytest.mark.parametrize("external_id", ["", "   ", "x" * 257, "a\x00b"])
def test_a_search_without_a_proper_id_is_refused(desk: Desk, external_id: str) -> None:
    page = desk.send("/console/faces/search", status=422, external_id=external_id)
    assert page.html.select_one(".notice.bad a[href='#field-external_id']")


def test_a_deleted_face_leaves_a_receipt_that_the_audit_log_proves(
    desk: Desk, scene: ReviewScene, runtime: Runtime
) -> None:
    alice = face_of(runtime, "alice")
    receipt = desk.send(f"/console/faces/collections/{members(runtime).id}/{alice}/delete", status=200)
    assert faces(runtime) == 1
    with runtime.database.reading() as db:
        entry = db.query(AuditEntry).one()
        assert verify(db, lambda entries, _: entries).is_good
    assert f"{entry.number}:{entry.hash}" in receipt
    assert (entry.action, entry.subject, "alice" in (entry.before or "")) == (
        "face.delete",
        f"face/{alice}",
        False,
    )


def test_a_face_that_is_not_there_is_not_deleted(desk: Desk, scene: ReviewScene, runtime: Runtime) -> None:
    desk.send(f"/console/faces/collections/{members(runtime).id}/{NOBODY}/delete", status=404)
    assert faces(runtime) == 2


@pytest.mark.parametrize("deed", ["reset", "delete"])
def test_only_who_types_its_name_empties_a_collection(
    desk: Desk, scene: ReviewScene, runtime: Runtime, deed: str
) -> None:
    path = f"/console/faces/collections/{members(runtime).id}/{deed}"
    page = desk.send(path, status=422, name="something else")
    assert page.html.select_one(".notice.bad a[href='#field-name']")
    assert faces(runtime) == 2


def test_a_collection_is_emptied(desk: Desk, scene: ReviewScene, runtime: Runtime) -> None:
    before = members(runtime).sealed_rotation
    desk.send(f"/console/faces/collections/{members(runtime).id}/reset", status=303, name="members")
    assert faces(runtime) == 0
    assert members(runtime).sealed_rotation != before


def test_a_collection_in_use_is_not_deleted(desk: Desk, scene: ReviewScene, runtime: Runtime) -> None:
    path = f"/console/faces/collections/{members(runtime).id}/delete"
    assert "is used by the verification" in desk.send(path, status=422, name="members")
    scene.site.publish(id=scene.verification)  # no longer uses it
    desk.send(path, status=303, name="members")
    assert faces(runtime) == 0


def test_a_face_is_blocked_by_the_session_that_stored_it(
    desk: Desk, scene: ReviewScene, runtime: Runtime
) -> None:
    visit = scene.visit(face(ALICE, 0.9))
    scene.answer(visit)
    desk.send("/console/block-list", status=303, subject=visit.session_id, note="chargeback")
    page = desk.open("/console/block-list")
    assert "chargeback" in page
    assert "already" in desk.send("/console/block-list", status=422, subject=visit.session_id)
    unblock = page.html.select_one("td.actions form")["action"]
    desk.send(unblock, status=303)
    assert "Nobody is blocked" in desk.open("/console/block-list")


@pytest.mark.parametrize(
    ("subject", "note", "field"),
    [("", "", "subject"), (NOBODY, "", "subject"), ("x" * 37, "", "subject"), (NOBODY, "n" * 501, "note")],
)
def test_nobody_is_blocked_by_mistake(
    desk: Desk, runtime: Runtime, subject: str, note: str, field: str
) -> None:
    page = desk.send("/console/block-list", status=422, subject=subject, note=note)
    assert page.html.select_one(f".notice.bad a[href='#field-{field}']")
    assert faces(runtime) == 0


def test_a_session_that_stored_nothing_cannot_be_blocked(
    desk: Desk, scene: ReviewScene, runtime: Runtime
) -> None:
    visit = scene.visit(face(ALICE, 0.9))
    scene.answer(visit, Verdict.FAILED)
    page = desk.send("/console/block-list", status=422, subject=visit.session_id)
    assert "stored no face" in page
    assert faces(runtime) == 2
