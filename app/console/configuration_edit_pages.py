"""Editing a configuration: as a form or as JSON, checked while one types, then published."""

import json
from typing import Any

from flask import jsonify, render_template
from werkzeug.wrappers import Response

from app.audit.actions import Action
from app.audit.changes import changed
from app.console.auditing import record_audit
from app.console.configurations import consequences, drafts
from app.console.configurations.differences import Difference, complete, differences
from app.console.configurations.drafts import DraftMovedError, Edited, load_edited, load_numbered
from app.console.configurations.json_places import line_of, lines_of
from app.console.configurations.settings_form import document_of, field_of, form_of, labels, sections
from app.console.forms import Form, errors_at_fields, sent_form
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, operator, runtime
from app.console.roles import Permission
from app.console.routing import route
from app.errors import InputError
from app.verifications.configuration import Configuration, read_configuration, write_configuration
from app.verifications.document import ConfigurationRefusedError

add_notices(
    {
        "draft-saved": "The draft is saved. Nobody is affected until you publish it.",
        "draft-discarded": "The draft is gone; the published version is as it was.",
        "published": "Published. New sessions begin with it; running ones keep the version they began with.",
    }
)
DOCUMENT = "document"


@route("/configurations/<verification_id>/edit", Permission.CONFIGURE)
def edit_configuration(verification_id: str) -> Response:
    """Show the form, with the same document as JSON beside it."""
    edited = _edited(verification_id)
    return _form_page(edited, form_of(edited.document), edited.document)


@route("/configurations/<verification_id>/edit", Permission.CONFIGURE, methods=("POST",))
def save_configuration(verification_id: str) -> Response:
    """Save the form as a draft."""
    form = sent_form()
    document = document_of(form, verification_id)
    moved = _save(verification_id, document, form)
    form.errors = {field_of(path): what for path, what in form.errors.items()}
    if form.errors or moved:
        return _form_page(_edited(verification_id), form, document, moved)
    return _saved(verification_id, form)


@route("/configurations/<verification_id>/json", Permission.CONFIGURE)
def edit_json(verification_id: str) -> Response:
    """Show the document as JSON."""
    edited = _edited(verification_id)
    return _json_page(edited, Form({DOCUMENT: edited.text}))


@route("/configurations/<verification_id>/json", Permission.CONFIGURE, methods=("POST",))
def save_json(verification_id: str) -> Response:
    """Save JSON as a draft; errors are told with their lines."""
    form, moved = sent_form(), None
    with errors_at_fields(form):
        moved = _save(verification_id, _parsed(form.text(DOCUMENT)), form)
    if form.errors or moved:
        return _json_page(_edited(verification_id), form, moved)
    return _saved(verification_id, form)


@route("/configurations/<verification_id>/check", Permission.CONFIGURE, methods=("POST",))
def check_configuration(verification_id: str) -> Response:
    """Say what is wrong with a form or a JSON text, and what it would mean, without saving anything."""
    form = sent_form()
    with errors_at_fields(form):
        document = (
            _parsed(form.text(DOCUMENT)) if DOCUMENT in form.values else document_of(form, verification_id)
        )
        configuration = read_configuration({**document, "id": verification_id})
        return jsonify({"problems": [], **_meaning(configuration)})
    return jsonify({"problems": _located(form, form.text(DOCUMENT))})


@route("/configurations/<verification_id>/publish", Permission.CONFIGURE)
def review_draft(verification_id: str) -> Response:
    """Show what publishing would change."""
    return _publish_page(_edited(verification_id))


@route("/configurations/<verification_id>/publish", Permission.CONFIGURE, methods=("POST",))
def publish_configuration(verification_id: str) -> Response:
    """Make the draft the version that new sessions begin with."""
    form = sent_form()
    seen = _number(form, "revision"), _number(form, "version")
    try:
        with runtime().database.transaction() as db:
            before = _published_document(load_edited(db, verification_id))
            published = drafts.publish_draft(db, verification_id, *seen, now())
            was, is_now = changed(before, json.loads(write_configuration(published.configuration)))
            after = is_now | {"version": published.number}
            subject = f"verification/{verification_id}"
            record_audit(db, Action.CONFIGURATION_PUBLISH, subject, before=was, after=after)
    except DraftMovedError as error:
        return _publish_page(_edited(verification_id), moved=error)
    return done("published", "console.configuration", verification_id=verification_id)


