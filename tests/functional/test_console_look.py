"""Name, logo, colours and consent of the hosted page: edited with a preview, then seen by people."""

import hashlib
import json
from typing import Any

import cv2
import numpy as np
import pytest
from webtest import TestResponse

from app.console import logos
from app.console.roles import Role
from app.errors import InputError
from app.hosted.colours import (
    DARK_PAPER,
    LIGHT_PAPER,
    TEXT_CONTRAST,
    WHITE,
    contrast,
    mixed,
    scheme_of,
    stylesheet,
)
from app.hosted.locales import LANGUAGES
from app.models import BrandLogo, ConfigurationDraft
from app.runtime import Runtime
from app.verifications.experience import ConsentTranslations
from tests.functional.console_desk import Desk, sit_down
from tests.functional.visit import Visit
from tests.service import FakeClock, RelyingSite, new_browser

THEME, CONSENT = "experienceConfig.theme", "experienceConfig.consent"


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return sit_down(runtime, Role.EDITOR)


def picture(width: int = 300, height: int = 120, kind: str = ".png", channels: int = 4) -> bytes:
    pixels = np.full((height, width, channels), 120, np.uint8)
    done, content = cv2.imencode(kind, pixels)
    assert done
    return content.tobytes()


def save(
    desk: Desk, verification: str, logo: bytes | None = None, *, status: int = 303, **values: str
) -> TestResponse:
    fields = {"form_token": desk.token(), "revision": "0", **values}
    files = [("logo", "logo.png", logo)] if logo is not None else []
    path = f"/console/configurations/{verification}/look"
    return desk.browser.post(path, fields, upload_files=files, status=status)


def draft(runtime: Runtime, verification: str) -> dict[str, Any] | None:
    with runtime.database.reading() as db:
        row = db.get(ConfigurationDraft, verification)
        return None if row is None else json.loads(row.document)


def publish(desk: Desk, verification: str) -> None:
    form = {"revision": "1", "version": "1"}
    desk.send(f"/console/configurations/{verification}/publish", status=303, **form)


def test_people_see_what_was_published(
    desk: Desk, site: RelyingSite, runtime: Runtime, clock: FakeClock
) -> None:
    verification = site.publish()
    save(
        desk,
        verification,
        picture(),
        **{
            f"{THEME}.brandName": "Harbour Library",
            f"{THEME}.accentColor": "#AA3300",
            f"{CONSENT}.translations.de.title": "Einverstanden?",
            f"{CONSENT}.translations.de.text": "Eins.\r\n\r\nZwei.",
        },
    )
    publish(desk, verification)
    browser = new_browser(runtime)
    page = browser.get(site.link(verification)).follow()
    logo = page.html.select_one(".brand img")
    assert (logo["alt"], logo["width"], logo["height"]) == ("Harbour Library", "90", "36")
    assert browser.get(logo["src"]).content_type == "image/png"
    sheet = page.html.select("link[rel=stylesheet]")[-1]["href"]
    assert "--accent:#aa3300" in browser.get(sheet)
    german = browser.get(page.request.path_qs + "?locale=de")
    assert [each.get_text() for each in german.html.select(".prose p")] == ["Eins.", "Zwei."]
    visit = Visit.open(new_browser(runtime), clock, site.link(verification, reLocale="de"))
    assert visit.page["consent"]["title"] == "Einverstanden?"
    visit.consent()
    assert visit.status["phase"] == "ready"


