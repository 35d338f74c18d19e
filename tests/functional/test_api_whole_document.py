"""The published document: complete, true, readable, and every line of it exercised by the other tests."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from app.api.sections import all_operations
from app.factory import ROOT
from tests.functional.api_backend import EXERCISED, RECORD_VARIABLE

FOLDER = Path(__file__).parent
# Scripts whose calls count; this file, and the one that draws its calls at random, do not.
SCRIPTS = sorted(set(FOLDER.glob("test_api_*.py")) - {Path(__file__), FOLDER / "test_api_schema.py"})


@pytest.fixture
def document(browser: TestApp) -> dict[str, Any]:
    found: dict[str, Any] = browser.get("/openapi.json").json
    return found


def documented(document: dict[str, Any]) -> set[tuple[str, int, str]]:
    """Return operation, status and problem type of every answer that the document promises."""
    promised = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                refusal = response["content"].get("application/problem+json")
                types = refusal["schema"]["properties"]["type"]["enum"] if refusal else [""]
                promised |= {(operation["operationId"], int(status), kind) for kind in types}
    return promised


@pytest.fixture
def exercised(request: pytest.FixtureRequest, tmp_path: Path) -> set[tuple[str, int, str]]:
    """Return what the scripts exercised; those that are not part of this run are run for it."""
    collected = {item.path for item in request.session.items}
    missing = [str(path) for path in SCRIPTS if path not in collected]
    if not missing:
        return EXERCISED
    record = tmp_path / "record.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.functional.api_backend", *missing]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {RECORD_VARIABLE: str(record)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    return EXERCISED | {(name, status, kind) for name, status, kind in json.loads(record.read_text())}


def test_every_documented_answer_is_exercised_and_every_answer_documented(
    document: dict[str, Any], exercised: set[tuple[str, int, str]]
) -> None:
    promised = documented(document)
    assert sorted(promised - exercised) == []
    assert sorted(exercised - promised) == []


def test_the_document_has_every_operation_under_every_method(document: dict[str, Any]) -> None:
    published = {(path, method) for path, methods in document["paths"].items() for method in methods}
    declared = {(each.path, method.lower()) for each in all_operations() for method in each.methods}
    assert published == declared
    assert document["openapi"].startswith("3.1")
    names = [entry["operationId"] for methods in document["paths"].values() for entry in methods.values()]
    assert len(names) == len(set(names))


def test_every_operation_and_tag_is_explained(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for entry in methods.values():
            assert len(entry["summary"]) > 8, entry["operationId"]
    assert all(tag["description"] for tag in document["tags"])


def test_people_read_the_same_without_any_request_to_a_third_party(
    browser: TestApp, document: dict[str, Any]
) -> None:
    page = browser.get("/docs")
    for path, methods in document["paths"].items():
        assert path in page.text
        for entry in methods.values():
            assert page.html.find(id=entry["operationId"]) is not None
    for tag in page.html.find_all(["link", "script", "img"]):
        assert (tag.get("href") or tag.get("src")).startswith("/static/")
    assert page.html.find_all("script") == []
    assert page.html.find_all(style=True) == []
    assert browser.get("/static/docs/reference.css").status_int == 200
