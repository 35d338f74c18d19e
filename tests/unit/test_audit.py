"""The audit log: a chain that shows every change of itself, and says nothing that must not be said."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.audit.actions import Action, Actor
from app.audit.changes import changed
from app.audit.export import json_lines
from app.audit.log import AuditFilter, newest, record
from app.audit.verification import KnownEntry, Verdict, verify
from app.audit.withholding import withheld
from app.db import Database
from app.errors import InputError
from app.models import AuditEntry
from tests.databases import DIALECTS, new_database
from tests.postgresql import PostgresqlServer

ANNA = Actor("anna@shop.example", "owner")
BERT = Actor("bert@shop.example", "editor")


@pytest.fixture(params=DIALECTS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgresqlServer
) -> Iterator[Database]:
    with new_database(request.param, tmp_path, postgresql) as made:
        yield made


def fill(database: Database, count: int = 5) -> None:
    for number in range(count):
        with database.transaction() as db:
            record(db, ANNA, Action.CONFIGURATION_PUBLISH, f"verification/{number}", None, {"n": number}, 1.5)


def checked(database: Database, known: KnownEntry | None = None) -> Verdict:
    with database.reading() as db:
        return verify(db, lambda entries, _: entries, known)


def tamper(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_entries_follow_each_other_from_the_first_on(database: Database) -> None:
    fill(database)
    verdict = checked(database)
    assert (verdict.is_good, verdict.entries, verdict.head.number) == (True, 5, 5)


def test_an_empty_log_is_good(database: Database) -> None:
    assert checked(database).is_good


TAMPERING = {
    "changed": (["UPDATE audit_entry SET actor = 'nobody' WHERE number = 3"], 3),
    "changed time": (["UPDATE audit_entry SET at = 2.5 WHERE number = 3"], 3),
    "changed content": (["""UPDATE audit_entry SET after = '{"n":7}' WHERE number = 3"""], 3),
    "rewritten content": (["""UPDATE audit_entry SET after = '{"n": 2}' WHERE number = 3"""], 3),
    "broken content": (["UPDATE audit_entry SET after = '{' WHERE number = 3"], 3),
    "changed hash": (["UPDATE audit_entry SET hash = previous_hash WHERE number = 3"], 3),
    "removed": (["DELETE FROM audit_entry WHERE number = 3"], 3),
    "removed and closed up": (
        [
            "DELETE FROM audit_entry WHERE number = 3",
            "UPDATE audit_entry SET number = 3 WHERE number = 4",
            "UPDATE audit_entry SET number = 4 WHERE number = 5",
        ],
        3,
    ),
    "first removed": (["DELETE FROM audit_entry WHERE number = 1"], 1),
    "last removed": (["DELETE FROM audit_entry WHERE number = 5"], 5),
    "all removed": (["DELETE FROM audit_entry"], 1),
    "inserted": (
        [
            "INSERT INTO audit_entry SELECT 6, at, actor, role, action, subject, before, after, hash, hash"
            " FROM audit_entry WHERE number = 5"
        ],
        6,
    ),
    "reordered": (
        [
            "UPDATE audit_entry SET number = 9 WHERE number = 2",
            "UPDATE audit_entry SET number = 2 WHERE number = 3",
            "UPDATE audit_entry SET number = 3 WHERE number = 9",
        ],
        2,
    ),
    "head removed": (["DELETE FROM audit_head"], 6),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_the_first_bad_entry_is_named(database: Database, how: str) -> None:
    fill(database)
    statements, bad = TAMPERING[how]
    tamper(database, *statements)
    verdict = checked(database)
    assert verdict.bad == bad
    assert verdict.problem
    assert verdict.head.number == bad - 1


def test_a_chain_that_was_forged_whole_shows_against_a_hash_that_was_noted(database: Database) -> None:
    fill(database, 3)
    noted = checked(database).head
    tamper(database, "DELETE FROM audit_entry", "DELETE FROM audit_head")
    fill(database, 2)
    assert checked(database).is_good
    assert checked(database, noted).bad == 3
    with database.transaction() as db:
        record(db, BERT, Action.API_KEY_REVOKE, "api-key/1", None, None, 9.0)
    assert checked(database, noted).problem == "its hash is not the one that was noted: the chain was forged"


def test_a_known_entry_is_read_as_it_was_printed() -> None:
    assert KnownEntry.parse(f"7:{'a' * 64}") == KnownEntry(7, "a" * 64)
    with pytest.raises(InputError, match="NUMBER:HASH"):
        KnownEntry.parse("7")


def test_an_entry_of_a_deed_that_failed_is_not_there(database: Database) -> None:
    def failing(db: Session) -> None:
        record(db, ANNA, Action.FACE_DELETE, "face/1", None, None, 1.0)
        raise ZeroDivisionError

    fill(database, 1)
    with pytest.raises(ZeroDivisionError), database.transaction() as db:
        failing(db)
    assert checked(database).entries == 1


def test_many_who_append_at_once_make_one_chain(database: Database) -> None:
    def append(name: str) -> Callable[[], None]:
        def work() -> None:
            for _ in range(5):
                with database.transaction() as db:
                    record(db, Actor(name, "editor"), Action.FACE_DELETE, "face/1", None, None, 1.0)

        return work

    threads = [threading.Thread(target=append(f"operator {number}")) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = checked(database)
    assert (verdict.is_good, verdict.entries) == (True, 20)


def test_several_entries_of_one_transaction_follow_each_other(database: Database) -> None:
    with database.transaction() as db:
        numbers = [record(db, ANNA, Action.FACE_DELETE, "face/1", None, None, 1.0).number for _ in range(3)]
    assert numbers == [1, 2, 3]
    assert checked(database).is_good


def test_entries_are_filtered_and_paged(database: Database) -> None:
    fill(database, 4)
    with database.transaction() as db:
        record(db, BERT, Action.FACE_DELETE, "face/100%", None, None, 9.0)
    with database.reading() as db:
        assert numbers_of(newest(db, AuditFilter(), 2)) == [5, 4]
        assert numbers_of(newest(db, AuditFilter(before_number=4), 2)) == [3, 2]
        assert numbers_of(newest(db, AuditFilter(actor=BERT.name), 9)) == [5]
        assert numbers_of(newest(db, AuditFilter(action="configuration.publish"), 9)) == [4, 3, 2, 1]
        assert numbers_of(newest(db, AuditFilter(subject="0%"), 9)) == [5]
        assert numbers_of(newest(db, AuditFilter(since=2.0), 9)) == [5]
        assert numbers_of(newest(db, AuditFilter(until=2.0), 9)) == [4, 3, 2, 1]


def numbers_of(entries: Iterable[AuditEntry]) -> list[int]:
    return [entry.number for entry in entries]


def test_anybody_can_check_an_export(database: Database) -> None:
    fill(database, 3)
    previous = "0" * 64
    with database.reading() as db:
        for line in json_lines(db, AuditFilter()):
            entry = json.loads(line)
            said = entry.pop("hash")
            written = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            assert hashlib.sha256(written.encode()).hexdigest() == said
            assert entry["previousHash"] == previous
            previous = said


SECRETS = {
    "signingSecret": "abc",
    "note": "use vvs_AAAAAAAAAAAAAAAAAAAAAAAA now",
    "apiKey": "vvk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAA",
    "nested": [{"password": "hunter2"}, {"embedding": [0.5] * 128}],
    "numbers": [0.25] * 128,
    "externalId": "customer 17",
    "raw": b"\x00\x01",
    "eventCallbackUrl": "https://hooks.example/in?key=hunter2",
}


def test_secrets_and_biometrics_never_enter(database: Database) -> None:
    with database.transaction() as db:
        record(db, ANNA, Action.CONFIGURATION_PUBLISH, "verification/1", SECRETS, SECRETS, 1.0)
    with database.reading() as db:
        text_of_all = "".join(json_lines(db, AuditFilter()))
    assert not [
        leak for leak in ("abc", "AAAA", "hunter2", "0.5", "0.25", "customer 17") if leak in text_of_all
    ]


def test_switches_and_plain_values_are_kept() -> None:
    kept = {"includeExternalId": True, "requireNonce": False, "threshold": 18, "allowed": ["DE", "FR"]}
    assert withheld(kept) == kept


def test_an_entry_says_what_changed_and_nothing_else() -> None:
    before = {"name": "a", "age": {"threshold": 18, "buffer": 0}, "gone": 1}
    after = {"name": "a", "age": {"threshold": 21, "buffer": 0}, "new": []}
    assert changed(before, after) == (
        {"age.threshold": 18, "gone": 1},
        {"age.threshold": 21, "new": []},
    )
