"""After a visit the disk and the log hold no picture, no embedding and no secret."""

import base64
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from app.inference.engine import OpenPackEngine
from app.inference.types import Embedding, FaceGeometry, RgbImage
from app.models import CaptureAttempt, CaptureBatch, Face
from app.runtime import Runtime
from app.sandbox.head import Head
from tests.functional.visit import Person, complete
from tests.service import MASTER_KEY, RelyingSite, new_browser
from tests.simulator.faces import head

VERIFIERS = {
    "liveness": {"type": "Verification"},
    "faceRecognition": {"type": "UniqueMatchVerification"},
    "age": {"type": "CalculationOnly"},
}


class RememberingEngine:
    """The real engine, which also remembers what nobody else may."""

    def __init__(self, engine: OpenPackEngine) -> None:
        self._engine = engine
        self.embeddings: list[Embedding] = []
        self.pictures: list[RgbImage] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        self.pictures.append(image)
        return self._engine.detect(image, max_faces)

    def embed(self, image: RgbImage, face: FaceGeometry) -> Embedding:
        self.embeddings.append(self._engine.embed(image, face))
        return self.embeddings[-1]


@pytest.fixture(scope="module")
def alice(engine: OpenPackEngine) -> Head:
    return head("astronaut", engine)


def bytes_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def traces_of(engine: RememberingEngine) -> list[bytes]:
    """Return byte patterns that would give a stored embedding or picture away."""
    fused = np.mean(engine.embeddings, axis=0)
    fused = (fused / np.linalg.norm(fused)).astype(np.float32)
    vectors = [*engine.embeddings, fused]
    patterns = [vector.astype(kind).tobytes()[:16] for vector in vectors for kind in ("<f4", "<f8", "<f2")]
    patterns += [f"{value:.6f}".encode() for vector in vectors for value in vector[:8]]
    patterns += [image[image.shape[0] // 2, :8].tobytes() for image in engine.pictures]
    return [*patterns, b"\xff\xd8\xff\xe0", b"JFIF"]


def test_no_picture_embedding_or_secret_outlives_a_visit(
    runtime: Runtime, tmp_path: Path, alice: Head, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    engine = RememberingEngine(runtime.engine)  # type: ignore[arg-type]
    watched = replace(runtime, engine=engine)  # type: ignore[arg-type]
    site = RelyingSite.register(watched)
    browser = new_browser(watched)
    result = complete(site, browser, site.publish(verifierConfigs=VERIFIERS), Person(alice), external_id="a")
    assert result.passed, result.failed_reason
    assert len(engine.embeddings) >= 3
    secrets = [site.secret.encode(), MASTER_KEY, base64.b64encode(MASTER_KEY)]
    secrets += [cookie.value.encode() for cookie in browser.cookiejar]
    disk, log = bytes_on_disk(tmp_path), caplog.text.encode()
    assert b"verification_session" in disk  # or else the search looks in the wrong place
    for pattern in [*traces_of(engine), *secrets]:
        assert pattern not in disk, pattern
        assert pattern not in log, pattern


def test_a_protected_template_is_all_that_remains(runtime: Runtime, alice: Head) -> None:
    site = RelyingSite.register(runtime)
    verification = site.publish(verifierConfigs=VERIFIERS)
    complete(site, new_browser(runtime), verification, Person(alice), external_id="a")
    with runtime.database.reading() as db:
        assert db.scalars(select(CaptureAttempt)).all() == []
        assert db.scalars(select(CaptureBatch)).all() == []
        assert len(db.scalars(select(Face)).all()) == 1
