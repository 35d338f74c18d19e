"""Statements that go to the driver as they are mean what they mean to SQLAlchemy, on both databases."""

from contextlib import suppress

import pytest
from sqlalchemy import Column, MetaData, String, Table, bindparam, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db import Database
from app.models import Project, SigningSecretRow, SpentNonce, VerificationSession
from app.plain import PlainStatement
from app.sessions import lifecycle
from app.vocabulary import SessionState
from tests.databases import on_both_databases

pytestmark = on_both_databases

NONCE = "5e" * 16
SPEND = PlainStatement(insert(SpentNonce))
SPENT = PlainStatement(
    select(SpentNonce.session_id, SpentNonce.forget_at).where(SpentNonce.nonce == bindparam("nonce")).limit(1)
)
CLAIM = {"verification_id": "shop", "nonce": NONCE, "session_id": "first", "forget_at": 7.5}


class Regret(Exception):
    """Rolls a transaction back."""


def test_what_is_written_is_read_again(database: Database) -> None:
    with database.transaction() as db:
        SPEND.write(db, CLAIM)
    with database.reading() as db:
        assert SPENT.rows(db, {"nonce": NONCE}) == [("first", 7.5)]
        assert SPENT.first(db, {"nonce": "another"}) is None
        assert db.get_one(SpentNonce, ("shop", NONCE)).session_id == "first"


def test_json_booleans_and_bytes_arrive_as_the_mapper_would_have_written_them(database: Database) -> None:
    values = {
        "overrides": {"passedUrl": None, "includes": {"Ägé": True}},
        "custom_parameters": [["50 %", "%s :x ?"]],
        "sealed_link": b"\0\xff",
        "signed": True,
        "external_id": None,
    }
    with database.transaction() as db:
        db.add(Project(id="p", name="p", created_at=1.0))
        db.flush()
        db.execute(text("INSERT INTO verification VALUES ('v', 'p', 'v', 1, 1, NULL)"))
        db.execute(text("INSERT INTO verification_version VALUES (1, 'v', 1, '{}', 1)"))
        lifecycle.begin(db, {**visit(), **values}, actor="person", now=1.0)
    with database.reading() as db:
        row = db.get_one(VerificationSession, "s")
        assert {name: getattr(row, name) for name in values} == values
        assert row.state == SessionState.CREATED


def visit() -> dict[str, object]:
    texts = dict.fromkeys(("link_fingerprint", "browser_token_hash"), "f")
    numbers = dict.fromkeys(("page_generation", "attempt_number", "frame_count", "version_id"), 1)
    times = dict.fromkeys(("created_at", "expires_at"), 1.0)
    documents = {"ignored": [], "verifier_results": {}, "decision_notes": {}}
    return {"id": "s", "verification_id": "v", **texts, **numbers, **times, **documents}


def test_what_is_pending_comes_first(database: Database) -> None:
    with database.transaction() as db:
        db.add(SpentNonce(**CLAIM))
        assert SPENT.first(db, {"nonce": NONCE}) == ("first", 7.5)


def test_it_is_part_of_the_transaction_of_its_session(database: Database) -> None:
    with suppress(Regret), database.transaction() as db:
        SPEND.write(db, CLAIM)
        assert db.scalar(select(func.count()).select_from(SpentNonce)) == 1
        raise Regret
    with database.reading() as db:
        assert SPENT.first(db, {"nonce": NONCE}) is None


def test_what_is_written_while_reading_is_dropped(database: Database) -> None:
    with suppress(DBAPIError), database.reading() as db:  # which PostgreSQL refuses in the first place
        SPEND.write(db, CLAIM)
    with database.reading() as db:
        assert SPENT.first(db, {"nonce": NONCE}) is None


def test_errors_are_those_of_sqlalchemy_and_say_nothing_of_the_values(database: Database) -> None:
    with database.transaction() as db:
        SPEND.write(db, CLAIM)
    with pytest.raises(IntegrityError) as caught, database.transaction() as db:
        SPEND.write(db, {**CLAIM, "session_id": "second"})
    assert "INSERT INTO spent_nonce" in str(caught.value)
    assert "second" not in str(caught.value)
    with database.reading() as db:
        assert SPENT.first(db, {"nonce": NONCE}) == ("first", 7.5)


def test_a_column_that_must_not_be_left_out_is_missed(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as db:
        SPEND.write(db, {name: value for name, value in CLAIM.items() if name != "forget_at"})


def test_an_unknown_column_is_refused(database: Database) -> None:
    with pytest.raises(TypeError, match="unknown"), database.transaction() as db:
        SPEND.write(db, {**CLAIM, "unknown": 1})


@pytest.mark.parametrize("parameters", [{}, {"nonce": NONCE, "session_id": "first"}, {"Nonce": NONCE}])
def test_parameters_other_than_those_of_the_statement_are_refused(
    database: Database, parameters: dict[str, str]
) -> None:
    with pytest.raises(TypeError, match="takes"), database.reading() as db:
        SPENT.rows(db, parameters)


def test_the_same_statement_writes_other_columns_another_time(database: Database) -> None:
    new = PlainStatement(insert(SigningSecretRow))
    row = {"project_id": "p", "sealed_value": b"x", "created_at": 1.0}
    with database.transaction() as db:
        db.add(Project(id="p", name="p", created_at=1.0))
        new.write(db, {"id": "a", **row})
        new.write(db, {"id": "b", "retired_at": 2.0, **row})
    with database.reading() as db:
        secrets = db.execute(select(SigningSecretRow.id, SigningSecretRow.retired_at)).all()
        assert sorted(secrets) == [("a", None), ("b", 2.0)]


def test_a_table_with_default_values_is_refused(database: Database) -> None:
    table = Table("t", MetaData(), Column("id", String, primary_key=True), Column("x", String, default="y"))
    with pytest.raises(TypeError, match=r"t\.x"), database.transaction() as db:
        PlainStatement(insert(table)).write(db, {"id": "1"})


def test_a_connection_that_broke_is_not_used_again(database: Database) -> None:
    with suppress(DBAPIError), database.transaction() as db:
        db.connection().connection.driver_connection.close()
        SPEND.write(db, {**CLAIM, "session_id": "lost"})
    with database.transaction() as db:
        SPEND.write(db, CLAIM)
    with database.reading() as db:
        assert SPENT.first(db, {"nonce": NONCE}) == ("first", 7.5)
