"""What the capture endpoints refuse, by name, with nothing lost or half-written."""

import json
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select
from webtest import TestApp

from app.models import CaptureBatch, VerificationSession
from app.runtime import Runtime
from app.sandbox.assets import encode_jpeg
from app.sandbox.pose import NEUTRAL
from tests.functional.visit import SIZE, Visit
from tests.service import RelyingSite, new_browser, settings_for
from tests.simulator.scenes import empty_room

PICTURE = encode_jpeg(empty_room().render(NEUTRAL, SIZE))


@pytest.fixture
def visit(site: RelyingSite, browser: TestApp) -> Visit:
    visit = Visit.open(browser, site.runtime.clock, site.link(site.publish()))
    visit.consent()
    visit.start()
    return visit


def post(visit: Visit, status: int, pictures: list[bytes] | None = None, **meta: Any) -> dict[str, Any]:
    pictures = [PICTURE] if pictures is None else pictures
    document = {"attempt": 1, "first": 0, "clientMs": [float(n) for n in range(len(pictures))]} | meta
    response = visit.browser.post(
        visit.page["urls"]["frames"],
        {"meta": json.dumps(document)},
        upload_files=[("frame", f"{n}.jpg", picture) for n, picture in enumerate(pictures)],
        headers={"X-Visavis-Page": visit.page["token"]},
        status=status,
    )
    return dict(response.json)


def stored_batches(runtime: Runtime) -> int:
    with runtime.database.reading() as db:
        return db.scalar(select(func.count()).select_from(CaptureBatch)) or 0


@pytest.mark.parametrize(
    ("pictures", "status", "field"),
    [
        ([], 400, "frame"),
        ([PICTURE] * 21, 413, "frame"),
        ([PICTURE, b"GIF89a" + bytes(200)], 415, "frame[1]"),
        ([PICTURE[: len(PICTURE) // 2]], 400, "frame[0]"),
        ([encode_jpeg(np.zeros((16, 4200, 3), np.uint8))], 413, "frame[0]"),
        ([encode_jpeg(np.zeros((64, 64, 3), np.uint8))], 400, "frame[0]"),
        ([b""], 415, "frame[0]"),
    ],
    ids=["none", "too many", "a GIF", "cut off", "too wide", "too small", "empty"],
)
def test_pictures_that_cannot_be_used_are_refused_by_name(
    visit: Visit, runtime: Runtime, pictures: list[bytes], status: int, field: str
) -> None:
    assert post(visit, status, pictures)["field"] == field
    assert stored_batches(runtime) == 0
    assert post(visit, 200)["nextFrame"] == 1


@pytest.mark.parametrize(
    ("meta", "field"),
    [
        ({"attempt": 2}, "meta.attempt"),
        ({"attempt": "1"}, "meta.attempt"),
        ({"first": 5}, "meta.first"),
        ({"first": -1}, "meta.first"),
        ({"first": True}, "meta.first"),
        ({"clientMs": []}, "meta.clientMs"),
        ({"clientMs": ["1"]}, "meta.clientMs"),
        ({"clientMs": [1e99]}, "meta.clientMs"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_by_name(
    visit: Visit, meta: dict[str, Any], field: str
) -> None:
    assert post(visit, 400, **meta)["field"] == field


def test_meta_must_be_json(visit: Visit) -> None:
    response = visit.browser.post(
        visit.page["urls"]["frames"],
        {"meta": "{"},
        upload_files=[("frame", "f.jpg", PICTURE)],
        headers={"X-Visavis-Page": visit.page["token"]},
        status=400,
    )
    assert response.json["field"] == "meta"


def test_a_batch_that_comes_twice_counts_once(visit: Visit, runtime: Runtime) -> None:
    assert post(visit, 200)["nextFrame"] == 1
    assert post(visit, 200)["nextFrame"] == 1
    assert stored_batches(runtime) == 1


def test_a_body_over_eight_megabytes_is_refused(visit: Visit) -> None:
    response = visit.browser.post(
        visit.page["urls"]["frames"],
        {"meta": "{}"},
        upload_files=[("frame", "f.jpg", bytes(9 * 1024 * 1024))],
        headers={"X-Visavis-Page": visit.page["token"]},
        status=413,
    )
    assert response.json["type"].endswith(":too-large")


def test_six_hundred_frames_are_the_end_of_a_session(visit: Visit, runtime: Runtime) -> None:
    with runtime.database.transaction() as db:
        db.get_one(VerificationSession, visit.session_id).frame_count = 599
    assert post(visit, 200)["outcome"]["reason"] == "timeout"


def test_frames_without_the_pages_token_are_refused(visit: Visit) -> None:
    visit.page["token"] = "0" * 64
    assert post(visit, 409)["type"].endswith(":page-superseded")


def test_frames_from_another_browser_are_refused(visit: Visit, runtime: Runtime) -> None:
    visit.browser = new_browser(runtime)
    assert post(visit, 403)["type"].endswith(":access-refused")


def test_a_flood_of_opened_links_is_slowed_down(runtime: Runtime, tmp_path: Any) -> None:
    from dataclasses import replace

    limited = replace(runtime, settings=settings_for(tmp_path, rate_limit_open="2 per minute"))
    site, browser = RelyingSite.register(limited), new_browser(limited)
    verification = site.publish()
    for _ in range(2):
        browser.get(site.link(verification), status=303)
    refused = browser.get(site.link(verification), status=429, headers={"Accept": "application/json"})
    assert refused.json["type"].endswith(":rate-limited")
    assert int(refused.headers["Retry-After"]) > 0
