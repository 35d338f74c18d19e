"""Two hundred processes open one link at the same moment."""

from sqlalchemy import func, select
from visavis_client import VerificationLink

from app import projects
from app.db import Database
from app.models import SessionTransition, SpentNonce, VerificationSession
from app.sealing import Sealer
from app.verifications.store import publish
from tests.concurrency.crowd import PEOPLE, gather
from tests.databases import on_both_databases
from tests.service import MASTER_KEY, NOON, PUBLIC_URL, TARGET

pytestmark = on_both_databases
KILLS = 40


def sign_link(database: Database) -> str:
    """Publish a verification and return the query of one signed link to it, id first."""
    sealer = Sealer(MASTER_KEY)
    with database.transaction() as db:
        project = projects.get_or_create_project(db, sealer, "shop", NOON)
        document = {
            "name": "Face check",
            "verifierConfigs": {"liveness": {"type": "Verification"}},
            "redirectConfig": {"passedUrl": TARGET, "failedUrl": TARGET},
        }
        verification = publish(db, project.id, document, NOON).configuration.id
        secret = projects.load_keyring(db, sealer, project.id).newest.value
    return VerificationLink(PUBLIC_URL, verification, secret).sign(now=NOON).rpartition("/")[2]


def test_two_hundred_processes_opening_one_link_make_one_session(
    database: Database, database_url: str
) -> None:
    outcome = gather(database_url, "open_link", KILLS, link=sign_link(database))
    assert outcome.killed == KILLS
    assert len(outcome.answers) >= PEOPLE - KILLS
    assert len(set(outcome.answers)) == 1
    with database.reading() as db:
        counts = [
            db.scalar(select(func.count()).select_from(table))
            for table in (VerificationSession, SpentNonce, SessionTransition)
        ]
    assert counts == [1, 1, 1]
