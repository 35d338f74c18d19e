"""Sites hear of faces that are enrolled and deleted, whoever did it, exactly when it happened."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import func, select

from app.faces import blocking, collections, events
from app.models import Face, FaceEvent
from app.runtime import Runtime
from app.webhooks import loop
from app.webhooks.sender import Attempt
from tests.databases import on_both_databases
from tests.functional.api_backend import Backend, picture
from tests.service import FakeClock, RelyingSite

URL = "https://hooks.shop.example/visavis"
STAFF = {"collectionId": "staff"}


class Receiver:
    """The shop's endpoint."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
        self.told.append(json.loads(body))
        return Attempt(204, None, 1.0)

    def listen(self, runtime: Runtime) -> list[tuple[str, str | None, str]]:
        """Let the worker send, and return event, face and collection of what came since the last time."""
        self.told.clear()
        loop.run_once(runtime, self, runtime.clock())
        return [(told["event"], told["faceId"], told["collectionId"]) for told in self.told]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    made = Backend.of(site)
    made.post("/v1/collection/create", STAFF)
    return made


def subscribe(site: RelyingSite, name: str = "staff", **webhook: Any) -> str:
    wanted = {"eventCallbackUrl": URL, "events": ["FaceEnrolled", "FaceDeleted"]}
    recognition = {"type": "CalculationOnly", "collectionId": name}
    return site.publish(verifierConfigs={"faceRecognition": recognition}, webhookConfig=wanted | webhook)


def index(backend: Backend, name: str = "obama.jpg") -> str:
    answer = backend.post("/v1/face/index", {**STAFF, "image": picture(name)})
    return str(answer.json["faceId"])


@on_both_databases
def test_indexing_and_deleting_a_face_by_api_is_told(
    site: RelyingSite, backend: Backend, runtime: Runtime, receiver: Receiver
) -> None:
    verification_id = subscribe(site)
    face_id = index(backend)
    assert receiver.listen(runtime) == [("FaceEnrolled", face_id, "staff")]
    assert receiver.told[0]["verificationId"] == verification_id
    assert receiver.told[0]["verificationSessionId"] is None
    backend.post("/v1/face/delete", {**STAFF, "faceId": face_id})
    assert receiver.listen(runtime) == [("FaceDeleted", face_id, "staff")]
    assert receiver.listen(runtime) == []


def test_a_face_that_was_found_is_not_enrolled_again(
    site: RelyingSite, backend: Backend, runtime: Runtime, receiver: Receiver
) -> None:
    subscribe(site)
    wish = {**STAFF, "image": picture("obama.jpg")}
    first = backend.post("/v1/face/search-or-index", wish).json["faceId"]
    backend.post("/v1/face/search-or-index", {**STAFF, "image": picture("obama.jpg")})
    assert receiver.listen(runtime) == [("FaceEnrolled", first, "staff")]


@pytest.mark.parametrize("deed", ["/v1/face/delete-all", "/v1/collection/reset", "/v1/collection/delete"])
def test_emptying_a_collection_is_told_in_one_event(
    site: RelyingSite, backend: Backend, runtime: Runtime, receiver: Receiver, deed: str
) -> None:
    index(backend), index(backend, "biden.jpg")
    if deed.endswith("collection/delete"):
        assert backend.post(deed, STAFF).status_int == 200
        subscribe(site)
        told = [each for each in receiver.listen(runtime) if each[0] == "FaceDeleted"]
        assert told == [("FaceDeleted", None, "staff")]
        return
    subscribe(site)
    receiver.listen(runtime)
    assert backend.post(deed, STAFF).status_int == 200
    assert receiver.listen(runtime) == [("FaceDeleted", None, "staff")]
    backend.post(deed, STAFF)
    assert receiver.listen(runtime) == []


def test_only_verifications_of_the_collection_that_asked_are_told(
    site: RelyingSite, backend: Backend, runtime: Runtime, receiver: Receiver
) -> None:
    subscribe(site, "guests")
    subscribe(site, events=["VerificationCompleted"])
    subscribe(RelyingSite.register(runtime, "another shop"))
    index(backend)
    assert receiver.listen(runtime) == []


def test_the_block_list_is_nobody_elses_business(
    site: RelyingSite, backend: Backend, runtime: Runtime, receiver: Receiver, clock: FakeClock
) -> None:
    subscribe(site)
    face_id = index(backend)
    receiver.listen(runtime)
    with runtime.database.transaction() as db:
        blocking.block_face(db, runtime.sealer, site.project_id, face_id, "stole", clock())
        blocking.unblock(db, site.project_id, face_id, clock())
    assert receiver.listen(runtime) == []


def test_a_deletion_that_is_rolled_back_is_not_told(
    site: RelyingSite, backend: Backend, runtime: Runtime, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(site)
    index(backend)
    receiver.listen(runtime)
    with suppress(ZeroDivisionError), runtime.database.transaction() as db:
        collections.delete(db, collections.get(db, site.project_id, "staff"), runtime.clock())
        raise ZeroDivisionError
    assert receiver.listen(runtime) == []


def test_a_face_is_not_stored_when_its_event_cannot_be(
    site: RelyingSite, backend: Backend, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(events, "_note", fail)
    answer = backend.post("/v1/face/index", {**STAFF, "image": picture("obama.jpg")})
    assert answer.status_int == 500
    with runtime.database.reading() as db:
        counts = [db.scalar(select(func.count()).select_from(table)) for table in (Face, FaceEvent)]
    assert counts == [0, 0]
