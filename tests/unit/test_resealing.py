"""A new master key: all or nothing, and a service that goes on meanwhile."""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

import app.models  # noqa: F401 -- completes the metadata
from app import projects
from app.commands.keys import keys_commands
from app.db import Base, Database
from app.errors import SettingsError
from app.faces.collections import create, rotation_of
from app.faces.rotating import unwatched
from app.models import Collection, SigningSecretRow
from app.resealing import SEALED_COLUMNS, require_two_keys, reseal, retained_keys
from app.schema import upgrade
from app.sealing import ONE_WAY, Purpose, SealBrokenError, Sealer
from tests.unit.face_world import NOON

OLD, NEW, NEWEST = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))
# Values made with the keys of these purposes live for minutes, and are made anew when they do not fit.
SHORT_LIVED = {Purpose.PAGE_TOKEN, Purpose.API_TOKEN, Purpose.HAND_OVER}
SECRETS, COLLECTIONS = 2, 3
EVERYTHING = SECRETS + COLLECTIONS


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Signing secrets and collections, sealed under the old key."""
    made = Database(f"sqlite:///{tmp_path / 'visavis.db'}")
    upgrade(made)
    with made.transaction() as db:
        project = projects.get_or_create_project(db, Sealer(OLD), "default", NOON)
        projects.add_signing_secret(db, Sealer(OLD), project.id, NOON)
        for number in range(COLLECTIONS):
            create(db, Sealer(OLD), project.id, str(number), 8, NOON)
    yield made
    made.engine.dispose()


def opened_with(database: Database, *keys: bytes) -> int:
    """How many of the sealed values open."""
    sealer = Sealer(*keys)
    with database.reading() as db:
        secrets = [
            lambda row=row: sealer.open(Purpose.SIGNING_SECRET, row.id, row.sealed_value)
            for row in db.scalars(select(SigningSecretRow))
        ]
        rotations = [lambda row=row: rotation_of(sealer, row) for row in db.scalars(select(Collection))]
        return sum(_opens(each) for each in [*secrets, *rotations])


def _opens(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except SealBrokenError:
        return False
    return True


def change(database: Database, new: bytes, old: bytes) -> int:
    with database.transaction() as db:
        return reseal(db, Sealer(new, old, retained_keys(database)), unwatched)


def test_afterwards_the_new_key_opens_everything_and_the_old_one_nothing(database: Database) -> None:
    assert opened_with(database, OLD) == EVERYTHING
    assert change(database, NEW, OLD) == EVERYTHING + len(ONE_WAY)
    assert opened_with(database, NEW) == EVERYTHING
    assert opened_with(database, OLD) == 0


def test_a_service_with_both_keys_works_before_and_after(database: Database) -> None:
    assert opened_with(database, NEW, OLD) == EVERYTHING
    change(database, NEW, OLD)
    assert opened_with(database, NEW, OLD) == EVERYTHING
    assert change(database, NEW, OLD) == EVERYTHING + len(ONE_WAY)  # again: nothing is lost


@pytest.mark.parametrize("survived", range(EVERYTHING))
def test_a_crash_in_the_middle_leaves_everything_under_the_old_key(database: Database, survived: int) -> None:
    def crash(items: Sequence[Any], _caption: str) -> Iterable[Any]:
        yield from items[:survived]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), database.transaction() as db:
        reseal(db, Sealer(NEW, OLD), crash)
    assert opened_with(database, OLD) == EVERYTHING


def test_a_value_that_neither_key_opens_is_named_and_stops_everything(database: Database) -> None:
    with pytest.raises(SealBrokenError, match=r"signing_secret\.sealed_value of .* neither key"):
        change(database, NEWEST, NEW)
    assert opened_with(database, OLD) == EVERYTHING


@pytest.mark.parametrize("purpose", sorted(ONE_WAY))
def test_a_key_that_made_hashes_stays_through_any_number_of_changes(
    database: Database, purpose: Purpose
) -> None:
    hashing = Sealer(OLD).derive(purpose)
    lookup = retained_keys(database)
    assert Sealer(NEW, OLD, lookup).derive(purpose) == hashing
    change(database, NEW, OLD)
    assert Sealer(NEW, OLD, lookup).derive(purpose) == Sealer(NEW, None, lookup).derive(purpose) == hashing
    change(database, NEWEST, NEW)
    assert Sealer(NEWEST, None, lookup).derive(purpose) == hashing
    assert Sealer(NEWEST).derive(Purpose.LINK) != Sealer(OLD).derive(Purpose.LINK)


def test_without_two_keys_there_is_nothing_to_change() -> None:
    with pytest.raises(SettingsError, match="VISAVIS_PREVIOUS_MASTER_KEY"):
        require_two_keys(Sealer(NEW))


def test_every_sealed_column_is_sealed_again() -> None:
    sealed = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.startswith("sealed_")
    }
    assert sealed == {(column.table.__tablename__, column.name) for column in SEALED_COLUMNS}


def test_for_every_purpose_it_is_known_what_a_new_master_key_means() -> None:
    resealed = {column.purpose for column in SEALED_COLUMNS}
    assert resealed | ONE_WAY | SHORT_LIVED == set(Purpose)


def run(database: Database, monkeypatch: pytest.MonkeyPatch, *arguments: str, **keys: bytes) -> Result:
    for name, key in keys.items():
        monkeypatch.setenv(f"VISAVIS_{name}", base64.b64encode(key).decode())
    monkeypatch.setenv("VISAVIS_DATABASE_URL", str(database.engine.url))
    flask_app = Flask("test")
    flask_app.cli.add_command(keys_commands)
    return flask_app.test_cli_runner().invoke(args=["keys", "rotate", *arguments])


def test_the_command_changes_the_key(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    one_key = run(database, monkeypatch, MASTER_KEY=NEW)
    assert one_key.exit_code == 1
    assert "VISAVIS_PREVIOUS_MASTER_KEY" in one_key.output
    done = run(database, monkeypatch, MASTER_KEY=NEW, PREVIOUS_MASTER_KEY=OLD)
    assert done.exit_code == 0, done.output
    assert f"{EVERYTHING + len(ONE_WAY)} values are sealed under the new key" in done.output
    assert opened_with(database, NEW) == EVERYTHING


def test_the_command_turns_one_collection(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(database, monkeypatch, "--collection", "1", MASTER_KEY=OLD)
    assert done.exit_code == 0, done.output
    assert opened_with(database, OLD) == EVERYTHING
