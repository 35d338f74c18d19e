"""Every module that brings pages, in the order of the menu; importing one registers its routes."""

from flask import Flask

from app.console import (
    account_pages,
    audit_pages,
    block_pages,
    configuration_edit_pages,
    configuration_pages,
    configuration_use_pages,
    configuration_version_pages,
    face_pages,
    go_live_pages,
    key_pages,
    login_pages,
    look_pages,
    metric_pages,
    operator_pages,
    pages,
    review_pages,
    session_pages,
    setup_pages,
    webhook_pages,
)
from app.console.forms import keep_form_cookie
from app.console.guards import require_operator
from app.console.routing import blueprint

MODULES = (
    configuration_pages,
    configuration_edit_pages,
    configuration_version_pages,
    configuration_use_pages,
    look_pages,
    session_pages,
    login_pages,
    setup_pages,
    account_pages,
    review_pages,
    face_pages,
    block_pages,
    key_pages,
    metric_pages,
    go_live_pages,
    audit_pages,
    operator_pages,
    webhook_pages,
)

blueprint.before_request(require_operator)
blueprint.after_request(keep_form_cookie)


def install_console(app: Flask) -> None:
    """Add the console to the application."""
    pages.install(app)
    app.register_blueprint(blueprint)
