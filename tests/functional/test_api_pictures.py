"""Single pictures: faces, likeness, age, gender, liveness, and pictures that are refused."""

import base64
import struct

import cv2
import numpy as np
import pytest

from tests.functional.api_backend import Backend, photo, picture, problem
from tests.service import RelyingSite

FACES = "/v1/face-verification"
DEMOGRAPHICS = "/v1/demographic-estimation"
LIVENESS = "/v1/liveness-detection/detect"
ALICE, OBAMA, OBAMA_AGAIN, BIDEN = "astronaut.png", "obama.jpg", "obama2.jpg", "biden.jpg"


@pytest.fixture
def backend(site: RelyingSite) -> Backend:
    return Backend.of(site)


def encoded(image: np.ndarray) -> dict[str, str]:
    return {"bytes": base64.b64encode(cv2.imencode(".png", image)[1].tobytes()).decode()}


def nobody() -> dict[str, str]:
    return encoded(np.full((200, 200, 3), 128, np.uint8))


def two_people() -> dict[str, str]:
    first, second = (
        cv2.imdecode(np.frombuffer(photo(n), np.uint8), cv2.IMREAD_COLOR) for n in (OBAMA, BIDEN)
    )
    height = min(first.shape[0], second.shape[0])
    return encoded(np.hstack([first[:height], second[:height]]))


def test_faces_are_found_largest_first_and_the_rest_is_counted(backend: Backend) -> None:
    both = backend.post(f"{FACES}/detect-faces", {"image": two_people(), "maxFaceCount": 10}).json
    assert (len(both["faces"]), both["unprocessedFaceCount"]) == (2, 0)
    widths = [face["boundingBox"]["width"] for face in both["faces"]]
    assert widths == sorted(widths, reverse=True)
    assert 0.5 <= both["faces"][0]["confidence"] <= 1
    one = backend.post(f"{FACES}/detect-faces", {"image": two_people()}).json
    assert (one["faces"], one["unprocessedFaceCount"]) == (both["faces"][:1], 1)
    assert backend.post(f"{FACES}/detect-faces", {"image": nobody()}).json["faces"] == []


@pytest.mark.parametrize("count", [0, 11, "2", 1.5])
def test_one_to_ten_faces_can_be_asked_for(backend: Backend, count: object) -> None:
    refused = backend.post(f"{FACES}/detect-faces", {"image": nobody(), "maxFaceCount": count})
    assert problem(refused) == (400, "bad-input", "maxFaceCount")


def test_embeddings_and_pictures_are_compared_alike(backend: Backend) -> None:
    def embedding(name: str) -> list[float]:
        answer = backend.post(f"{FACES}/get-face-embeddings", {"image": picture(name)}).json
        return answer["faces"][0]["embedding"]

    two = {"embedding1": embedding(OBAMA), "embedding2": embedding(OBAMA_AGAIN)}
    by_numbers = backend.post(f"{FACES}/compare-face-embeddings", two).json
    pictures = {"image1": picture(OBAMA), "image2": picture(OBAMA_AGAIN)}
    by_pictures = backend.post(f"{FACES}/compare-faces", pictures).json
    assert by_numbers == by_pictures
    assert by_pictures["isMatch"] is True
    stranger = backend.upload(f"{FACES}/compare-faces", {}, image1=photo(OBAMA), image2=photo(BIDEN)).json
    assert stranger["isMatch"] is False
    assert stranger["similarity"] < stranger["threshold"] <= by_pictures["similarity"]


@pytest.mark.parametrize("numbers", [[1.0], [0.0] * 128, [1e308] * 128, [0.5] * 128])
def test_numbers_that_are_no_embedding_are_refused(backend: Backend, numbers: list[float]) -> None:
    good = [1.0] + [0.0] * 127
    refused = backend.post(f"{FACES}/compare-face-embeddings", {"embedding1": good, "embedding2": numbers})
    status, kind, field = problem(refused)
    assert (status, kind) == (400, "bad-input")
    assert str(field).startswith("embedding2")


