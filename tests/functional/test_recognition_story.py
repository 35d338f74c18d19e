"""Every kind of visit in every mode of face recognition, and every reason it can end with."""

from dataclasses import replace

import pytest
from visavis_client import VerifiedResult

from app.faces import blocking, collections
from app.faces.calibration import Calibration
from app.faces.enrolment import forget_face
from app.inference.engine import OpenPackEngine
from app.models import Collection, Face, VerificationSession
from app.sandbox.head import Head
from tests.functional.people import Cast
from tests.functional.test_recognition_modes import Door, answer, faces_and_keys
from tests.functional.visit import Person, Visit, complete
from tests.service import RelyingSite, new_browser


@pytest.fixture(scope="module")
def cast(engine: OpenPackEngine) -> Cast:
    return Cast(engine)


BLOCKED, DUPLICATE = "face_blocked", "duplicate_face"
MISMATCH, UNKNOWN = "face_mismatch", "face_unrecognized"

# Mode → why each of eight visits in a row fails, None = it passes; `STORY` says what they are.
REASONS: dict[str, tuple[str | None, ...]] = {
    "CalculationOnly": (None, None, None, None, BLOCKED, None, None, None),
    "DuplicateVerification": (None, DUPLICATE, None, DUPLICATE, BLOCKED, DUPLICATE, None, None),
    "UniqueMatchVerification": (None, None, MISMATCH, DUPLICATE, BLOCKED, None, None, None),
    "MatchVerification": (None, None, MISMATCH, None, BLOCKED, None, None, None),
    "Identification": (UNKNOWN, None, UNKNOWN, None, BLOCKED, None, UNKNOWN, UNKNOWN),
}
STORY = (
    "the first visit",
    "a return visit",
    "somebody else under the same id",
    "the same person under another id",
    "the person once blocked",
    "the person no longer blocked",
    "the person after all faces of hers were deleted",
    "the person after the collection was reset",
)


class Shop:
    """One collection, a door in some mode, and an entrance at which people enrol."""

    def __init__(self, site: RelyingSite, mode: str, cast: Cast) -> None:
        self.site, self.runtime, self.cast, self.mode = site, site.runtime, cast, mode
        self.door = Door(site, mode, collectionId="members")

    def visits(self) -> list[str | None]:
        """Play the story; a blocked visit must leave everything as it was."""
        alice, bob = self.cast.alice, self.cast.bob
        told = [self.reason(alice, "alice")]
        if self.mode == "Identification":  # which enrols nobody itself
            Door(self.site, "UniqueMatchVerification", collectionId="members").enter(alice, "alice")
        enrolled = self.face_ids()
        told += [self.reason(alice, "alice"), self.reason(bob, "alice"), self.reason(alice, "second")]
        self.block(enrolled[0])
        before = faces_and_keys(self.runtime)
        told.append(self.reason(alice, "alice"))
        assert faces_and_keys(self.runtime) == before
        self.unblock(enrolled[0])
        told.append(self.reason(alice, "alice"))
        for change in (self.forget_everybody, self.reset):
            change()
            told.append(self.reason(alice, "alice"))
        return told

    def reason(self, head: Head, external_id: str) -> str | None:
        result = self.door.enter(head, external_id)
        assert result.passed is (result.failed_reason is None)
        return result.failed_reason

    def face_ids(self) -> list[str]:
        with self.runtime.database.reading() as db:
            members = collections.get(db, self.site.project_id, "members")
            return [face.id for face in db.query(Face).filter_by(collection_id=members.id)]

    def block(self, face_id: str) -> None:
        with self.runtime.database.transaction() as db:
            blocking.block_face(db, self.runtime.sealer, self.site.project_id, face_id, "", 0.0)

    def unblock(self, face_id: str) -> None:
        with self.runtime.database.transaction() as db:
            blocking.unblock(db, self.site.project_id, face_id, 0.0)

    def forget_everybody(self) -> None:
        for face_id in self.face_ids():
            with self.runtime.database.transaction() as db:
                forget_face(db, collections.get(db, self.site.project_id, "members"), face_id, 0.0)

    def reset(self) -> None:
        with self.runtime.database.transaction() as db:
            members = collections.get(db, self.site.project_id, "members")
            collections.reset(db, self.runtime.sealer, members, 0.0)


@pytest.mark.parametrize("mode", REASONS)
def test_every_kind_of_visit_in_every_mode(mode: str, site: RelyingSite, cast: Cast) -> None:
    told = Shop(site, mode, cast).visits()
    assert dict(zip(STORY, told, strict=True)) == dict(zip(STORY, REASONS[mode], strict=True))


def test_a_blocked_face_is_refused_where_only_its_age_is_asked_for(site: RelyingSite, cast: Cast) -> None:
    shop = Shop(site, "DuplicateVerification", cast)
    shop.reason(cast.alice, "alice")
    shop.block(shop.face_ids()[0])
    verification = site.publish(verifierConfigs={"age": {"type": "CalculationOnly"}})

    def enter(head: Head) -> VerifiedResult:
        return complete(site, new_browser(site.runtime), verification, Person(head))

    assert answer(enter(cast.alice)) == (False, BLOCKED)
    assert answer(enter(cast.bob)) == (True, None)


def test_nobody_passes_a_block_list_that_cannot_be_read(site: RelyingSite, cast: Cast) -> None:
    shop = Shop(site, "CalculationOnly", cast)
    shop.reason(cast.alice, "alice")
    shop.block(shop.face_ids()[0])
    with site.runtime.database.transaction() as db:
        db.query(Collection).filter_by(kind="block").one().sealed_rotation = b"damaged, or of another key"
    assert shop.reason(cast.bob, "bob") == "internal_error"
    assert len(shop.face_ids()) == 1


def uncertain(calibration: Calibration) -> Calibration:
    """The same calibration, strict beyond one false match in a hundred as nobody can be."""
    tables = [
        table.model_copy(
            update={
                "points": tuple(
                    point.model_copy(update={"threshold": 0.5 if point.fmr >= 1e-2 else 0.99999})
                    for point in table.points
                )
            }
        )
        for table in calibration.tables
    ]
    return calibration.model_copy(update={"tables": tuple(tables)})


@pytest.mark.parametrize("mode", ["DuplicateVerification", "UniqueMatchVerification", "Identification"])
def test_an_uncertain_likeness_waits_for_an_operator_and_stores_nothing(
    mode: str, site: RelyingSite, cast: Cast
) -> None:
    Door(site, "MatchVerification", collectionId="members").enter(cast.alice, "alice")
    site.runtime = replace(site.runtime, calibration=uncertain(site.runtime.calibration))
    door = Door(site, mode, collectionId="members", falseMatchRate=1e-2, onUncertain="Review")
    visit = Visit.open(
        new_browser(site.runtime), site.runtime.clock, site.link(door.verification, external_id="second")
    )
    visit.go_through(Person(cast.alice))
    with site.runtime.database.reading() as db:
        session = db.get_one(VerificationSession, visit.session_id)
        assert (session.state, session.reason) == ("review", "review_pending")
    assert faces_and_keys(site.runtime) == (1, 1)
