"""How the hosted page looks: name, logo, colours and consent, with a live preview."""

import base64
import json
from typing import Any

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.audit.actions import Action
from app.console import logos
from app.console.auditing import record_audit
from app.console.configurations import drafts
from app.console.configurations.drafts import DraftMovedError, Edited, load_edited
from app.console.forms import Form, errors_at_fields, sent_form
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, operator, runtime
from app.console.query_values import whole_number
from app.console.roles import Permission
from app.console.routing import route
from app.hosted.colours import DARK_PAPER, LIGHT_PAPER, contrast, scheme_of
from app.hosted.locales import LANGUAGES, Language
from app.hosted.preview import STEPS, UnsavedLogo, consent_of, preview_page
from app.hosted.security_headers import allow_frames, allow_own_frames
from app.models import BrandLogo, VerificationVersion
from app.verifications.configuration import Configuration, read_configuration
from app.verifications.document import ConfigurationRefusedError

THEME, CONSENT = "experienceConfig.theme", "experienceConfig.consent"
TEXTS = (
    f"{THEME}.brandName",
    f"{THEME}.accentColor",
    f"{CONSENT}.title",
    f"{CONSENT}.text",
    *(f"{CONSENT}.translations.{each.code}.{part}" for each in LANGUAGES for part in ("title", "text")),
)
LOGO = f"{THEME}.logo"
LARGEST_REVISION = 2**31 - 1
MOST_VERSIONS = 20

add_notices({"look-saved": "The draft is saved. Nobody is affected until you publish it."})


@route("/configurations/<verification_id>/look", Permission.CONFIGURE)
def look_page(verification_id: str) -> Response:
    """Show the form, the preview, and which consent text was shown when."""
    edited = _edited(verification_id)
    return _look_page(edited, _form_of(edited))


@route("/configurations/<verification_id>/look", Permission.CONFIGURE, methods=("POST",))
def save_look(verification_id: str) -> Response:
    """Save the look as a draft."""
    form, who = sent_form(), operator().email
    with errors_at_fields(form), runtime().database.transaction() as db:
        seen = whole_number(form, "revision", 0, LARGEST_REVISION, 0) or 0
        document = _applied(load_edited(db, verification_id).document, form)
        data = _uploaded()
        if data is not None:
            _set(document, LOGO, logo_id := logos.store_logo(db, data, now()))
        try:
            drafts.save_draft(db, verification_id, document, seen, who, now())
        except DraftMovedError as error:
            form.errors["revision"] = f"{error.by} has changed it meanwhile: open the page again"
            db.rollback()
        else:
            if data is not None:
                record_audit(
                    db, Action.LOGO_UPLOAD, f"verification/{verification_id}", after={"logo": logo_id}
                )
    if form.errors:
        return _look_page(_edited(verification_id), form)
    return done("look-saved", "console.look_page", verification_id=verification_id)


@route("/configurations/<verification_id>/look/preview", Permission.CONFIGURE, methods=("GET", "POST"))
def preview_look(verification_id: str) -> Response:
    """Render the page's first view: of the draft, or of what is in the form now, saving nothing."""
    form = sent_form(locale=request.args.get("locale", "en"), step="consent")
    document, logo = _edited(verification_id).document, None
    if request.method == "POST":
        with errors_at_fields(form):
            document = _applied(document, form)
            logo = _unsaved(_uploaded())
    allow_frames(("'self'",))
    try:
        return Response(
            preview_page(runtime(), read_configuration(document), form.text("locale"), logo, _step(form)),
            mimetype="text/html",
        )
    except ConfigurationRefusedError as error:
        return render("look_refused.html", 422, problems={**error.problems, **form.errors})


def _edited(verification_id: str) -> Edited:
    with runtime().database.reading() as db:
        return load_edited(db, verification_id)


def _form_of(edited: Edited) -> Form:
    values = {path: str(_get(edited.document, path) or "") for path in (*TEXTS, LOGO)}
    return Form({**values, "revision": str(edited.revision)})


def _applied(document: dict[str, Any], form: Form) -> dict[str, Any]:
    """Return the document with what the form says of looks."""
    document = json.loads(json.dumps(document))
    for path in TEXTS:
        _set(document, path, form.text(path).replace("\r\n", "\n").strip() or None)
    if form.flag("removeLogo"):
        _set(document, LOGO, None)
    return document


def _uploaded() -> bytes | None:
    file = request.files.get(logos.FIELD)
    data = file.read() if file is not None else b""
    return data or None


def _unsaved(data: bytes | None) -> UnsavedLogo | None:
    if data is None:
        return None
    content, width, height = logos.encoded(logos.decoded(data))
    return UnsavedLogo(f"data:image/png;base64,{base64.b64encode(content).decode()}", width, height)


def _step(form: Form) -> str:
    return form.text("step") if form.text("step") in STEPS else next(iter(STEPS))


def _get(document: dict[str, Any], path: str) -> Any:  # noqa: ANN401 -- any JSON value
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _set(document: dict[str, Any], path: str, value: str | None) -> None:
    *branches, leaf = path.split(".")
    for branch in branches:
        document = document.setdefault(branch, {})
    document[leaf] = value


def _look_page(edited: Edited, form: Form) -> Response:
    allow_own_frames()
    colour = _get(edited.document, f"{THEME}.accentColor")
    return render(
        "look.html",
        form.status,
        edited=edited,
        form=form,
        languages=LANGUAGES,
        steps=STEPS,
        theme=THEME,
        consent=CONSENT,
        stored_logo=_get(edited.document, LOGO),
        is_faint=_is_faint(_get(edited.document, LOGO)),
        checks=_contrasts(colour) if colour else [],
        versions=_consent_versions(edited),
    )


def _is_faint(logo_id: str | None) -> bool:
    with runtime().database.reading() as db:
        logo = None if logo_id is None else db.get(BrandLogo, logo_id)
    return logo is not None and logos.contrast_on_page(logos.decoded(logo.content)) < logos.ENOUGH_CONTRAST


def _contrasts(colour: str) -> list[tuple[str, float, str]]:
    """Return ground, contrast of the chosen colour with it, and the colour that is used instead there."""
    return [
        ("light", contrast(colour, LIGHT_PAPER), scheme_of(colour, dark=False).accent),
        ("dark", contrast(colour, DARK_PAPER), scheme_of(colour, dark=True).accent),
    ]


def _consent_versions(edited: Edited) -> list[tuple[VerificationVersion, list[tuple[Language, str, str]]]]:
    """Return the published versions, newest first, with title and hash of the text in each language."""
    query = select(VerificationVersion).filter_by(verification_id=edited.verification_id)
    with runtime().database.reading() as db:
        rows = db.scalars(query.order_by(VerificationVersion.number.desc()).limit(MOST_VERSIONS)).all()
    return [(row, _shown_texts(Configuration.model_validate_json(row.document))) for row in rows]


def _shown_texts(configuration: Configuration) -> list[tuple[Language, str, str]]:
    shown = [(language, consent_of(configuration, language)) for language in LANGUAGES]
    return [(language, each["title"], each["textHash"]) for language, each in shown]
