"""`flask faces …`: what is enrolled, how to forget it, and who is blocked."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.actions import Action
from app.commands.auditing import note
from app.commands.parts import clear_errors, command_parts
from app.errors import NotFoundError
from app.evaluation.tables import render_table
from app.faces import blocking
from app.faces.collections import get, list_collections
from app.faces.enrolment import forget_face
from app.faces.erasure import erase_traces
from app.faces.keys import face_named
from app.models import Collection, Face, FaceKey, Project, VerificationSession
from app.projects import DEFAULT_PROJECT

faces_commands = AppGroup("faces", help="Enrolled faces: numbers, and erasure. Never templates.")

project_option = click.option("--project", default=DEFAULT_PROJECT, show_default=True)


@faces_commands.command("list")
@project_option
@click.option("--collection", "name", help="List the faces of this collection instead of all collections.")
def list_faces(project: str, name: str | None) -> None:
    """List collections, or the faces of one: ids and dates."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        project_id = project_id_of(db, project)
        text = _collections(db, project_id) if name is None else _faces(db, get(db, project_id, name))
    click.echo(text)


@faces_commands.command("forget")
@project_option
@click.option("--collection", "name", required=True)
@click.option("--face-id", help="32 hexadecimal digits.")
@click.option("--external-id", help="The relying site's id of the person.")
def forget(project: str, name: str, face_id: str | None, external_id: str | None) -> None:
    """Delete one face for good, with every external id that names it."""
    if (face_id is None) == (external_id is None):
        raise click.UsageError("give either --face-id or --external-id")
    parts = command_parts()
    with clear_errors():
        with parts.database.transaction() as db:
            collection = get(db, project_id_of(db, project), name)
            face = face_named(db, collection, external_id)
            face_id = face.id if face is not None else face_id
            if face_id is None or not forget_face(db, collection, face_id, parts.now):
                raise NotFoundError("there is no such face in the collection")
            note(db, parts, Action.FACE_DELETE, f"face/{face_id}", before={"collection": collection.id})
        erase_traces(parts.database)
    click.echo("The face is forgotten.")


@faces_commands.command("block")
@project_option
@click.argument("session_or_face")
@click.option("--note", "reason", default="", help="Why; shown in the list, never to the person.")
def block(project: str, session_or_face: str, reason: str) -> None:
    """Let a face pass no verification of the project: SESSION_OR_FACE is the id of either.

    A session that did not pass has stored no face, and nothing of it is left to block.
    """
    parts = command_parts()
    with clear_errors(), parts.database.transaction() as db:
        face_id = _face_of_session(db, session_or_face) or session_or_face
        project_id = project_id_of(db, project)
        blocked = blocking.block_face(db, parts.sealer, project_id, face_id, reason, parts.now)
        note(db, parts, Action.FACE_BLOCK, f"face/{face_id}", {"blockedAs": blocked})
    click.echo(f"Blocked as {blocked}.")


@faces_commands.command("unblock")
@project_option
@click.argument("session_or_face")
def unblock(project: str, session_or_face: str) -> None:
    """Take a face off the block list: by session, enrolled face, or its own id on the list."""
    parts = command_parts()
    with clear_errors():
        with parts.database.transaction() as db:
            face_id = _face_of_session(db, session_or_face) or session_or_face
            blocking.unblock(db, project_id_of(db, project), face_id, parts.now)
            note(db, parts, Action.FACE_UNBLOCK, f"face/{face_id}")
        erase_traces(parts.database)
    click.echo("The face is no longer blocked.")


@faces_commands.command("blocked")
@project_option
def list_blocked(project: str) -> None:
    """List who is blocked, and why."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        faces = blocking.blocked_faces(db, project_id_of(db, project))
    rows = [(face.face_id, ", ".join(face.sources), _date(face.created_at), face.note) for face in faces]
    click.echo(render_table(("blocked face", "copied from", "blocked", "note"), rows))


def _face_of_session(db: Session, session_id: str) -> str | None:
    visit = db.get(VerificationSession, session_id)
    return None if visit is None else visit.face_id


def project_id_of(db: Session, name: str) -> str:
    """Return the id of a project; `NotFoundError` when there is none of that name."""
    project_id = db.scalar(select(Project.id).filter_by(name=name))
    if project_id is None:
        raise NotFoundError(f"there is no project {name!r}")
    return project_id


def _collections(db: Session, project_id: str) -> str:
    rows = [
        (each.collection.name, each.faces, each.collection.dimensions, _date(each.collection.updated_at))
        for each in list_collections(db, project_id)
    ]
    return render_table(("collection", "faces", "dimensions", "changed"), rows)


def _faces(db: Session, collection: Collection) -> str:
    names: dict[str, list[str]] = {}
    for key in db.scalars(select(FaceKey).filter_by(collection_id=collection.id)):
        names.setdefault(key.face_id, []).append(key.external_id)
    faces = db.scalars(select(Face).filter_by(collection_id=collection.id).order_by(Face.created_at))
    header = ("face", "external ids", "frames", "made with", "enrolled", "last seen")
    return render_table(header, [_row(face, names.get(face.id, [])) for face in faces])


def _row(face: Face, names: list[str]) -> tuple[object, ...]:
    made_with = f"{face.recognition_model} on {face.landmarker}"
    dates = (_date(face.created_at), _date(face.last_seen_at))
    return (face.id, ", ".join(sorted(names)), face.effective_size, made_with, *dates)


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
