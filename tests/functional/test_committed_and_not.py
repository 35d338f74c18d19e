"""What a transaction leaves behind: when it waits for the disk, and nothing when it is rolled back."""

from contextlib import suppress

import pytest
from sqlalchemy import inspect, select, text
from webtest import TestApp

from app import projects
from app.db import begin_alone
from app.models import SigningSecretRow
from app.runtime import Runtime
from app.verifications.store import list_verifications, load_current, load_version, publish
from tests.functional.visit import Visit
from tests.service import FakeClock, RelyingSite

FULL, NORMAL = 2, 1


class Regret(Exception):
    """Rolls a transaction back."""


def synchronous(runtime: Runtime, **how: bool) -> int:
    with runtime.database.transaction(**how) as db:
        return int(db.scalar(text("PRAGMA synchronous")) or 0)


def test_only_opening_a_link_does_not_wait_for_the_disk(runtime: Runtime) -> None:
    assert synchronous(runtime) == FULL
    assert synchronous(runtime, synced=False) == NORMAL
    assert synchronous(runtime) == FULL


def test_a_reading_after_an_opened_link_still_waits_when_it_is_followed_by_a_decision(
    runtime: Runtime,
) -> None:
    synchronous(runtime, synced=False)
    with runtime.database.reading() as db:
        db.execute(text("SELECT 1"))
    assert synchronous(runtime) == FULL


def test_a_version_that_was_rolled_back_is_never_taken_for_the_one_that_gets_its_number(
    site: RelyingSite, runtime: Runtime, clock: FakeClock
) -> None:
    weak = {"name": "Weak", "verifierConfigs": {"age": {"type": "CalculationOnly"}}}
    with suppress(Regret), runtime.database.transaction() as db:
        abandoned = publish(db, site.project_id, weak, clock())
        assert load_current(db, abandoned.configuration.id).configuration.name == "Weak"
        assert load_version(db, abandoned.version_id).configuration.name == "Weak"
        raise Regret
    verification_id = site.publish(name="Strong")
    with runtime.database.reading() as db:
        current = load_current(db, verification_id)
        assert current.version_id == abandoned.version_id
        assert current.configuration.name == "Strong"


def test_a_new_version_counts_from_the_next_link_on(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime
) -> None:
    verification_id = site.publish()
    Visit.open(browser, clock, site.link(verification_id))
    site.publish(id=verification_id, securityConfig={"requireNonce": True})
    answer = browser.get(site.link_with(verification_id, reCorrelationId="a"), status=400)
    assert "reNonce" in answer.text


def test_a_retired_secret_opens_nothing_from_then_on(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime
) -> None:
    verification_id = site.publish()
    Visit.open(browser, clock, site.link(verification_id))
    with runtime.database.transaction() as db:
        old = projects.load_keyring(db, runtime.sealer, site.project_id).newest.id
        projects.add_signing_secret(db, runtime.sealer, site.project_id, clock() + 1)
        projects.retire_signing_secret(db, old, clock() + 2)
    browser.get(site.link(verification_id), status=403)


@pytest.mark.parametrize(("later", "noted"), [(59, 0), (60, 60)])
def test_the_use_of_a_secret_is_noted_to_the_minute(
    site: RelyingSite, browser: TestApp, clock: FakeClock, runtime: Runtime, later: int, noted: int
) -> None:
    began, verification_id = clock(), site.publish()
    Visit.open(browser, clock, site.link(verification_id))
    clock.pass_seconds(later)
    Visit.open(browser, clock, site.link(verification_id))
    with runtime.database.reading() as db:
        assert db.scalar(select(SigningSecretRow.last_used_at)) == began + noted


def test_a_reading_sees_one_moment_and_a_transaction_is_alone_from_its_beginning(
    site: RelyingSite, runtime: Runtime
) -> None:
    with runtime.database.reading() as before:
        assert list_verifications(before) == []
        site.publish()
        assert list_verifications(before) == []
    with runtime.database.transaction() as db:
        assert db.connection().connection.dbapi_connection.in_transaction  # type: ignore[union-attr]


def test_a_bare_connection_that_begins_can_take_everything_back(runtime: Runtime) -> None:
    with runtime.database.engine.connect() as connection:
        begin_alone(connection)
        connection.execute(text("CREATE TABLE half_a_migration (id INTEGER)"))
        connection.rollback()
    assert "half_a_migration" not in inspect(runtime.database.engine).get_table_names()
