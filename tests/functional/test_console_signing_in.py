"""Set-up links, passwords, codes, sessions of the console."""

import re
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from webtest import TestApp, TestResponse

from app.console.accounts import links, sessions
from app.console.accounts.sessions import ABSOLUTE_SECONDS, IDLE_SECONDS
from app.console.roles import Role
from app.models import Operator, OperatorSession
from app.runtime import Runtime
from app.settings import Settings
from tests.databases import on_both_databases
from tests.functional.console_desk import PASSWORD, code_at, register, sit_down, token_on
from tests.service import FakeClock, new_browser, settings_for

NEW_PASSWORD = "nine quiet lanterns on the ferry"


@pytest.fixture
def first_link(runtime: Runtime) -> str:
    with runtime.database.transaction() as db:
        token = links.first_link(db, runtime.sealer, runtime.clock())
    return f"/console/setup/{token}"


def send(page: TestResponse, path: str, status: int | None = None, **values: str) -> TestResponse:
    return page.test_app.post(path, {"form_token": token_on(page), **values}, status=status)


def set_up(browser: TestApp, link: str, email: str = "anna@shop.example") -> TestResponse:
    page = browser.get(link)
    return send(page, link, email=email, password=NEW_PASSWORD, again=NEW_PASSWORD).follow()


def log_in(browser: TestApp, email: str = "anna@shop.example", password: str = PASSWORD) -> TestResponse:
    return send(browser.get("/console/login"), "/console/login", email=email, password=password)


@on_both_databases
def test_the_first_link_leads_from_nothing_to_an_owner_with_a_second_factor(
    browser: TestApp, runtime: Runtime, first_link: str, clock: FakeClock
) -> None:
    enrolment = set_up(browser, first_link)
    assert "<svg" in enrolment.text
    secret = enrolment.html.find(attrs={"data-copy-text": True}).text
    codes = send(enrolment, "/console/enrolment", code=pyotp.TOTP(secret).at(int(clock())))
    assert len(re.findall(r"<li><code>[a-z2-7]{4}(-[a-z2-7]{4}){3}</code>", codes.text)) == 10
    assert "owner" in browser.get("/console/account").text


def test_a_link_works_once_and_for_a_day(
    browser: TestApp, runtime: Runtime, first_link: str, clock: FakeClock
) -> None:
    set_up(browser, first_link)
    new_browser(runtime).get(first_link, status=410)
    invited = register(runtime, Role.VIEWER, "ben@shop.example")
    with runtime.database.transaction() as db:
        link = f"/console/setup/{links.make_link(db, invited.id, clock())}"
    clock.pass_seconds(links.LIFETIME_SECONDS - 1)
    new_browser(runtime).get(link, status=200)
    clock.pass_seconds(1)
    new_browser(runtime).get(link, status=410)


def test_every_process_says_the_same_first_link_and_one_of_them_announces_it(runtime: Runtime) -> None:
    said = []
    for _ in range(3):
        with runtime.database.transaction() as db:
            token = links.first_link(db, runtime.sealer, runtime.clock())
            assert token
            said.append((token, links.announce_once(db, token, runtime.clock())))
    assert len({token for token, _ in said}) == 1
    assert [announces for _, announces in said] == [True, False, False]


def test_with_an_owner_there_is_no_first_link(runtime: Runtime) -> None:
    register(runtime)
    with runtime.database.transaction() as db:
        assert links.first_link(db, runtime.sealer, runtime.clock()) is None


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "at least 12"),
        ("anna@shop.example", "e-mail"),
        ("my-ANNA-is-lovely-today", "e-mail"),
        ("Password123456!", "attackers"),
        ("P@ssw0rd!2024", "attackers"),
        ("qwertyuiop123", "attackers"),
        ("aaaaaaaaaaaaaaa", "attackers"),
        ("123456789012", "attackers"),
        ("iloveyouiloveyou", "attackers"),
        ("correcthorsebatterystaple", "attackers"),
        ("x" * 257, "at most"),
    ],
)
def test_weak_passwords_are_refused_at_the_field(
    browser: TestApp, first_link: str, password: str, says: str
) -> None:
    page = browser.get(first_link)
    answer = send(page, first_link, 422, email="anna@shop.example", password=password, again=password)
    assert says in answer.html.find(id="field-password-error").text


def test_a_password_and_a_code_open_the_console(browser: TestApp, runtime: Runtime, clock: FakeClock) -> None:
    register(runtime)
    page = log_in(browser).follow()
    assert page.request.path == "/console/second-factor"
    browser.get("/console/account", status=303)
    send(page, "/console/second-factor", 303, code=code_at(clock()))
    assert "anna@shop.example" in browser.get("/console/account").text