@route("/configurations/<verification_id>/discard", Permission.CONFIGURE, methods=("POST",))
def discard_configuration(verification_id: str) -> Response:
    """Throw the draft away."""
    with runtime().database.transaction() as db:
        edited = load_edited(db, verification_id)
        drafts.discard_draft(db, verification_id)
        record_audit(db, "configuration.discard", f"verification/{verification_id}")
    if not edited.current_version:
        return done("draft-discarded", "console.configurations")
    return done("draft-discarded", "console.configuration", verification_id=verification_id)


def _edited(verification_id: str) -> Edited:
    with runtime().database.reading() as db:
        return load_edited(db, verification_id)


def _save(verification_id: str, document: dict[str, Any], form: Form) -> DraftMovedError | None:
    """Save; errors go to the form, and the answer says whether somebody else was faster."""
    seen, who = _number(form, "revision"), operator().email
    try:
        with errors_at_fields(form), runtime().database.transaction() as db:
            drafts.save_draft(db, verification_id, document, seen, who, now())
    except DraftMovedError as error:
        return error
    return None


def _saved(verification_id: str, form: Form) -> Response:
    if form.text("then") == "publish":
        return done("draft-saved", "console.review_draft", verification_id=verification_id)
    page = "console.edit_json" if DOCUMENT in form.values else "console.edit_configuration"
    return done("draft-saved", page, verification_id=verification_id)


def _form_page(
    edited: Edited, form: Form, document: dict[str, Any], moved: DraftMovedError | None = None
) -> Response:
    configuration = _readable(document)
    return render(
        "configuration_edit.html",
        409 if moved else form.status,
        edited=edited,
        form=form,
        sections=sections(),
        labels=labels(),
        moved=moved,
        theirs=differences(document, edited.document) if moved else [],
        text=write_configuration(configuration) if configuration else edited.text,
        meaning=_consequences(configuration) if configuration else None,
    )


def _json_page(edited: Edited, form: Form, moved: DraftMovedError | None = None) -> Response:
    return render(
        "configuration_json.html",
        409 if moved else form.status,
        edited=edited,
        form=form,
        moved=moved,
        problems_by_line=_located(form, form.text(DOCUMENT)),
    )


def _publish_page(edited: Edited, moved: DraftMovedError | None = None) -> Response:
    return render(
        "configuration_publish.html",
        409 if moved else 200,
        edited=edited,
        moved=moved,
        changes=_changes(edited),
        warnings=consequences.warnings(read_configuration(edited.document)),
    )


def _changes(edited: Edited) -> list[Difference]:
    return differences(_published_document(edited), edited.document)


def _published_document(edited: Edited) -> dict[str, Any]:
    if not edited.current_version:
        return {}
    with runtime().database.reading() as db:
        return complete(load_numbered(db, edited.verification_id, edited.current_version).document)


def _readable(document: dict[str, Any]) -> Configuration | None:
    try:
        return read_configuration(document)
    except ConfigurationRefusedError:
        return None


def _meaning(configuration: Configuration) -> dict[str, str]:
    return {
        "text": write_configuration(configuration),
        "meaning": render_template("console/meaning.html", **_consequences(configuration)),
    }


def _consequences(configuration: Configuration) -> dict[str, Any]:
    configs = configuration.verifier_configs
    return {
        "warnings": consequences.warnings(configuration),
        "matching": consequences.match_sentence(runtime().calibration, configs.face_recognition),
        "age": consequences.age_picture(configs.age),
    }


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(DOCUMENT, f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    if not isinstance(document, dict):
        raise InputError(DOCUMENT, "must be an object: { … }")
    return document


def _located(form: Form, text: str) -> list[dict[str, Any]]:
    """Return the errors with the lines at which they stand, as far as there is a JSON text."""
    lines = lines_of(text) if text and DOCUMENT not in form.errors else {}
    return [
        {"path": path, "field": field_of(path), "line": line_of(lines, path) if lines else None, "what": what}
        for path, what in form.errors.items()
    ]


def _number(form: Form, name: str) -> int:
    text = form.text(name)
    return int(text) if text.isdecimal() else -1
