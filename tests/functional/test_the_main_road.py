"""The product's main job over HTTP, with real models on rendered heads of real photos."""

import pytest
from webtest import TestApp

from app.inference.engine import OpenPackEngine
from app.models import Face
from app.runtime import Runtime
from app.sandbox.head import Head
from app.sandbox.pose import NEUTRAL
from tests.databases import on_both_databases
from tests.functional.visit import Person, Visit, complete
from tests.service import RelyingSite, new_browser
from tests.simulator.attacks import photo_sheet
from tests.simulator.faces import head
from tests.simulator.scenes import empty_room

pytestmark = on_both_databases

EVERYTHING = {
    "liveness": {"type": "Verification", "challengeType": "Balanced"},
    "faceRecognition": {"type": "UniqueMatchVerification"},
    "age": {"type": "CalculationOnly"},
    "gender": {"type": "CalculationOnly"},
}
RETURN_VISIT = {
    "reDisableLivenessVerifier": True,
    "reDisableAgeVerifier": True,
    "reDisableGenderVerifier": True,
}


@pytest.fixture(scope="module")
def alice(engine: OpenPackEngine) -> Head:
    return head("astronaut", engine)


@pytest.fixture(scope="module")
def bob(engine: OpenPackEngine) -> Head:
    return head("obama", engine)


@pytest.fixture
def account(site: RelyingSite) -> str:
    """One account per person: liveness, uniqueness, age and gender."""
    return site.publish(
        verifierConfigs=EVERYTHING,
        sessionOverrideConfig={"allowVerifierOverrides": True},
        resultParameterConfig={
            "includeAge": True,
            "includeGender": True,
            "includeFaceId": True,
            "includeExternalId": True,
            "includeCustomInputParameters": True,
            "includeTotalFaceCount": True,
        },
        securityConfig={"maxAttempts": 1},
    )


def stored_faces(runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        return db.query(Face).count()


def test_a_first_visit_enrols_and_a_return_visit_matches(
    site: RelyingSite, account: str, runtime: Runtime, alice: Head
) -> None:
    first = complete(
        site, new_browser(runtime), account, Person(alice), external_id="alice", nonce="ab" * 16, cart="7"
    )
    assert first.passed, first.failed_reason
    assert first.get("reLivenessResult") == first.get("reFaceRecognitionResult") == "passed"
    assert first.get("reNonce") == "ab" * 16
    assert first.get("reTotalFaceCount") == "1"
    assert first.custom == (("cart", "7"),)
    assert first.external_id == "alice"
    assert 15 <= (first.age or 0) <= 60
    assert first.gender in {None, "female"}
    again = complete(site, new_browser(runtime), account, Person(alice), external_id="alice", **RETURN_VISIT)
    assert again.passed, again.failed_reason
    assert again.face_id == first.face_id
    assert again.get("reLivenessResult") is None
    assert stored_faces(runtime) == 1


def test_another_person_under_the_same_id_is_a_mismatch(
    site: RelyingSite, account: str, runtime: Runtime, alice: Head, bob: Head
) -> None:
    complete(site, new_browser(runtime), account, Person(alice), external_id="alice")
    result = complete(site, new_browser(runtime), account, Person(bob), external_id="alice")
    assert (result.passed, result.failed_reason) == (False, "face_mismatch")
    assert result.get("reFaceRecognitionResult") == "failed"
    assert result.get("reLivenessResult") == "passed"
    assert stored_faces(runtime) == 1


def test_the_same_person_under_another_id_is_a_duplicate(
    site: RelyingSite, account: str, runtime: Runtime, alice: Head
) -> None:
    complete(site, new_browser(runtime), account, Person(alice), external_id="alice")
    result = complete(site, new_browser(runtime), account, Person(alice), external_id="mallory")
    assert (result.passed, result.failed_reason) == (False, "duplicate_face")
    assert stored_faces(runtime) == 1


def test_a_still_photo_fails_liveness_and_is_not_stored(
    site: RelyingSite, account: str, runtime: Runtime, alice: Head
) -> None:
    photo = Person(photo_sheet(alice), answer=lambda _: NEUTRAL)
    result = complete(site, new_browser(runtime), account, photo, external_id="alice")
    assert (result.passed, result.failed_reason) == (False, "liveness_failed")
    assert result.get("reFaceRecognitionResult") == "not_executed"
    assert stored_faces(runtime) == 0


def test_a_person_who_moves_otherwise_than_told_fails_liveness(
    site: RelyingSite, account: str, runtime: Runtime, alice: Head
) -> None:
    recording = Person(alice, answer=lambda guidance: NEUTRAL)
    result = complete(site, new_browser(runtime), account, recording, external_id="alice")
    assert (result.passed, result.failed_reason) == (False, "liveness_failed")


def test_nobody_in_front_of_the_camera_gets_guidance_and_then_a_timeout(
    site: RelyingSite, account: str, runtime: Runtime, browser: TestApp
) -> None:
    visit = Visit.open(browser, site.runtime.clock, site.link(account, external_id="alice"))
    visit.consent()
    visit.start()
    nobody = Person(empty_room())
    visit.film(nobody, batches=3)
    assert visit.status["guidance"] == "no_face"
    visit.clock.pass_seconds(180)
    visit.film(nobody, batches=1)
    assert visit.outcome == {"result": "failed", "reason": "timeout", "next": visit.page["urls"]["return"]}
    result = site.check(account, visit.return_url())
    assert (result.failed_reason, result.get("reLivenessResult")) == ("timeout", "not_executed")
