"""Configurations: the list, a new one from a template, one at a glance, deleting one."""

from flask import redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import projects
from app.audit.actions import Action
from app.console.auditing import record_audit
from app.console.configurations import consequences
from app.console.configurations.drafts import create_draft, discard_draft, load_edited
from app.console.configurations.listing import list_configurations, projects_of
from app.console.configurations.starting_points import STARTING_POINTS, StartingPoint
from app.console.forms import Form, empty_form, errors_at_fields, sent_form
from app.console.navigation import Entry, add_entry
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, operator, runtime
from app.console.roles import Permission
from app.console.routing import route
from app.errors import InputError
from app.models import Project, Verification
from app.verifications.configuration import read_configuration

add_entry("Verify", Entry("Configurations", "console.configurations", "/console/configurations"))
add_notices({"configuration-deleted": "The verification is deleted. Its links are refused from now on."})


@route("/configurations", Permission.READ)
def configurations() -> Response:
    """List configurations, published ones and drafts."""
    with runtime().database.reading() as db:
        return render("configurations.html", listed=list_configurations(db))


@route("/configurations/new", Permission.CONFIGURE)
def new_configuration() -> Response:
    """Offer the templates."""
    return _new_page(empty_form({"template": STARTING_POINTS[0].key}))


@route("/configurations/new", Permission.CONFIGURE, methods=("POST",))
def create_configuration() -> Response:
    """Begin a draft from a template."""
    form, parts = sent_form(), runtime()
    with errors_at_fields(form), parts.database.transaction() as db:
        point = _chosen(form)
        name = form.text("name").strip() or point.title
        project = _project(db, form)
        verification_id = create_draft(db, project.id, name, point.document, operator().email, now())
        after = {"template": point.key}
        record_audit(db, "configuration.create", f"verification/{verification_id}", after=after)
    if form.errors:
        return _new_page(form)
    return redirect(url_for("console.edit_configuration", verification_id=verification_id), 303)


@route("/configurations/<verification_id>", Permission.READ)
def configuration(verification_id: str) -> Response:
    """Show one configuration at a glance."""
    with runtime().database.reading() as db:
        edited = load_edited(db, verification_id)
        project = db.get_one(Project, edited.project_id)
    read = read_configuration(edited.document)
    return render(
        "configuration.html",
        edited=edited,
        configuration=read,
        project=project,
        warnings=consequences.warnings(read),
        matching=consequences.match_sentence(runtime().calibration, read.verifier_configs.face_recognition),
        age=consequences.age_picture(read.verifier_configs.age),
    )


@route("/configurations/<verification_id>/delete", Permission.CONFIGURE, methods=("POST",), fresh=True)
def delete_configuration(verification_id: str) -> Response:
    """Delete a verification with its draft; running sessions end as they would have."""
    with runtime().database.transaction() as db:
        edited = load_edited(db, verification_id)
        discard_draft(db, verification_id)
        verification = db.get(Verification, verification_id)
        if verification is not None:
            verification.deleted_at = now()
        before = {"name": edited.document["name"], "version": edited.current_version}
        record_audit(db, Action.CONFIGURATION_DELETE, f"verification/{verification_id}", before=before)
    return done("configuration-deleted", "console.configurations")


def _new_page(form: Form) -> Response:
    with runtime().database.reading() as db:
        rows = projects_of(db)
    return render(
        "configuration_new.html",
        form.status,
        form=form,
        points=STARTING_POINTS,
        projects=[(row.id, row.name) for row in rows],
    )


def _chosen(form: Form) -> StartingPoint:
    for point in STARTING_POINTS:
        if point.key == form.text("template"):
            return point
    raise InputError("template", "choose one of the templates")


def _project(db: Session, form: Form) -> Project:
    chosen = form.text("project")
    if not chosen:
        return projects.get_or_create_project(db, runtime().sealer, projects.DEFAULT_PROJECT, now())
    project = db.get(Project, chosen)
    if project is None:
        raise InputError("project", "there is no such project")
    return project
