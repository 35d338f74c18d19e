"""The hosted page as somebody would see it, without a session: for whoever edits a configuration."""

from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_babel import force_locale

from app.flow import SessionView
from app.hosted.branding import shown_size
from app.hosted.consent import shown_consent
from app.hosted.locales import Language, choose_language
from app.hosted.page_data import page_data, script_json
from app.models import VerificationSession
from app.runtime import Runtime
from app.sessions import status
from app.verifications.configuration import Configuration
from app.verifications.overrides import Overrides
from app.vocabulary import SessionState

# Name → what an operator reads.
STEPS = {"consent": "Consent", "primer": "Before the camera", "result": "The end"}
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class UnsavedLogo:
    """A logo that is not stored yet, with its size in pixels."""

    url: str
    """A `data:` address."""
    width: int
    height: int


def preview_page(
    runtime: Runtime,
    configuration: Configuration,
    locale: str | None,
    logo: UnsavedLogo | None = None,
    step: str = "consent",
) -> str:
    """Render one step of the page, without scripts; `logo` is shown in place of the stored one."""
    view = preview_view(configuration)
    language = choose_language(locale)
    page = page_data(runtime, view, language)
    if logo is not None:
        page["brand"]["logo"] = {"url": logo.url, **shown_size(logo.width, logo.height)}
    if step == "result":
        return render_template("hosted/finished.html", result="passed", reason=None, brand=page["brand"])
    return render_template("hosted/session.html", page=page, page_json=script_json({}), preview=step)


def preview_view(configuration: Configuration) -> SessionView:
    """Return a view of a session that exists nowhere."""
    visit = VerificationSession(
        id=NOBODY,
        verification_id=configuration.id,
        state=SessionState.CREATED,
        overrides=Overrides().to_json(),
        attempt_number=0,
        page_generation=0,
        frame_count=0,
        custom_parameters=[],
    )
    return SessionView(visit, configuration, status.describe(visit, configuration, None, None))


def consent_of(configuration: Configuration, language: Language) -> dict[str, Any]:
    """Return the consent block as it is shown in a language; its `textHash` is what is recorded."""
    with force_locale(language.code):
        return shown_consent(preview_view(configuration))
