"""Operators at their desks: a browser that is signed in to the console, with a role."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyotp
from webtest import TestApp, TestResponse

from app.console.accounts import sessions
from app.console.accounts.operators import create_operator
from app.console.accounts.sessions import Stage
from app.console.cookies import SESSION
from app.console.roles import Role
from app.models import Operator, VerificationSession
from app.runtime import Runtime
from app.sealing import Purpose
from app.verifications.store import load_current
from tests.service import NOON, new_browser

PASSWORD = "the heron waits beside slow water"
# Argon2id of PASSWORD with the least work there is: computing it for every test would only cost time.
PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$cGVwcGVyZWRzYWx0$vtNCUFbu2snrBsVqfTShMg"
PASSED, FAILED = ("passed", None), ("failed", "underage")
SECRET = base64.b32encode(bytes(range(20))).decode()


@dataclass
class Desk:
    """One operator's browser; every method is something they do."""

    runtime: Runtime
    browser: TestApp
    email: str
    operator_id: str

    def open(self, path: str, **options: Any) -> TestResponse:
        return self.browser.get(path, **options)

    def send(self, path: str, *, status: int | str | None = None, **values: Any) -> TestResponse:
        """Send a form as a page of ours would: with its token."""
        return self.browser.post(path, {"form_token": self.token(), **values}, status=status)

    def token(self) -> str:
        page = self.browser.get("/console/account")
        found: str = page.html.find("input", {"name": "form_token"})["value"]
        return found


def register(
    runtime: Runtime, role: Role = Role.OWNER, email: str = "anna@shop.example", *, protected: bool = True
) -> Operator:
    """An account with password, and with a second factor unless `protected` says no."""
    now = runtime.clock()
    with runtime.database.transaction() as db:
        account = create_operator(db, email, role, now)
        account.password_hash = PASSWORD_HASH
        if protected:
            account.sealed_totp = runtime.sealer.seal(Purpose.OPERATOR_TOTP, account.id, SECRET.encode())
            account.totp_confirmed_at = now
    return account


def sit_down(runtime: Runtime, role: Role = Role.OWNER, email: str | None = None) -> Desk:
    """An operator who has just signed in."""
    account = register(runtime, role, email or f"{role}@shop.example")
    with runtime.database.transaction() as db:
        token = sessions.begin_session(db, account, Stage.FULL, runtime.clock(), "127.0.0.1", "test")
    browser = new_browser(runtime)
    browser.set_cookie(SESSION, token)
    return Desk(runtime, browser, account.email, account.id)


def code_at(now: float) -> str:
    """What the authenticator app shows."""
    return pyotp.TOTP(SECRET).at(int(now))


def token_on(page: TestResponse) -> str:
    """The form token on a page."""
    found: str = page.html.find("input", {"name": "form_token"})["value"]
    return found


def add_sessions(runtime: Runtime, verification_id: str, count: int, **changes: Any) -> list[str]:
    """Sessions of the past, one a minute, every third of which failed."""
    with runtime.database.transaction() as db:
        version_id = load_current(db, verification_id).version_id
        already = db.query(VerificationSession).count()
        rows = [a_session(verification_id, version_id, already + each) for each in range(count)]
        for row in rows:
            for name, value in changes.items():
                setattr(row, name, value)
        db.add_all(rows)
    return [row.id for row in rows]


def a_session(verification_id: str, version_id: int, number: int) -> VerificationSession:
    state, reason = FAILED if number % 3 == 0 else PASSED
    return VerificationSession(
        id=str(UUID(int=number)),
        verification_id=verification_id,
        version_id=version_id,
        state=state,
        reason=reason,
        link_fingerprint=f"{number:064x}",
        signed=True,
        external_id=f"person-{number}",
        overrides={},
        ignored=[],
        custom_parameters=[],
        browser_token_hash="0" * 64,
        page_generation=1,
        attempt_number=1,
        frame_count=1,
        verifier_results={},
        decision_notes={},
        created_at=NOON - 60.0 * number,
        expires_at=NOON + 600,
        concluded_at=NOON + 20,
    )