@on_both_databases
def test_a_code_counts_once(browser: TestApp, runtime: Runtime, clock: FakeClock) -> None:
    register(runtime)
    send(log_in(browser).follow(), "/console/second-factor", 303, code=code_at(clock()))
    other = new_browser(runtime)
    send(log_in(other).follow(), "/console/second-factor", 422, code=code_at(clock()))
    clock.pass_seconds(30)
    other = new_browser(runtime)
    send(log_in(other).follow(), "/console/second-factor", 303, code=code_at(clock()))


@on_both_databases
def test_a_recovery_code_counts_once(runtime: Runtime) -> None:
    desk = sit_down(runtime)
    codes = desk.send("/console/account/recovery-codes", status=200).html.select(".codes code")
    for status in (303, 422):
        other = new_browser(runtime)
        page = log_in(other, desk.email).follow()
        send(page, "/console/second-factor", status, code=codes[0].text)


def test_a_wrong_password_says_the_same_as_an_unknown_address(browser: TestApp, runtime: Runtime) -> None:
    register(runtime)
    answers = [
        send(browser.get("/console/login"), "/console/login", 422, email=email, password="wrong wrong wrong")
        for email in ("anna@shop.example", "nobody@shop.example")
    ]
    errors = [answer.html.find(id="field-password-error").text for answer in answers]
    assert errors[0] == errors[1]


@on_both_databases
def test_guessing_makes_an_account_wait_longer_and_longer(
    browser: TestApp, runtime: Runtime, clock: FakeClock
) -> None:
    register(runtime)
    page = browser.get("/console/login")
    wrong = {"email": "anna@shop.example", "password": "wrong wrong wrong"}
    for _ in range(5):
        send(page, "/console/login", 422, **wrong)
    assert send(page, "/console/login", 429, **wrong).headers["Retry-After"] == "31"
    send(page, "/console/login", 429, email="anna@shop.example", password=PASSWORD)
    clock.pass_seconds(31)
    send(page, "/console/login", 422, **wrong)
    assert send(page, "/console/login", 429, **wrong).headers["Retry-After"] == "61"
    clock.pass_seconds(61)
    send(page, "/console/login", 303, email="anna@shop.example", password=PASSWORD)


def test_guessing_at_many_accounts_makes_an_address_wait(browser: TestApp) -> None:
    page = browser.get("/console/login")
    for number in range(20):
        send(page, "/console/login", 422, email=f"{number}@shop.example", password="wrong wrong wrong")
    send(page, "/console/login", 429, email="21@shop.example", password="wrong wrong wrong")


def test_guessing_codes_waits_too(browser: TestApp, runtime: Runtime) -> None:
    register(runtime)
    page = log_in(browser).follow()
    for _ in range(5):
        send(page, "/console/second-factor", 422, code="000000")
    send(page, "/console/second-factor", 429, code="000000")


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.VIEWER, 303), (Role.REVIEWER, 403), (Role.EDITOR, 403), (Role.OWNER, 403)],
)
def test_only_a_viewer_may_postpone_the_second_factor(
    browser: TestApp, runtime: Runtime, role: Role, status: int
) -> None:
    register(runtime, role, protected=False)
    page = log_in(browser).follow()
    assert page.request.path == "/console/enrolment"
    assert ("Later" in page) == (role is Role.VIEWER)
    send(page, "/console/enrolment/postpone", status)
    browser.get("/console/account", status=200 if role is Role.VIEWER else 303)


def test_a_session_ends_after_half_an_hour_without_a_click(runtime: Runtime, clock: FakeClock) -> None:
    desk = sit_down(runtime)
    for _ in range(3):
        clock.pass_seconds(IDLE_SECONDS - 61)
        desk.open("/console/account", status=200)
    clock.pass_seconds(IDLE_SECONDS)
    assert "/console/login" in desk.open("/console/account", status=303).location


def test_a_session_ends_after_twelve_hours_at_the_latest(runtime: Runtime, clock: FakeClock) -> None:
    desk = sit_down(runtime)
    for _ in range(int(ABSOLUTE_SECONDS / 1200) - 1):
        clock.pass_seconds(1200)
        desk.open("/console/account", status=200)
    clock.pass_seconds(1200)
    desk.open("/console/account", status=303)


def test_signing_out_ends_the_session_on_the_server(runtime: Runtime) -> None:
    desk = sit_down(runtime)
    held = dict(desk.browser.cookies)
    desk.send("/console/logout", status=303)
    for name, value in held.items():
        desk.browser.set_cookie(name, value.strip('"'))
    desk.open("/console/account", status=303)


