"""Faces and collections: ids, names and dates, never templates; deletion with a receipt."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.audit.actions import Action, Actor
from app.audit.log import record
from app.console.auditing import record_audit
from app.console.forms import Form, empty_form, errors_at_fields, sent_form
from app.console.navigation import Entry, add_entry
from app.console.notices import add_notices, done
from app.console.pages import render
from app.console.parts import now, operator, runtime
from app.console.query_values import short_text
from app.console.roles import Permission
from app.console.routing import route
from app.errors import InputError, NotFoundError
from app.faces import collections
from app.faces.enrolment import face_of, forget_face
from app.faces.erasure import erase_traces
from app.faces.keys import MAX_KEY
from app.faces.records import FaceRecord, record_of
from app.faces.usage import verifications_using
from app.models import AuditEntry, Collection, CollectionKind, Face, FaceKey, Project

PAGE = 50
MOST_FOUND = 100

add_entry("Faces", Entry("Collections", "console.collections_page", "/console/faces"))
add_notices(
    {
        "collection-reset": "The collection is empty, and old backups of it stay unreadable.",
        "collection-deleted": "The collection is deleted, its key first.",
    }
)


@dataclass(frozen=True, slots=True)
class FoundFace:
    """One face and where it is."""

    face: FaceRecord
    collection: Collection


@dataclass(frozen=True, slots=True)
class Receipt:
    """What proves that a face was deleted: the entry of the audit log."""

    entry: AuditEntry
    face_id: str
    collection: str
    traces_gone: bool
    """False: the database's log still holds a trace; the worker empties it within seconds."""


@route("/faces", Permission.READ)
def collections_page() -> Response:
    """List collections."""
    return _collections_page(empty_form())


@route("/faces/search", Permission.READ, methods=("POST",))
def search_faces() -> Response:
    """Find faces by the site's id of a person; sent as a form, so that no id ends up in an address."""
    form, found = sent_form(), None
    with errors_at_fields(form):
        wanted = short_text(form, "external_id", MAX_KEY)
        if wanted is None:
            raise InputError("external_id", "must not be empty")
        with runtime().database.reading() as db:
            found = _named(db, wanted)
    return _collections_page(form, found)


@route("/faces/collections/<collection_id>", Permission.READ)
def collection_page(collection_id: str) -> Response:
    """Show the faces of a collection, those seen last first."""
    return _collection_page(collection_id, empty_form())


@route("/faces/collections/<collection_id>/reset", Permission.ERASE, methods=("POST",), fresh=True)
def reset_collection(collection_id: str) -> Response:
    """Delete every face and change the key."""
    form, parts = sent_form(), runtime()
    with errors_at_fields(form), parts.database.transaction() as db:
        collection = _collection(db, collection_id)
        _require_name(form, collection)
        count = collections.count_faces(db, collection)
        collections.reset(db, parts.sealer, collection, now())
        record_audit(db, Action.COLLECTION_RESET, f"collection/{collection_id}", before={"faces": count})
    if form.errors:
        return _collection_page(collection_id, form)
    erase_traces(parts.database)
    return done("collection-reset", "console.collections_page")


@route("/faces/collections/<collection_id>/delete", Permission.ERASE, methods=("POST",), fresh=True)
def delete_collection(collection_id: str) -> Response:
    """Delete a collection that no verification uses, its key first."""
    form, parts = sent_form(), runtime()
    with errors_at_fields(form), parts.database.transaction() as db:
        collection = _collection(db, collection_id)
        _require_name(form, collection)
        users = verifications_using(db, collection)
        if users:
            raise InputError("name", f"is used by the verification {users[0]!r}: empty it instead")
        before = {"faces": collections.count_faces(db, collection)}
        collections.delete(db, collection, now())
        record_audit(db, Action.COLLECTION_DELETE, f"collection/{collection_id}", before=before)
    if form.errors:
        return _collection_page(collection_id, form)
    erase_traces(parts.database)
    return done("collection-deleted", "console.collections_page")


@route("/faces/collections/<collection_id>/<face_id>/delete", Permission.ERASE, methods=("POST",), fresh=True)
def delete_face(collection_id: str, face_id: str) -> Response:
    """Delete one face for good and show a receipt."""
    parts = runtime()
    with parts.database.transaction() as db:
        collection = _collection(db, collection_id)
        face_of(db, collection, face_id)
        forget_face(db, collection, face_id, now())
        who = Actor(operator().email, operator().role.value)
        before = {"collection": collection.id}
        entry = record(db, who, Action.FACE_DELETE, f"face/{face_id}", before, None, now())
    gone = erase_traces(parts.database)
    return render("face_receipt.html", receipt=Receipt(entry, face_id, collection.name, gone))


def _collection(db: Session, collection_id: str) -> Collection:
    collection = db.get(Collection, collection_id)
    if collection is None or collection.kind != CollectionKind.FACES:
        raise NotFoundError("there is no such collection")
    return collection


def _require_name(form: Form, collection: Collection) -> None:
    """A collection is a lot to lose: whoever means it types its name."""
    if form.text("name").strip() != collection.name:
        raise InputError("name", "is not the name of this collection")


def _named(db: Session, external_id: str) -> list[FoundFace]:
    query = (
        select(Face, Collection)
        .join(FaceKey, FaceKey.face_id == Face.id)
        .join(Collection, Collection.id == Face.collection_id)
        .where(FaceKey.external_id == external_id, Collection.kind == CollectionKind.FACES)
        .order_by(Collection.name)
        .limit(MOST_FOUND)
    )
    return [FoundFace(record_of(db, face), collection) for face, collection in db.execute(query)]


def _collections_page(form: Form, found: list[FoundFace] | None = None) -> Response:
    with runtime().database.reading() as db:
        projects = db.scalars(select(Project).order_by(Project.name)).all()
        listed = [(row, collections.list_collections(db, row.id)) for row in projects]
    return render("collections.html", form.status, form=form, listed=listed, found=found)


def _collection_page(collection_id: str, form: Form) -> Response:
    with runtime().database.reading() as db:
        collection = _collection(db, collection_id)
        query = select(Face).filter_by(collection_id=collection_id)
        faces = db.scalars(query.order_by(Face.last_seen_at.desc(), Face.id).limit(PAGE))
        return render(
            "collection.html",
            form.status,
            form=form,
            collection=collection,
            count=collections.count_faces(db, collection),
            faces=[record_of(db, face) for face in faces],
            users=verifications_using(db, collection),
            page=PAGE,
        )
