"""Operators at their desks: a browser that is signed in to the console, with a role."""

import base64
from dataclasses import dataclass
from typing import Any

import pyotp
from webtest import TestApp, TestResponse

from app.console.accounts import sessions
from app.console.accounts.operators import create_operator
from app.console.accounts.sessions import Stage
from app.console.cookies import SESSION
from app.console.roles import Role
from app.models import Operator
from app.runtime import Runtime
from app.sealing import Purpose
from tests.service import new_browser

PASSWORD = "the heron waits beside slow water"
# Argon2id of PASSWORD with the least work there is: computing it for every test would only cost time.
PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$cGVwcGVyZWRzYWx0$vtNCUFbu2snrBsVqfTShMg"
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
