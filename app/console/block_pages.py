"""The block list: whose face passes no verification of a project."""

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.audit.actions import Action
from app.console.auditing import record_audit
from app.console.forms import Form, empty_form, errors_at_fields, sent_form
from app.console.navigation import Entry, add_entry
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, runtime
from app.console.query_values import short_text
from app.console.roles import Permission
from app.console.routing import route
from app.errors import InputError, StateConflictError
from app.faces import blocking
from app.faces.erasure import erase_traces
from app.models import Collection, Face, Project, VerificationSession

MAX_NOTE = 500

add_entry("Faces", Entry("Block list", "console.block_list", "/console/block-list"))
add_notices(
    {
        "face-blocked": "The face is blocked: it passes no verification of this project any more.",
        "face-unblocked": "The face is no longer blocked.",
    }
)


@route("/block-list", Permission.READ)
def block_list() -> Response:
    """Show who is blocked, and why."""
    return _page(empty_form())


@route("/block-list", Permission.ERASE, methods=("POST",))
def block_face() -> Response:
    """Block a face by the id of a session that passed, or by its own id."""
    form = sent_form()
    with errors_at_fields(form), runtime().database.transaction() as db:
        note = short_text(form, "note", MAX_NOTE) or ""
        face_id = _face_id(db, form)
        try:
            blocked = blocking.block_face(
                db, runtime().sealer, _project_of(db, face_id), face_id, note, now()
            )
        except StateConflictError as error:
            raise InputError("subject", str(error)) from None
        record_audit(db, Action.FACE_BLOCK, f"face/{face_id}", after={"blockedAs": blocked})
    return _page(form) if form.errors else done("face-blocked", "console.block_list")


@route("/block-list/<project_id>/<face_id>/unblock", Permission.ERASE, methods=("POST",))
def unblock_face(project_id: str, face_id: str) -> Response:
    """Take a face off the block list."""
    with runtime().database.transaction() as db:
        blocking.unblock(db, project_id, face_id, now())
        record_audit(db, Action.FACE_UNBLOCK, f"face/{face_id}")
    erase_traces(runtime().database)
    return done("face-unblocked", "console.block_list")


def _face_id(db: Session, form: Form) -> str:
    """Return the face that a session stored or recognised, or the id itself."""
    wanted = short_text(form, "subject", 36)
    if wanted is None:
        raise InputError("subject", "must be the id of a session or of a face")
    visit = db.get(VerificationSession, wanted)
    if visit is None:
        return wanted
    if visit.face_id is None:
        raise InputError("subject", "this session stored no face: nothing of it is left to block")
    return visit.face_id


def _project_of(db: Session, face_id: str) -> str:
    face = db.get(Face, face_id)
    collection = db.get(Collection, face.collection_id) if face is not None else None
    if collection is None:
        raise InputError("subject", "there is no such session or face")
    return collection.project_id


def _page(form: Form) -> Response:
    with runtime().database.reading() as db:
        projects = db.scalars(select(Project).order_by(Project.name)).all()
        listed = [(row, blocking.blocked_faces(db, row.id)) for row in projects]
    return render("block_list.html", form.status, form=form, listed=listed)
