"""Collections and enrolled faces, by photos that a backend brings."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.models import Face
from tests.databases import on_both_databases
from tests.functional.api_backend import Backend, photo, picture, problem
from tests.service import RelyingSite, new_browser

COLLECTION = "/v1/collection"
FACE = "/v1/face"
ALICE, OBAMA, OBAMA_AGAIN, BIDEN = "astronaut.png", "obama.jpg", "obama2.jpg", "biden.jpg"
NO_FACE_ID = "0" * 32


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site)


@pytest.fixture
def staff(backend: Backend) -> dict[str, str]:
    """A collection called staff."""
    made = backend.post(f"{COLLECTION}/create", {"collectionId": "staff", "description": "ours"})
    return {"collectionId": made.json["recognitionCollection"]["collectionId"]}


def index(backend: Backend, staff: dict[str, str], name: str, **content: object) -> str:
    answer = backend.post(f"{FACE}/index", {**staff, "image": picture(name), **content})
    assert answer.status_int == 200, answer
    return str(answer.json["faceId"])


def test_collections_are_made_shown_listed_and_changed(backend: Backend, staff: dict[str, str]) -> None:
    shown = backend.get(f"{COLLECTION}/get", **staff).json["recognitionCollection"]
    assert (shown["description"], shown["faceCount"]) == ("ours", 0)
    assert {"collectionId", "description", "createdAt", "updatedAt"} <= set(shown)
    again = backend.post(f"{COLLECTION}/create", staff)
    assert problem(again)[:2] == (409, "already-exists")
    backend.post(f"{COLLECTION}/create", {"collectionId": "guests"})
    page = backend.get(f"{COLLECTION}/get-all", limit=1).json
    rest = backend.get(f"{COLLECTION}/get-all", limit=1, cursor=page["nextCursor"]).json
    names = [row["collectionId"] for row in page["collections"] + rest["collections"]]
    assert (names, rest["nextCursor"]) == (["guests", "staff"], None)
    changed = backend.post(f"{COLLECTION}/update", {**staff, "description": "theirs"}).json
    assert changed["recognitionCollection"]["description"] == "theirs"
    renamed = backend.call("PUT", f"{COLLECTION}/update", {**staff, "newCollectionId": "team"})
    assert renamed.json["recognitionCollection"]["collectionId"] == "team"
    taken = {"collectionId": "team", "newCollectionId": "guests"}
    for method in ("POST", "PUT"):
        assert problem(backend.call(method, f"{COLLECTION}/update", taken))[:2] == (409, "state-conflict")
        assert problem(backend.call(method, f"{COLLECTION}/update", staff))[:2] == (404, "not-found")


def test_a_collection_that_a_verification_uses_stays(
    backend: Backend, site: RelyingSite, staff: dict[str, str]
) -> None:
    site.publish(verifierConfigs={"faceRecognition": {"type": "CalculationOnly", **staff}})
    assert problem(backend.post(f"{COLLECTION}/delete", staff))[:2] == (409, "state-conflict")
    assert problem(backend.call("DELETE", f"{COLLECTION}/delete", **staff))[:2] == (409, "state-conflict")


def test_resetting_and_deleting_a_collection_forgets_its_faces(
    backend: Backend, staff: dict[str, str]
) -> None:
    index(backend, staff, OBAMA)
    assert backend.post(f"{COLLECTION}/reset", staff).json["deletedFaceCount"] == 1
    index(backend, staff, OBAMA)
    assert backend.post(f"{COLLECTION}/delete", staff).json["deletedFaceCount"] == 1
    backend.post(f"{COLLECTION}/create", staff)
    assert backend.call("DELETE", f"{COLLECTION}/delete", **staff).status_int == 200
    for method, path in (("POST", "reset"), ("POST", "delete"), ("DELETE", "delete"), ("GET", "get")):
        query = staff if method in {"GET", "DELETE"} else {}
        body = staff if method == "POST" else None
        gone = backend.call(method, f"{COLLECTION}/{path}", body, **query)
        assert problem(gone)[:2] == (404, "not-found")
    with backend.runtime.database.reading() as db:
        assert db.query(Face).count() == 0


def test_a_face_is_found_in_another_photo_and_strangers_are_not(
    backend: Backend, staff: dict[str, str]
) -> None:
    face_id = index(backend, staff, OBAMA, externalKeys=["barack"], payload={"desk": [1, 2]})
    found = backend.post(f"{FACE}/search", {**staff, "image": picture(OBAMA_AGAIN)}).json["matches"]
    assert [match["faceId"] for match in found] == [face_id]
    assert (found[0]["externalKeys"], found[0]["payload"]) == (["barack"], {"desk": [1, 2]})
    assert found[0]["odds"] == f"1 in {round(1 / found[0]['falseMatchRate'])}"
    for stranger in (ALICE, BIDEN):
        assert backend.post(f"{FACE}/search", {**staff, "image": picture(stranger)}).json["matches"] == []


def test_a_threshold_of_ones_own_can_only_be_stricter(backend: Backend, staff: dict[str, str]) -> None:
    index(backend, staff, OBAMA)

    def found(name: str, threshold: float) -> int:
        wish = {**staff, "image": picture(name), "faceMatchThreshold": threshold}
        return len(backend.post(f"{FACE}/search", wish).json["matches"])

    assert (found(OBAMA_AGAIN, 70), found(OBAMA_AGAIN, 99.9), found(BIDEN, 0), found(BIDEN, 70)) == (
        1,
        0,
        0,
        0,
    )


def test_search_or_index_stores_a_new_face_and_finds_a_known_one(
    backend: Backend, staff: dict[str, str]
) -> None:
    first = backend.post(f"{FACE}/search-or-index", {**staff, "image": picture(OBAMA)}).json
    again = backend.post(f"{FACE}/search-or-index", {**staff, "image": picture(OBAMA_AGAIN)}).json
    assert (first["resultSource"], again["resultSource"]) == ("Index", "Search")
    assert (first["faceId"], first["match"]) == (again["faceId"], None)
    assert again["match"]["similarity"] > 0.9


@on_both_databases
def test_of_simultaneous_calls_with_one_new_face_exactly_one_stores_it(
    backend: Backend, staff: dict[str, str]
) -> None:
    wish = {**staff, "image": picture(OBAMA)}
    backends = [Backend(backend.runtime, backend.key, new_browser(backend.runtime)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda each: each.post(f"{FACE}/search-or-index", wish).json, backends))
    assert sorted(answer["resultSource"] for answer in answers) == ["Index", "Search", "Search", "Search"]
    assert len({answer["faceId"] for answer in answers}) == 1


def test_a_form_with_a_file_does_the_same_as_json(backend: Backend, staff: dict[str, str]) -> None:
    made = backend.upload(f"{FACE}/index", {**staff, "externalKeys": "barack"}, image=photo(OBAMA)).json
    assert made["face"]["externalKeys"] == ["barack"]
    found = backend.upload(f"{FACE}/search", {**staff, "maxMatches": "3"}, image=photo(OBAMA_AGAIN)).json
    assert [match["faceId"] for match in found["matches"]] == [made["faceId"]]


@on_both_databases
def test_external_keys_name_one_face_each(backend: Backend, staff: dict[str, str]) -> None:
    obama, alice = index(backend, staff, OBAMA), index(backend, staff, ALICE)
    key = {**staff, "externalKey": "barack"}
    named = backend.post(f"{FACE}/add-external-key", {**key, "faceId": obama}).json
    assert named["face"]["externalKeys"] == ["barack"]
    assert backend.get(f"{FACE}/get", **key).json == backend.get(f"{FACE}/get", **staff, faceId=obama).json
    moved = backend.post(f"{FACE}/add-external-key", {**key, "faceId": alice})
    assert problem(moved)[:2] == (409, "state-conflict")
    taken = {**staff, "image": picture(BIDEN), "externalKeys": ["barack"]}
    assert problem(backend.post(f"{FACE}/index", taken))[:2] == (409, "state-conflict")
    assert problem(backend.post(f"{FACE}/search-or-index", taken))[:2] == (409, "state-conflict")
    removed = backend.post(f"{FACE}/remove-external-key", {**key, "faceId": obama}).json
    assert removed["face"]["externalKeys"] == []
    again = backend.post(f"{FACE}/remove-external-key", {**key, "faceId": obama})
    assert problem(again)[:2] == (404, "not-found")
    nobody = backend.post(f"{FACE}/add-external-key", {**key, "faceId": NO_FACE_ID})
    assert problem(nobody)[:2] == (404, "not-found")


def test_faces_are_listed_and_deleted_for_good(backend: Backend, staff: dict[str, str]) -> None:
    ids = sorted(index(backend, staff, name) for name in (OBAMA, ALICE, BIDEN))
    page = backend.get(f"{FACE}/get-all", **staff, limit=2).json
    rest = backend.get(f"{FACE}/get-all", **staff, limit=2, cursor=page["nextCursor"]).json
    assert [face["faceId"] for face in page["faces"] + rest["faces"]] == ids
    assert backend.post(f"{FACE}/delete", {**staff, "faceId": ids[0]}).json["deletedFaceCount"] == 1
    assert backend.call("DELETE", f"{FACE}/delete", **staff, faceId=ids[1]).status_int == 200
    gone = backend.call("DELETE", f"{FACE}/delete", **staff, faceId=ids[1])
    assert problem(gone)[:2] == (404, "not-found")
    assert problem(backend.post(f"{FACE}/delete", {**staff, "externalKey": "x"}))[:2] == (404, "not-found")
    assert backend.post(f"{FACE}/delete-all", staff).json["deletedFaceCount"] == 1
    assert backend.call("DELETE", f"{FACE}/delete-all", **staff).json["deletedFaceCount"] == 0
    with backend.runtime.database.reading() as db:
        assert db.query(Face).count() == 0


def test_a_face_has_to_be_named_by_exactly_one_thing(backend: Backend, staff: dict[str, str]) -> None:
    assert problem(backend.get(f"{FACE}/get", **staff)) == (400, "bad-input", "faceId")
    both = backend.get(f"{FACE}/get", **staff, faceId=NO_FACE_ID, externalKey="x")
    assert problem(both) == (400, "bad-input", "faceId")
    assert problem(backend.get(f"{FACE}/get", **staff, faceId=NO_FACE_ID))[:2] == (404, "not-found")


def test_in_a_collection_that_is_not_there_nothing_is_found(backend: Backend) -> None:
    where = {"collectionId": "nowhere"}
    shown = {**where, "image": picture(OBAMA)}
    for path in ("search", "index", "search-or-index"):
        assert problem(backend.post(f"{FACE}/{path}", shown))[:2] == (404, "not-found")
    assert problem(backend.post(f"{FACE}/delete-all", where))[:2] == (404, "not-found")
    assert problem(backend.call("DELETE", f"{FACE}/delete-all", **where))[:2] == (404, "not-found")
    assert problem(backend.get(f"{FACE}/get-all", **where))[:2] == (404, "not-found")
    one = {**where, "faceId": NO_FACE_ID, "externalKey": "x"}
    for path in ("add-external-key", "remove-external-key"):
        assert problem(backend.post(f"{FACE}/{path}", one))[:2] == (404, "not-found")


def test_what_is_kept_with_a_face_is_limited(backend: Backend, staff: dict[str, str]) -> None:
    shown = {**staff, "image": picture(OBAMA)}
    long = backend.post(f"{FACE}/index", {**shown, "payload": "x" * 17_000})
    assert problem(long) == (413, "too-large", "payload")
    empty = backend.post(f"{FACE}/index", {**shown, "externalKeys": [""]})
    assert problem(empty) == (400, "bad-input", "externalKeys[0]")
    assert backend.get(f"{FACE}/get-all", **staff).json["faces"] == []