def test_age_and_gender_are_estimated(backend: Backend) -> None:
    age = backend.post(f"{DEMOGRAPHICS}/get-age", {"image": picture(OBAMA)}).json["faces"][0]
    assert 30 <= age["age"]["prediction"] <= 70
    assert 0 <= age["age"]["uncertainty"] <= 1
    assert set(age["face"]) == {"confidence", "boundingBox"}
    genders = {
        name: backend.post(f"{DEMOGRAPHICS}/get-gender", {"image": picture(name)}).json["faces"][0]["gender"]
        for name in (OBAMA, ALICE)
    }
    assert genders == {OBAMA: "Male", ALICE: "Female"}


def test_liveness_of_one_picture_is_held_against_the_policys_limit(backend: Backend) -> None:
    seen = backend.post(LIVENESS, {"image": picture(ALICE)}).json
    assert seen["isLive"] is (seen["confidence"] >= 0.5)
    assert (seen["spoofType"], seen["model"]) == (None, "human-liveness-v1")
    empty = backend.post(LIVENESS, {"image": nobody()}).json
    assert (empty["isLive"], empty["confidence"], empty["face"]) == (False, 0, None)


def test_a_picture_is_never_fetched_from_a_url(backend: Backend) -> None:
    refused = backend.post(LIVENESS, {"image": {"url": "https://shop.example/face.jpg"}})
    assert problem(refused)[0] == 400
    fields = {error["field"]: error["detail"] for error in refused.json["errors"]}
    assert "never fetched" in fields["image.url"]


def huge() -> bytes:
    """Return a PNG whose header promises more pixels than are accepted."""
    data = bytearray(cv2.imencode(".png", np.zeros((160, 160, 3), np.uint8))[1].tobytes())
    data[16:24] = struct.pack(">II", 4097, 160)
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (415, "unsupported-media", "image.bytes")),
        (b"GIF89a" + bytes(100), (415, "unsupported-media", "image.bytes")),
        (b"%PDF-1.7", (415, "unsupported-media", "image.bytes")),
        (huge(), (413, "too-large", "image.bytes")),
        (b"\xff\xd8\xff" + bytes(6 * 1024 * 1024), (413, "too-large", "image.bytes")),
        (photo(OBAMA)[:-2000], (400, "bad-input", "image.bytes")),
    ],
    ids=["nothing", "gif", "pdf", "too many pixels", "too many bytes", "cut off"],
)
def test_bytes_that_are_no_acceptable_picture_are_refused(
    backend: Backend, content: bytes, expected: tuple[int, str, str]
) -> None:
    assert problem(backend.upload(LIVENESS, {}, image=content)) == expected


def test_base64_has_to_be_base64(backend: Backend) -> None:
    for broken in ("***", "YQ=", 7, None):
        refused = backend.post(LIVENESS, {"image": {"bytes": broken}})
        assert problem(refused) == (400, "bad-input", "image.bytes")


def test_a_picture_without_a_face_cannot_be_compared(backend: Backend) -> None:
    refused = backend.post(f"{FACES}/compare-faces", {"image1": picture(OBAMA), "image2": nobody()})
    assert problem(refused) == (400, "bad-input", "image2")
    dark = (cv2.imdecode(np.frombuffer(photo(OBAMA), np.uint8), cv2.IMREAD_COLOR) * 0.04).astype(np.uint8)
    assert (
        problem(backend.post(f"{FACES}/compare-faces", {"image1": encoded(dark), "image2": nobody()}))[2]
        == "image1"
    )


def test_a_file_given_twice_is_refused(backend: Backend) -> None:
    response = backend.app.post(
        LIVENESS,
        upload_files=[("image", "a", photo(OBAMA)), ("image", "b", photo(OBAMA))],
        headers={"Authorization": f"ApiKey {backend.key}"},
        expect_errors=True,
    )
    assert problem(response) == (400, "bad-input", "image")
