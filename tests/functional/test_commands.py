"""The command line: keys, secrets, verifications, sessions; each problem is one clear line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app.commands import register_commands
from app.factory import ROOT

Run = Callable[..., Result]
ID = "5f0c2a52-8c1e-4b7e-9d3a-6a1f0e7b9c11"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `flask …` in an empty folder with a fresh key and database."""
    for name, value in {
        "VISAVIS_MASTER_KEY_FILE": str(tmp_path / "master.key"),
        "VISAVIS_DATABASE_URL": f"sqlite:///{tmp_path / 'visavis.db'}",
        "VISAVIS_MODELS_DIR": str(ROOT / "models"),
        "VISAVIS_CONFIG_DIR": str(ROOT / "config"),
    }.items():
        monkeypatch.setenv(name, value)
    app = Flask("app")
    register_commands(app)

    def flask(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(args=list(arguments))

    assert flask("keys", "generate", "--to", str(tmp_path / "master.key")).exit_code == 0
    assert flask("migrate").exit_code == 0
    return flask


def write(folder: Path, document: object) -> str:
    path = folder / "verification.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def document(**changes: object) -> dict[str, object]:
    return {"id": ID, "name": "Check", "verifierConfigs": {"liveness": {"type": "Verification"}}} | changes


def test_a_configuration_goes_in_and_comes_out_complete(run: Run, tmp_path: Path) -> None:
    imported = run("verifications", "import", write(tmp_path, document()), "--json")
    assert json.loads(imported.output) == {"id": ID, "version": 1}
    exported = json.loads(run("verifications", "export", ID).output)
    assert exported["securityConfig"]["forceSignedInput"] is True
    assert ID in run("verifications", "list").output


def test_publishing_again_makes_a_version_only_when_something_changed(run: Run, tmp_path: Path) -> None:
    run("verifications", "import", write(tmp_path, document()))
    same = run("verifications", "import", write(tmp_path, document()), "--json")
    assert json.loads(same.output)["version"] == 1
    changed = run("verifications", "import", write(tmp_path, document(description="x")), "--json")
    assert json.loads(changed.output)["version"] == 2


def test_a_refused_configuration_names_its_fields_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    refused = run("verifications", "import", write(tmp_path, document(surprise=1)))
    assert refused.exit_code == 1
    assert "surprise: is not a known field" in refused.output
    assert run("verifications", "list").output == ""


def test_what_is_not_json_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text("{")
    assert "is not JSON" in run("verifications", "import", str(path)).output


def test_two_secrets_may_live_and_the_last_one_stays(run: Run) -> None:
    first = run("secrets", "create")
    assert "never shown again" in first.output
    assert "are live" in run("secrets", "create").output
    ids = [line.split()[0] for line in run("secrets", "list").output.splitlines()]
    assert len(ids) == 2
    assert run("secrets", "retire", ids[1]).exit_code == 0
    assert "only live one" in run("secrets", "retire", ids[0]).output


def test_an_unknown_session_is_one_clear_line(run: Run) -> None:
    assert run("sessions", "show", "nobody").output == "Error: no such session\n"


def test_a_second_key_never_overwrites_the_first(run: Run, tmp_path: Path) -> None:
    assert run("keys", "generate", "--to", str(tmp_path / "master.key")).exit_code == 1


def test_a_database_of_another_release_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISAVIS_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    assert "flask migrate" in run("verifications", "list").output


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("VISAVIS_PUBLIC_URL", "http://shop.example", "https"),
        ("VISAVIS_SANDBOX", "yes", "true or false"),
        ("VISAVIS_TRUSTED_PROXIES", "-1", "negative"),
        ("VISAVIS_MASTER_KEY_FILE", "/nowhere/key", "cannot be read"),
        ("VISAVIS_LANDMARKER", "guess", "mediapipe or onnx"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    output = run("verifications", "list").output
    assert name in output
    assert complaint in output


def test_a_sandbox_on_the_internet_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_SANDBOX", "true")
    monkeypatch.setenv("VISAVIS_PUBLIC_URL", "https://verify.example")
    assert "only a loopback" in run("verifications", "list").output
