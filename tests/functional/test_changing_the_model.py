"""People come back while the model is being changed, and are known to the new one afterwards."""

from dataclasses import replace

import pytest

from app.faces import blocking, collections, model_change
from app.faces.calibration import read_calibration
from app.faces.types import TemplateKind
from app.factory import ROOT
from app.inference.engine import OpenPackEngine
from app.models import Face, VerificationSession
from app.runtime import Runtime
from tests.functional.people import Cast
from tests.functional.test_recognition_modes import Door, answer
from tests.service import RelyingSite


@pytest.fixture(scope="module")
def cast(engine: OpenPackEngine) -> Cast:
    return Cast(engine)


@pytest.fixture(scope="module")
def successor(engine: OpenPackEngine) -> OpenPackEngine:
    """The engine that takes over: the same recognition on another landmarker, which is another model."""
    return OpenPackEngine.from_manifest(ROOT / "models", "onnx")


def kind_of(engine: OpenPackEngine) -> TemplateKind:
    return TemplateKind(engine.recognition_model, engine.landmarker_name)


def changing(runtime: Runtime, successor: OpenPackEngine) -> Runtime:
    """The service while the change is under way."""
    return replace(runtime, successor=successor)


def changed(runtime: Runtime, successor: OpenPackEngine) -> Runtime:
    """The service afterwards."""
    calibration = read_calibration(
        runtime.settings.config_dir, successor.recognition_model, successor.landmarker_name
    )
    return replace(runtime, engine=successor, calibration=calibration, successor=None)


def begin(site: RelyingSite, target: TemplateKind) -> None:
    with site.runtime.database.transaction() as db:
        for collection in (
            collections.get(db, site.project_id, "members"),
            blocking.block_list(db, site.project_id),
        ):
            if collection is not None:
                model_change.begin(db, collection, target, 0.0)


def finish(site: RelyingSite) -> list[model_change.Finished]:
    with site.runtime.database.transaction() as db:
        changing = [each.collection for each in model_change.status(db, site.project_id)]
        return [model_change.finish(db, site.runtime.sealer, each, 0.0) for each in changing]


def test_whoever_comes_back_is_known_to_the_new_model(
    site: RelyingSite, cast: Cast, successor: OpenPackEngine
) -> None:
    door = Door(site, "UniqueMatchVerification", collectionId="members")
    for head, name in ((cast.alice, "alice"), (cast.bob, "bob")):
        assert answer(door.enter(head, name)) == (True, None)
    begin(site, kind_of(successor))
    site.runtime = changing(site.runtime, successor)
    assert answer(door.enter(cast.alice, "alice")) == (True, None)
    assert answer(door.enter(cast.alice, "second")) == (False, "duplicate_face")
    assert answer(door.enter(cast.carol, "carol")) == (True, None)
    assert finish(site) == [model_change.Finished(moved=2, dropped=1)]

    site.runtime = changed(site.runtime, successor)
    assert answer(door.enter(cast.alice, "alice")) == (True, None)
    assert answer(door.enter(cast.carol, "another")) == (False, "duplicate_face")
    assert answer(door.enter(cast.bob, "bob")) == (True, None)  # enrolled anew
    with site.runtime.database.reading() as db:
        assert {face.landmarker for face in db.query(Face)} == {successor.landmarker_name}


def test_a_blocked_person_who_tries_again_stays_blocked_by_the_new_model(
    site: RelyingSite, cast: Cast, successor: OpenPackEngine
) -> None:
    door = Door(site, "MatchVerification", collectionId="members")
    alice = door.enter(cast.alice, "alice").face_id
    assert alice is not None
    with site.runtime.database.transaction() as db:
        blocking.block_face(db, site.runtime.sealer, site.project_id, alice, "", 0.0)
    begin(site, kind_of(successor))
    site.runtime = changing(site.runtime, successor)
    assert answer(door.enter(cast.alice, "alice")) == (False, "face_blocked")
    assert answer(door.enter(cast.bob, "bob")) == (True, None)
    assert finish(site) == [model_change.Finished(1, 1), model_change.Finished(1, 0)]
    site.runtime = changed(site.runtime, successor)
    assert answer(door.enter(cast.alice, "again")) == (False, "face_blocked")
    assert answer(door.enter(cast.bob, "bob")) == (True, None)


def test_between_finish_and_restart_nobody_passes(
    site: RelyingSite, cast: Cast, successor: OpenPackEngine
) -> None:
    door = Door(site, "UniqueMatchVerification", collectionId="members")
    door.enter(cast.alice, "alice")
    begin(site, kind_of(successor))
    site.runtime = changing(site.runtime, successor)
    door.enter(cast.alice, "alice")
    finish(site)
    assert answer(door.enter(cast.bob, "bob")) == (False, "internal_error")
    with site.runtime.database.reading() as db:
        assert db.query(Face).count() == 1
        assert db.query(VerificationSession).filter_by(state="passed").count() == 2