def test_nobody_sees_a_draft(desk: Desk, site: RelyingSite, runtime: Runtime) -> None:
    verification = site.publish()
    save(desk, verification, **{f"{THEME}.brandName": "Harbour Library"})
    assert "Harbour Library" not in new_browser(runtime).get(site.link(verification)).follow()
    assert "Harbour Library" in desk.open(f"/console/configurations/{verification}/look/preview")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({f"{THEME}.accentColor": "red"}, f"{THEME}.accentColor"),
        ({f"{THEME}.accentColor": "#12345"}, f"{THEME}.accentColor"),
        ({f"{THEME}.accentColor": "#123456;}body{"}, f"{THEME}.accentColor"),
        ({f"{THEME}.brandName": "x" * 201}, f"{THEME}.brandName"),
        ({f"{CONSENT}.text": "x" * 8001}, f"{CONSENT}.text"),
        ({f"{CONSENT}.translations.ar.title": "x" * 201}, f"{CONSENT}.translations.ar.title"),
        ({"revision": "7"}, "revision"),
        ({"revision": "x"}, "revision"),
    ],
)
def test_what_makes_no_sense_is_named_and_nothing_is_saved(
    desk: Desk, site: RelyingSite, runtime: Runtime, values: dict[str, str], field: str
) -> None:
    verification = site.publish()
    page = save(desk, verification, picture(), status=422, **values)
    anchor = f"#field-{field.replace('.', '-')}"
    assert page.html.select_one(f".notice.bad a[href='{anchor}']")
    assert draft(runtime, verification) is None
    with runtime.database.reading() as db:
        assert db.query(BrandLogo).count() == 0


REFUSED = {
    "no picture": b"<svg onload='alert(1)'/>",
    "cut off": picture()[:-20],
    "a lie about its size": picture()[:16] + b"\x00\x00\xff\xff\x00\x00\xff\xff" + picture()[24:],
    "too heavy": picture() + bytes(logos.MAX_UPLOAD_BYTES),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_no_proper_logo_is_refused(
    desk: Desk, site: RelyingSite, runtime: Runtime, what: str
) -> None:
    verification = site.publish()
    page = save(desk, verification, REFUSED[what], status=422)
    assert page.html.select_one(".notice.bad a[href='#field-logo']")
    assert draft(runtime, verification) is None


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp"])
def test_a_logo_is_drawn_anew_and_small(runtime: Runtime, kind: str) -> None:
    data = picture(2000, 1000, kind, 3)
    with runtime.database.transaction() as db:
        logo_id = logos.store_logo(db, data, 1.0)
        assert logos.store_logo(db, data, 2.0) == logo_id
        row = db.get_one(BrandLogo, logo_id)
    assert (row.width, row.height) == (192, 96)
    assert row.content.startswith(b"\x89PNG")
    assert hashlib.sha256(row.content).hexdigest() == logo_id


def test_even_noise_becomes_light_enough() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (96, 480, 3), np.uint8)
    content, width, height = logos.encoded(noise)
    assert len(content) <= logos.MAX_BYTES
    assert (width, height) < (480, 96)


def test_grey_and_deep_pictures_are_logos_too() -> None:
    for pixels in (np.full((10, 10), 9, np.uint8), np.full((10, 10, 3), 60_000, np.uint16)):
        _, content = cv2.imencode(".png", pixels)
        assert logos.decoded(content.tobytes()).shape == (10, 10, 3)
    with pytest.raises(InputError, match="PNG, JPEG or WebP"):
        logos.decoded(b"")


def test_a_logo_that_is_faint_on_the_page_is_told_of(desk: Desk, site: RelyingSite) -> None:
    verification = site.publish()
    path = f"/console/configurations/{verification}/look"
    pale = np.full((40, 100, 4), 240, np.uint8)
    save(desk, verification, cv2.imencode(".png", pale)[1].tobytes())
    assert "faint" in desk.open(path)
    pale[10:20, 10:60] = (90, 20, 20, 255)
    save(desk, verification, cv2.imencode(".png", pale)[1].tobytes(), revision="1")
    assert "faint" not in desk.open(path)


@pytest.mark.parametrize(("step", "part"), [("primer", "primer-title"), ("consent", "consent-title")])
def test_each_step_can_be_looked_at(desk: Desk, site: RelyingSite, step: str, part: str) -> None:
    verification = site.publish()
    page = desk.send(f"/console/configurations/{verification}/look/preview", step=step)
    seen = page.html.select_one("section.view:not([hidden]) h1")
    assert (seen["id"], page.html.select("noscript")) == (part, [])


def test_the_end_can_be_looked_at_too(desk: Desk, site: RelyingSite) -> None:
    path = f"/console/configurations/{site.publish()}/look/preview"
    assert "Thank you, that is all" in desk.send(path, step="result")
    assert "consent-title" in desk.send(path, step="nonsense")


