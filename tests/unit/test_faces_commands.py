"""`flask faces`: what is enrolled, and how to forget it."""

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app.commands.collections import collections_commands
from app.commands.model_change import faces_commands
from app.db import Database
from app.faces.enrolment import enrol
from app.factory import ROOT
from app.models import Project
from app.schema import upgrade
from tests.unit.face_world import NOON, PROJECT, SEALER, collection_of, face_of, template

MASTER_KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def anna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service in which one face is enrolled; returns its id."""
    url = f"sqlite:///{tmp_path / 'visavis.db'}"
    monkeypatch.setenv("VISAVIS_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("VISAVIS_DATABASE_URL", url)
    database = Database(url)
    upgrade(database)
    with database.transaction() as db:
        db.add(Project(id=PROJECT, name="default", created_at=NOON))
        db.flush()
        face_id = enrol(db, SEALER, collection_of(db), template(face_of(1)), "anna", NOON, purge_at=None)
    database.engine.dispose()
    return face_id


def run(*arguments: str, group: str = "faces") -> Result:
    app = Flask("test")
    app.cli.add_command(faces_commands)
    app.cli.add_command(collections_commands)
    runner = app.test_cli_runner()
    assert isinstance(runner, CliRunner)
    return runner.invoke(args=[group, *arguments])


def test_collections_and_faces_are_listed_without_templates(anna: str) -> None:
    collections = run("list")
    assert "customers" in collections.output
    faces = run("list", "--collection", "customers")
    assert anna in faces.output
    assert "anna" in faces.output
    assert "test-net on test-mesh" in faces.output


def test_a_face_is_forgotten_by_either_id(anna: str) -> None:
    assert run("forget", "--collection", "customers", "--external-id", "anna").exit_code == 0
    gone = run("forget", "--collection", "customers", "--face-id", anna)
    assert gone.exit_code == 1
    assert "no such face" in gone.output
    assert anna not in run("list", "--collection", "customers").output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("forget", "--collection", "customers"), "either --face-id or --external-id"),
        (("forget", "--collection", "nobody", "--face-id", "0"), "no collection 'nobody'"),
        (("list", "--project", "unknown"), "no project 'unknown'"),
    ],
)
def test_what_does_not_exist_is_said(anna: str, arguments: tuple[str, ...], problem: str) -> None:
    failed = run(*arguments)
    assert failed.exit_code != 0
    assert problem in failed.output


def test_a_face_is_blocked_listed_and_unblocked(anna: str) -> None:
    assert run("block", anna, "--note", "charge-back").exit_code == 0
    listed = run("blocked").output
    assert anna in listed
    assert "charge-back" in listed
    again = run("block", anna)
    assert again.exit_code == 1
    assert "blocked already" in again.output
    assert run("unblock", anna).exit_code == 0
    assert anna not in run("blocked").output


def test_a_collection_is_described_emptied_and_deleted(anna: str) -> None:
    del anna
    assert run("update", "customers", "--description", "shoppers", group="collections").exit_code == 0
    assert "shoppers" in run("list", group="collections").output
    assert run("update", "customers", group="collections").exit_code == 2
    kept = run("reset", "customers", group="collections")  # nobody says yes
    assert kept.exit_code == 1
    assert run("reset", "customers", "--yes", group="collections").exit_code == 0
    assert "customers   0" in run("list", group="collections").output
    assert run("delete", "customers", "--yes", group="collections").exit_code == 0
    assert "customers" not in run("list", group="collections").output


def test_a_change_of_model_begins_shows_how_far_it_is_and_is_abandoned(
    anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del anna
    monkeypatch.setenv("VISAVIS_MODELS_DIR", str(ROOT / "models"))
    monkeypatch.setenv("VISAVIS_CONFIG_DIR", str(ROOT / "config"))
    begun = run("migrate-model", "--to", "onnx")
    assert "customers   1      0         dlib-resnet29-v1 on onnx/" in begun.output
    assert run("migrate-model").output == begun.output
    early = run("migrate-model", "--finish")
    assert early.exit_code == 1
    assert "no template of another model" in early.output
    assert "1 collections stay as they were" in run("migrate-model", "--abandon").output
    assert "customers" not in run("migrate-model").output
    assert run("migrate-model", "--finish", "--abandon").exit_code == 2
    assert "landmarker" in run("migrate-model", "--to", "something").output
