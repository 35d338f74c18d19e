"""Whatever changes something for good is in the audit log: through the API and on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.api.scopes import Scope
from app.audit.verification import verify
from app.commands import register_commands
from app.models import AuditEntry
from app.runtime import Runtime
from tests.functional.api_backend import Backend
from tests.functional.review_scenes import ReviewScene, face
from tests.functional.visit import Visit
from tests.service import FakeClock, RelyingSite, new_browser

ALICE, BOB = 1, 2


def written(runtime: Runtime) -> list[tuple[str, str, str]]:
    """Return actor, action and kind of subject of every entry, in order."""
    with runtime.database.reading() as db:
        assert verify(db, lambda entries, _: entries).is_good
        rows = db.query(AuditEntry).order_by(AuditEntry.number)
        return [(row.actor, row.action, row.subject.partition("/")[0]) for row in rows]


def test_deeds_of_a_key_are_written_down(site: RelyingSite, clock: FakeClock) -> None:
    backend = Backend.of(site, *Scope)
    runtime = site.runtime
    scene = ReviewScene(site)
    visit = Visit.open(new_browser(runtime), clock, site.link(scene.verification))
    alice = scene.enrol(face(ALICE))
    scene.enrol(face(BOB))
    document = {"name": "x", "verifierConfigs": {"age": {"type": "CalculationOnly"}}}
    made = backend.post("/v1/verification/create", document).json["verificationId"]
    session = {"verificationSessionId": visit.session_id}
    for path, body in (
        ("/v1/verification/update", {"id": made, **document, "name": "y"}),
        ("/v1/verification/delete", {"verificationId": made}),
        ("/v1/verification/cancel-session", session),
        ("/v1/verification/redact-session", session),
        ("/v1/collection/update", {"collectionId": "members", "description": "z"}),
        ("/v1/face/delete", {"collectionId": "members", "faceId": alice}),
        ("/v1/face/delete-all", {"collectionId": "members"}),
        ("/v1/collection/reset", {"collectionId": "members"}),
    ):
        assert backend.post(path, body).status_int == 200, path
    backend.post("/v1/collection/create", {"collectionId": "spare"})
    backend.post("/v1/collection/delete", {"collectionId": "spare"})
    found = written(runtime)
    assert {actor.partition(" ")[0] for actor, _, _ in found} == {"key"}
    assert [(action, kind) for _, action, kind in found] == [
        ("configuration.publish", "verification"),
        ("configuration.publish", "verification"),
        ("configuration.delete", "verification"),
        ("session.cancel", "session"),
        ("session.redact", "session"),
        ("collection.change", "collection"),
        ("face.delete", "face"),
        ("faces.delete", "collection"),
        ("collection.reset", "collection"),
        ("collection.delete", "collection"),
    ]


Run = Callable[..., str]


@pytest.fixture
def run(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line of this installation."""
    monkeypatch.setenv("VISAVIS_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    monkeypatch.setenv("VISAVIS_DATABASE_URL", runtime.settings.database_url)
    app = Flask("app")
    register_commands(app)

    def call(*arguments: str) -> str:
        ran = app.test_cli_runner().invoke(args=list(arguments))
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    return call


def test_deeds_on_the_command_line_are_written_down(
    run: Run, site: RelyingSite, runtime: Runtime, tmp_path: Path
) -> None:
    scene = ReviewScene(site)
    alice = scene.enrol(face(ALICE), "alice")
    file = tmp_path / "check.json"
    file.write_text(
        json.dumps(
            {
                "name": "x",
                "verifierConfigs": {"age": {"type": "CalculationOnly"}},
                "webhookConfig": {"eventCallbackUrl": "https://shop.example/in"},
            }
        )
    )
    made = json.loads(run("verifications", "import", str(file), "--project", "shop", "--json"))["id"]
    run("secrets", "create", "--project", "shop")
    first = run("secrets", "list", "--project", "shop").split()[0]
    run("secrets", "retire", first)
    key = run("api-keys", "create", "backend", "--project", "shop", "--scope", "signatures").split()[1]
    run("api-keys", "rotate", key)
    run("api-keys", "revoke", key)
    secret = run("webhooks", "secret", made).split()[1]
    run("webhooks", "secret", made)
    run("webhooks", "retire", secret)
    run("webhooks", "test", made)
    run("faces", "block", alice, "--project", "shop")
    run("faces", "unblock", alice, "--project", "shop")
    run("faces", "forget", "--project", "shop", "--collection", "members", "--external-id", "alice")
    run("collections", "update", "members", "--project", "shop", "--description", "z")
    run("keys", "rotate", "--project", "shop", "--collection", "members")
    run("collections", "reset", "members", "--project", "shop", "--yes")
    run("collections", "delete", "members", "--project", "shop", "--yes")
    found = written(runtime)
    assert {actor for actor, _, _ in found} == {"command line"}
    assert [action for _, action, _ in found] == [
        "configuration.publish", "signing-secret.create", "signing-secret.retire", "api-key.create",
        "api-key.rotate", "api-key.revoke", "webhook-secret.create", "webhook-secret.create",
        "webhook-secret.retire", "webhook.test", "face.block", "face.unblock", "face.delete",
        "collection.change", "collection.rotate", "collection.reset", "collection.delete",
    ]  # fmt: skip
    verdict = json.loads(run("audit", "verify", "--json").splitlines()[-1])
    assert (verdict["good"], verdict["entries"]) == (True, 17)
    assert "command line" in run("audit", "list", "--action", "face.block")
    lines = run("audit", "export").splitlines()
    assert len(lines) == 17
    assert "alice" not in "".join(lines)
