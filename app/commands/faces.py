"""`flask faces …`: what is enrolled, and how to forget it."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands.parts import clear_errors, command_parts
from app.errors import NotFoundError
from app.evaluation.tables import render_table
from app.faces.collections import get
from app.faces.enrolment import erase_traces, forget_external_id, forget_face
from app.models import Collection, Face, FaceKey, Project
from app.projects import DEFAULT_PROJECT

faces_commands = AppGroup("faces", help="Enrolled faces: numbers, and erasure. Never templates.")

_project = click.option("--project", default=DEFAULT_PROJECT, show_default=True)


@faces_commands.command("list")
@_project
@click.option("--collection", "name", help="List the faces of this collection instead of all collections.")
def list_faces(project: str, name: str | None) -> None:
    """List collections, or the faces of one: ids and dates."""
    parts = command_parts()
    with clear_errors(), parts.database.reading() as db:
        project_id = _project_id(db, project)
        text = _collections(db, project_id) if name is None else _faces(db, get(db, project_id, name))
    click.echo(text)


@faces_commands.command("forget")
@_project
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
            collection = get(db, _project_id(db, project), name)
            if face_id is not None:
                forgotten = forget_face(db, collection, face_id, parts.now)
            else:
                forgotten = forget_external_id(db, collection, external_id or "", parts.now)
            if not forgotten:
                raise NotFoundError("there is no such face in the collection")
        erase_traces(parts.database)
    click.echo("The face is forgotten.")


def _project_id(db: Session, name: str) -> str:
    project_id = db.scalar(select(Project.id).filter_by(name=name))
    if project_id is None:
        raise NotFoundError(f"there is no project {name!r}")
    return project_id


def _collections(db: Session, project_id: str) -> str:
    faces = select(func.count()).where(Face.collection_id == Collection.id).scalar_subquery()
    rows = db.execute(
        select(Collection.name, faces, Collection.dimensions, Collection.updated_at)
        .filter_by(project_id=project_id)
        .order_by(Collection.name)
    )
    return render_table(
        ("collection", "faces", "dimensions", "changed"), [(*row[:3], _date(row[3])) for row in rows]
    )


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