def test_a_running_visit_keeps_the_look_that_it_began_with(
    desk: Desk, site: RelyingSite, runtime: Runtime
) -> None:
    verification = site.publish(experienceConfig={"theme": {"brandName": "Old name"}})
    browser = new_browser(runtime)
    page = browser.get(site.link(verification)).follow()
    save(desk, verification, **{f"{THEME}.brandName": "New name"})
    publish(desk, verification)
    assert "Old name" in browser.get(page.request.path)
    assert "New name" in new_browser(runtime).get(site.link(verification, reCorrelationId="second")).follow()


def test_the_preview_shows_what_is_in_the_form_and_saves_nothing(
    desk: Desk, site: RelyingSite, runtime: Runtime
) -> None:
    verification = site.publish()
    path = f"/console/configurations/{verification}/look/preview"
    fields = {"form_token": desk.token(), f"{THEME}.brandName": "Not yet", "locale": "ar"}
    page = desk.browser.post(path, fields, upload_files=[("logo", "x.png", picture())])
    assert page.html.html["dir"] == "rtl"
    assert page.html.select_one(".brand img")["alt"] == "Not yet"
    assert page.html.select_one(".brand img")["src"].startswith("data:image/png;base64,")
    assert not page.html.select("script[src]")
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert draft(runtime, verification) is None
    refused = desk.browser.post(path, {**fields, f"{THEME}.accentColor": "red"}, status=422)
    assert "must be a colour" in refused


def test_a_logo_is_taken_away_again(desk: Desk, site: RelyingSite, runtime: Runtime) -> None:
    verification = site.publish()
    save(desk, verification, picture())
    assert (draft(runtime, verification) or {})["experienceConfig"]["theme"]["logo"]
    save(desk, verification, revision="1", removeLogo="true")
    assert (draft(runtime, verification) or {})["experienceConfig"]["theme"]["logo"] is None


def test_the_page_says_which_consent_text_was_shown_in_which_version(
    desk: Desk, site: RelyingSite, runtime: Runtime, clock: FakeClock
) -> None:
    verification = site.publish()
    site.publish(id=verification, experienceConfig={"consent": {"title": "New words"}})
    visit = Visit.open(new_browser(runtime), clock, site.link(verification, reLocale="de"))
    page = desk.open(f"/console/configurations/{verification}/look")
    assert visit.page["consent"]["textHash"] in page
    assert len(page.html.select("tbody tr")) == 2 * len(LANGUAGES)


@pytest.mark.parametrize(
    "path", [f"/brand/{'0' * 64}.png", "/brand/colours-xyzxyz.css", "/brand/colours-fff.css"]
)
def test_there_is_nothing_else_under_brand(runtime: Runtime, path: str) -> None:
    new_browser(runtime).get(path, status=404)


COLOURS = ["#0b6b5d", "#ffffff", "#000000", "#ffff00", "#ff0000", "#7f7f7f", "#00ff88", "#1a1a80"]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_becomes_readable(colour: str, dark: bool) -> None:
    scheme = scheme_of(colour, dark=dark)
    paper = DARK_PAPER if dark else LIGHT_PAPER
    for front, back in (
        (scheme.accent, paper),
        (scheme.accent, scheme.accent_wash),
        (scheme.accent, scheme.accent_mist),
        (scheme.on_accent, scheme.accent),
        (scheme.on_accent, scheme.accent_strong),
    ):
        assert contrast(front, back) >= TEXT_CONTRAST, (front, back)


def test_a_readable_colour_stays_as_it_is() -> None:
    assert scheme_of("#0b6b5d", dark=False).accent == "#0b6b5d"
    assert scheme_of("#74d9c3", dark=True).accent == "#74d9c3"
    assert (contrast("#000000", WHITE), mixed("#000000", WHITE, 0.5)) == (21.0, "#808080")


def test_every_language_of_the_page_can_have_its_own_consent() -> None:
    assert set(ConsentTranslations.model_fields) == {language.code for language in LANGUAGES}


def test_the_colour_stands_back_while_the_screen_shines() -> None:
    rules = stylesheet("#ff0000").split(":root")[1:]
    assert len(rules) == 2
    assert all(rule.startswith(":not([data-light])") for rule in rules)
