"""Every mode of face recognition through signed links: first visit, return visit, somebody else."""

import pytest
from visavis_client import VerifiedResult

from app.inference.engine import OpenPackEngine
from app.models import Face, FaceKey
from app.runtime import Runtime
from app.sandbox.head import Head
from tests.databases import on_both_databases
from tests.functional.people import Cast
from tests.functional.visit import Person, complete
from tests.service import RelyingSite, new_browser

pytestmark = on_both_databases


@pytest.fixture(scope="module")
def cast(engine: OpenPackEngine) -> Cast:
    return Cast(engine)


class Door:
    """A verification with one mode of recognition and nothing else."""

    def __init__(self, site: RelyingSite, mode: str, **recognition: object) -> None:
        self.site = site
        self.verification = site.publish(
            verifierConfigs={"faceRecognition": {"type": mode, **recognition}},
            resultParameterConfig={"includeFaceId": True, "includeExternalId": True},
        )

    def enter(self, head: Head, external_id: str | None = None) -> VerifiedResult:
        browser = new_browser(self.site.runtime)
        return complete(self.site, browser, self.verification, Person(head), external_id=external_id)


def answer(result: VerifiedResult) -> tuple[bool, str | None]:
    return result.passed, result.failed_reason


def faces_and_keys(runtime: Runtime) -> tuple[int, int]:
    with runtime.database.reading() as db:
        return db.query(Face).count(), db.query(FaceKey).count()


def test_match_enrols_first_and_then_compares(site: RelyingSite, cast: Cast, runtime: Runtime) -> None:
    door = Door(site, "MatchVerification")
    assert answer(door.enter(cast.alice, "alice")) == (True, None)
    assert answer(door.enter(cast.alice, "alice")) == (True, None)
    assert answer(door.enter(cast.bob, "alice")) == (False, "face_mismatch")
    assert answer(door.enter(cast.alice, "second account")) == (True, None)
    assert faces_and_keys(runtime) == (2, 2)


def test_unique_match_lets_nobody_have_two_ids(site: RelyingSite, cast: Cast, runtime: Runtime) -> None:
    door = Door(site, "UniqueMatchVerification")
    assert answer(door.enter(cast.alice, "alice")) == (True, None)
    assert answer(door.enter(cast.alice, "second account")) == (False, "duplicate_face")
    assert answer(door.enter(cast.bob, "bob")) == (True, None)
    assert answer(door.enter(cast.alice, "alice")) == (True, None)
    assert answer(door.enter(cast.bob, "alice")) == (False, "face_mismatch")
    assert faces_and_keys(runtime) == (2, 2)


def test_duplicate_verification_takes_each_face_once(site: RelyingSite, cast: Cast, runtime: Runtime) -> None:
    door = Door(site, "DuplicateVerification")
    assert answer(door.enter(cast.alice)) == (True, None)
    assert answer(door.enter(cast.alice)) == (False, "duplicate_face")
    assert answer(door.enter(cast.bob)) == (True, None)
    assert faces_and_keys(runtime) == (2, 0)


def test_calculation_only_never_fails_and_gives_the_face_id(
    site: RelyingSite, cast: Cast, runtime: Runtime
) -> None:
    door = Door(site, "CalculationOnly")
    first, second = door.enter(cast.alice), door.enter(cast.alice)
    assert answer(first) == answer(second) == (True, None)
    assert len(first.face_id or "") == 32
    assert first.get("reFaceRecognitionResult") == "passed"


def test_identification_finds_whom_another_verification_enrolled(
    site: RelyingSite, cast: Cast, runtime: Runtime
) -> None:
    enrolment = Door(site, "UniqueMatchVerification", collectionId="members")
    gate = Door(site, "Identification", collectionId="members")
    enrolled = enrolment.enter(cast.alice, "alice")
    found = gate.enter(cast.alice)
    assert answer(found) == (True, None)
    assert found.face_id == enrolled.face_id
    assert found.external_id == "alice"
    assert answer(gate.enter(cast.bob)) == (False, "face_unrecognized")
    assert faces_and_keys(runtime) == (1, 1)


def test_two_verifications_do_not_see_each_others_faces(site: RelyingSite, cast: Cast) -> None:
    assert answer(Door(site, "DuplicateVerification").enter(cast.alice)) == (True, None)
    assert answer(Door(site, "DuplicateVerification").enter(cast.alice)) == (True, None)


def test_calculation_only_under_a_known_id_stores_a_face_of_its_own(
    site: RelyingSite, cast: Cast, runtime: Runtime
) -> None:
    door = Door(site, "CalculationOnly")
    first, second = door.enter(cast.alice, "alice"), door.enter(cast.bob, "alice")
    assert answer(first) == answer(second) == (True, None)
    assert first.face_id != second.face_id
    assert faces_and_keys(runtime) == (2, 1)
