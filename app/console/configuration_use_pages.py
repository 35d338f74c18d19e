"""Using a configuration: a signed link to try it, and the code that signs links."""

from flask import request
from werkzeug.wrappers import Response

from app.console.configurations.drafts import load_edited
from app.console.configurations.snippets import snippets
from app.console.configurations.trying import LIFETIME_SECONDS, try_link
from app.console.forms import empty_form
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.roles import Permission
from app.console.routing import route
from app.errors import InputError
from app.qr_codes import qr_svg
from app.signing.request_link import MAX_EXTERNAL_ID_CHARACTERS

EXTERNAL_ID = "externalId"


@route("/configurations/<verification_id>/try", Permission.CONFIGURE)
def try_configuration(verification_id: str) -> Response:
    """Show a signed link and its QR code; every look at this page makes a new one."""
    parts = runtime()
    form = empty_form({EXTERNAL_ID: request.args.get(EXTERNAL_ID, f"try-{int(now())}")})
    with parts.database.reading() as db:
        edited = load_edited(db, verification_id)
        if len(form.text(EXTERNAL_ID)) > MAX_EXTERNAL_ID_CHARACTERS:
            raise InputError(EXTERNAL_ID, f"must have at most {MAX_EXTERNAL_ID_CHARACTERS} characters")
        link = None
        if edited.current_version:
            public_url = parts.settings.public_url
            link = try_link(db, parts.sealer, public_url, verification_id, form.text(EXTERNAL_ID), now())
    return render(
        "configuration_try.html",
        edited=edited,
        form=form,
        link=link,
        qr=qr_svg(link) if link else None,
        minutes=LIFETIME_SECONDS // 60,
    )


@route("/configurations/<verification_id>/integrate", Permission.READ)
def integrate_configuration(verification_id: str) -> Response:
    """Show signing in five languages."""
    with runtime().database.reading() as db:
        edited = load_edited(db, verification_id)
    shown = snippets(verification_id, runtime().settings.public_url)
    return render("configuration_integrate.html", edited=edited, snippets=shown)