def test_a_disabled_operator_is_signed_out_at_once_and_stays_out(browser: TestApp, runtime: Runtime) -> None:
    owner, editor = sit_down(runtime), sit_down(runtime, Role.EDITOR)
    owner.send(f"/console/operators/{editor.operator_id}/disable", status=303)
    editor.open("/console/account", status=303)
    send(browser.get("/console/login"), "/console/login", 422, email=editor.email, password=PASSWORD)


def test_the_last_owner_can_be_neither_disabled_nor_demoted(runtime: Runtime) -> None:
    owner = sit_down(runtime)
    for deed, values in (("disable", {}), ("role", {"role": "viewer"})):
        answer = owner.send(f"/console/operators/{owner.operator_id}/{deed}", status=422, **values)
        assert "last owner" in answer


@on_both_databases
def test_a_changed_password_signs_other_browsers_out(runtime: Runtime) -> None:
    desk = sit_down(runtime)
    with runtime.database.transaction() as db:
        account = db.get_one(Operator, desk.operator_id)
        elsewhere = sessions.begin_session(db, account, sessions.Stage.FULL, runtime.clock())
    desk.send("/console/account/password", status=303, old=PASSWORD, password=NEW_PASSWORD)
    with runtime.database.reading() as db:
        assert db.get(OperatorSession, sessions.hash_token(elsewhere)) is None
    desk.open("/console/account", status=200)


def test_secrets_and_deletion_ask_for_the_password_again(runtime: Runtime, clock: FakeClock) -> None:
    owner, editor = sit_down(runtime), sit_down(runtime, Role.EDITOR)
    clock.pass_seconds(601)
    path = f"/console/operators/{editor.operator_id}/disable"
    asked = owner.send(path, status=303, page="/console/operators?x=1")
    assert asked.location.endswith("/console/confirm?next=/console/operators?x%3D1")
    page = asked.follow()
    send(page, "/console/confirm", 422, proof="wrong wrong wrong")
    send(page, "/console/confirm", 303, proof=PASSWORD)
    assert owner.send(path, status=303).location.endswith("done=operator-disabled")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/console/", "/\\evil.example", "/verification/x"]
)
def test_after_signing_in_nobody_is_sent_elsewhere(runtime: Runtime, target: str) -> None:
    desk = sit_down(runtime)
    assert desk.open("/console/login", params={"next": target}, status=303).location.endswith("/console")


def test_a_form_from_elsewhere_is_refused(runtime: Runtime) -> None:
    desk = sit_down(runtime)
    token = desk.token()
    desk.browser.post("/console/account/recovery-codes", {}, status=403)
    desk.browser.post("/console/account/recovery-codes", {"form_token": "0" * 64}, status=403)
    desk.browser.post(
        "/console/account/recovery-codes",
        {"form_token": token},
        headers={"Sec-Fetch-Site": "same-site"},
        status=403,
    )
    desk.browser.post("/console/account/recovery-codes", {"form_token": token}, status=200)


def test_the_cookie_is_strict_and_out_of_reach_of_scripts(browser: TestApp, runtime: Runtime) -> None:
    register(runtime)
    cookie = log_in(browser).headers["Set-Cookie"]
    assert cookie.startswith("visavis-console=")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/"))


def test_over_https_the_cookie_belongs_to_this_host_alone(
    tmp_path: Path, runtime: Runtime, settings: Settings
) -> None:
    register(runtime)
    public = settings_for(tmp_path, public_url="https://verify.example", database_url=settings.database_url)
    browser = new_browser(replace(runtime, settings=public))
    browser.extra_environ |= {"wsgi.url_scheme": "https", "HTTP_HOST": "verify.example"}
    cookie = log_in(browser).headers["Set-Cookie"]
    assert cookie.startswith("__Host-visavis-console=")
    assert "Secure" in cookie


def test_tokens_passwords_and_codes_are_nowhere_in_the_database(
    browser: TestApp, runtime: Runtime, first_link: str, settings: Settings
) -> None:
    enrolment = set_up(browser, first_link)
    secret = enrolment.html.find(attrs={"data-copy-text": True}).text
    runtime.database.engine.dispose()
    folder = Path(settings.database_url.removeprefix("sqlite:///")).parent
    stored = b"".join(path.read_bytes() for path in folder.glob("visavis.db*"))
    for text in (NEW_PASSWORD, secret, first_link.rpartition("/")[2], *browser.cookies.values()):
        assert text.encode() not in stored
