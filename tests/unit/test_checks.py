"""The go-live check: what is wrong has an id, a level and something to do; what is fine says so."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import projects
from app.api import keys
from app.api.scopes import Scope
from app.audit.actions import COMMAND_LINE, Action
from app.audit.log import record
from app.checks import installation
from app.checks.heartbeat import beat, last_seen
from app.checks.results import Facts, Level
from app.checks.run import has_errors, run_checks
from app.commands.check import check
from app.db import Database
from app.models import WorkerHeartbeat
from app.schema import downgrade, upgrade
from app.sealing import Sealer
from app.settings import Settings
from app.verifications.store import publish
from app.webhooks.secrets import add_secret
from tests.service import MASTER_KEY, NOON, TARGET, settings_for

DAY = 24 * 3600


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hashes of 30 MB of models are checked in one test only."""
    checks = tuple(each for each in installation.CHECKS if each is not installation.models)
    monkeypatch.setattr(installation, "CHECKS", checks)


class Host:
    """One installation, all in order: tests spoil one thing each."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings_for(
            folder,
            public_url="https://verify.example",
            trusted_proxies=1,
            rate_limit_open="60 per minute",
            rate_limit_capture="900 per minute",
            rate_limit_api="600 per minute",
        )
        self.database = Database(self.settings.database_url)
        self.sealer = Sealer(MASTER_KEY)
        upgrade(self.database)
        with self.database.transaction() as db:
            self.project_id = projects.get_or_create_project(db, self.sealer, "shop", NOON).id
            beat(db, "here:1", NOON)
        self.verification = self.publish()

    def publish(self, **changes: Any) -> str:
        document: dict[str, Any] = {
            "name": "Face check",
            "verifierConfigs": {"liveness": {"type": "Verification", "challengeType": "Balanced"}},
            "redirectConfig": {"passedUrl": TARGET, "failedUrl": TARGET},
            "securityConfig": {"requireNonce": True},
        }
        with self.database.transaction() as db:
            return publish(db, self.project_id, document | changes, NOON).configuration.id

    def found(self, now: float = NOON, **settings: Any) -> dict[str, Level]:
        """Return the ids of everything that is not fine."""
        results = run_checks(replace(self.settings, **settings), self.database, now)
        assert all(each.said and (each.level is Level.OK or each.hint) for each in results)
        assert has_errors(results) is any(each.level is Level.ERROR for each in results)
        return {each.id: each.level for each in results if each.level is not Level.OK}


HINTS = {"database.engine": Level.HINT, "database.backups": Level.HINT}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setattr(installation, "COMFORTABLY_FREE", 0)
    made = Host(tmp_path)
    yield made
    made.database.engine.dispose()


def test_all_is_well(host: Host) -> None:
    assert host.found() == HINTS


SETTINGS: tuple[tuple[dict[str, Any], str, Level], ...] = (
    ({"master_key": b"k" * 32}, "secrets.master-key", Level.ERROR),
    ({"previous_master_key": bytes(32)}, "secrets.previous-master-key", Level.WARNING),
    ({"public_url": "http://localhost:5000"}, "url.https", Level.ERROR),
    ({"trusted_proxies": 0}, "url.trusted-proxies", Level.WARNING),
    ({"sandbox": True, "public_url": "https://localhost"}, "sandbox.off", Level.ERROR),
    ({"webhook_private_addresses": True}, "webhooks.addresses", Level.ERROR),
    ({"rate_limit_api": ""}, "limits.rates", Level.WARNING),
    ({"config_dir": Path("/nowhere")}, "models.calibration", Level.ERROR),
)


@pytest.mark.parametrize(("changes", "name", "level"), SETTINGS, ids=[each[1] for each in SETTINGS])
def test_a_setting_that_is_not_fit_is_found(
    host: Host, changes: dict[str, Any], name: str, level: Level
) -> None:
    assert host.found(**changes) == HINTS | {name: level}


LIVENESS = {"liveness": {"type": "Verification", "challengeType": "Balanced"}}
CONFIGURATIONS: tuple[tuple[dict[str, Any], str, Level], ...] = (
    (
        {"securityConfig": {"forceSignedInput": False, "requireNonce": True}},
        "verifications.signed",
        Level.ERROR,
    ),
    ({"securityConfig": {}}, "verifications.nonce", Level.WARNING),
    (
        {"securityConfig": {"requireNonce": True, "signatureSchemes": ["hmac-sha256", "verifeye-sha256"]}},
        "verifications.scheme",
        Level.WARNING,
    ),
    (
        {"securityConfig": {"requireNonce": True, "allowedCountries": ["DE"]}},
        "verifications.countries",
        Level.ERROR,
    ),
    (
        {"securityConfig": {"requireNonce": True, "frameAncestors": ["http://localhost:1"]}},
        "verifications.frames",
        Level.WARNING,
    ),
    ({"redirectConfig": {}}, "verifications.targets", Level.WARNING),
    (
        {"redirectConfig": {"passedUrl": "http://localhost/", "failedUrl": TARGET}},
        "verifications.redirects",
        Level.WARNING,
    ),
    ({"sessionOverrideConfig": {"allowRedirectOverrides": True}}, "verifications.allow-list", Level.ERROR),
    ({"sessionOverrideConfig": {"allowVerifierOverrides": True}}, "verifications.overrides", Level.WARNING),
    ({"verifierConfigs": {"age": {"type": "CalculationOnly"}}}, "verifications.liveness", Level.WARNING),
    (
        {"verifierConfigs": {"liveness": {"type": "Verification", "challengeType": "Basic"}}},
        "verifications.liveness",
        Level.WARNING,
    ),
    ({"webhookConfig": {"eventCallbackUrl": TARGET}}, "verifications.webhook-secret", Level.ERROR),
    ({"retentionConfig": {"sessionDays": 365}}, "verifications.retention", Level.WARNING),
    (
        {"verifierConfigs": LIVENESS | {"faceRecognition": {"type": "DuplicateVerification"}}},
        "verifications.face-retention",
        Level.WARNING,
    ),
)


@pytest.mark.parametrize(("changes", "name", "level"), CONFIGURATIONS)
def test_a_verification_that_is_not_fit_is_found(
    host: Host, changes: dict[str, Any], name: str, level: Level
) -> None:
    host.publish(**changes)
    assert host.found() == HINTS | {name: level}


def test_a_webhook_needs_https_and_a_secret(host: Host) -> None:
    verification = host.publish(webhookConfig={"eventCallbackUrl": "http://localhost/in"})
    with host.database.transaction() as db:
        add_secret(db, host.sealer, verification, NOON)
    assert host.found() == HINTS | {"verifications.webhook-https": Level.ERROR}


def test_secrets_grow_old_and_keys_lie_about(host: Host) -> None:
    with host.database.transaction() as db:
        keys.create_key(db, host.sealer, host.project_id, "backend", list(Scope), NOON)
        keys.create_key(db, host.sealer, host.project_id, "ended", list(Scope), NOON, NOON + DAY)
        beat(db, "here:1", NOON + 366 * DAY)
    assert host.found(NOON + 366 * DAY) == HINTS | {
        "secrets.signing": Level.WARNING,
        "secrets.api-keys": Level.WARNING,
    }


def test_without_a_verification_nobody_can_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "publish", lambda *_: "")
    monkeypatch.setattr(installation, "COMFORTABLY_FREE", 0)
    assert Host(tmp_path).found()["verifications.any"] is Level.ERROR


def test_a_worker_that_fell_silent_is_missed(host: Host) -> None:
    assert host.found(NOON + 119) == HINTS
    assert host.found(NOON + 121) == HINTS | {"worker.alive": Level.ERROR}


def test_a_little_room_is_a_warning_and_none_an_error(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "COMFORTABLY_FREE", 10**30)
    assert host.found() == HINTS | {"database.disk": Level.WARNING}
    monkeypatch.setattr(installation, "LEAST_FREE", 10**30)
    assert host.found() == HINTS | {"database.disk": Level.ERROR}


def test_a_broken_audit_log_is_found(host: Host) -> None:
    with host.database.transaction() as db:
        record(db, COMMAND_LINE, Action.FACE_DELETE, "face/1", None, None, NOON)
    assert host.found() == HINTS
    with host.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_entry")
    assert host.found() == HINTS | {"audit.chain": Level.ERROR}


def test_an_old_schema_is_found_and_stops_no_other_check(host: Host) -> None:
    downgrade(host.database, "0007")
    found = host.found()
    assert found["database.migrations"] is found["checks.broken"] is Level.ERROR
    assert "database.backups" in found


def test_altered_models_are_found(host: Host, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    settings = replace(host.settings, models_dir=tmp_path / "models")
    with host.database.reading() as db:
        (missing,) = installation.models(Facts(settings, host.database, db, NOON))
    assert (missing.id, missing.level) == ("models.files", Level.ERROR)


def test_the_models_of_this_installation_have_their_hashes(host: Host) -> None:
    with host.database.reading() as db:
        (fine,) = installation.models(Facts(host.settings, host.database, db, NOON))
    assert fine.level is Level.OK


def test_heartbeats_tell_the_start_and_are_forgotten_after_a_day(host: Host) -> None:
    with host.database.transaction() as db:
        beat(db, "here:1", NOON + 60)
        assert db.get_one(WorkerHeartbeat, "here:1").started_at == NOON
        beat(db, "here:1", NOON + 600)
        assert db.get_one(WorkerHeartbeat, "here:1").started_at == NOON + 600
        beat(db, "here:2", NOON + 2 * DAY)
        assert db.query(WorkerHeartbeat).count() == 1
        assert last_seen(db) == NOON + 2 * DAY


def environment_of(settings: Settings) -> dict[str, str]:
    return {
        "VISAVIS_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "VISAVIS_DATABASE_URL": settings.database_url,
        "VISAVIS_PUBLIC_URL": settings.public_url,
    }


def test_the_command_ends_with_one_when_there_are_errors(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment_of(host.settings).items():
        monkeypatch.setenv(name, value)
    app = Flask("app")
    app.cli.add_command(check)
    ran = app.test_cli_runner().invoke(args=["check", "--json"])
    document = json.loads(ran.stdout)
    assert ran.exit_code == 1
    assert not document["good"]
    assert {"id", "level", "said", "hint", "subject"} == set(document["results"][0])
    assert document["results"][0]["id"] == "worker.alive"
    text = app.test_cli_runner().invoke(args=["check"])
    assert "ERROR    worker.alive" in text.stdout
