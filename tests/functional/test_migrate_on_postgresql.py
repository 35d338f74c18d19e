"""`flask migrate` on PostgreSQL: an operator is told what an administrator has to do."""

from pathlib import Path

import pytest
from flask import Flask

from app.commands import register_commands
from app.factory import ROOT
from tests.postgresql import DATABASE_GRANTS, PostgresqlServer


def migrate(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run `flask migrate` and return its last line."""
    for name, value in {
        "VISAVIS_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "VISAVIS_DATABASE_URL": url,
        "VISAVIS_MODELS_DIR": str(ROOT / "models"),
        "VISAVIS_CONFIG_DIR": str(ROOT / "config"),
    }.items():
        monkeypatch.setenv(name, value)
    app = Flask("app")
    register_commands(app)
    return app.test_cli_runner().invoke(args=["migrate"]).output.splitlines()[-1]


def test_it_says_which_extension_and_which_rights_are_missing(
    postgresql: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extension, grant = DATABASE_GRANTS
    with postgresql.database() as url:
        name = url.rpartition("/test_")[2].partition("?")[0]
        assert "CREATE EXTENSION vector" in migrate(tmp_path, url, monkeypatch)
        postgresql.administer(extension, database=f"test_{name}")
        assert grant in migrate(tmp_path, url, monkeypatch)
        postgresql.administer(grant, database=f"test_{name}")
        assert migrate(tmp_path, url, monkeypatch) == "The database is up to date."
