"""Enrolled faces: search, index, name, delete."""

from sqlalchemy.orm import Session

from app.api.answering import new_section
from app.api.auditing import note
from app.api.collections import NamedCollection, owned_collection
from app.api.face_pictures import template_of
from app.api.face_shapes import (
    DeletedFaces,
    FaceMatches,
    FacePage,
    FacesOfCollection,
    FindFaces,
    IndexedFace,
    IndexFace,
    KeyOfFace,
    NamedFace,
    OneFace,
    SearchedOrIndexedFace,
    SearchFace,
    SearchOrIndexFace,
    face_document,
    face_match,
)
from app.api.guards import require_scope
from app.api.pages import read_cursor, write_cursor
from app.api.scopes import Scope
from app.audit.actions import Action
from app.errors import InputError, NotFoundError, StateConflictError
from app.faces.calibration import search_thresholds
from app.faces.collections import lock_collection
from app.faces.enrolment import face_of, forget_all, forget_face
from app.faces.erasure import erase_traces
from app.faces.keys import add_key, face_named, remove_key
from app.faces.matching import Search, index_face, search, search_or_index
from app.faces.records import list_faces, record_of
from app.faces.types import Template
from app.hosted.guards import runtime
from app.models import Collection, Face
from app.runtime import Runtime

section = new_section(
    "Faces",
    "face",
    "Enrolled faces of a collection. A picture is looked at and forgotten; templates stay here.",
)
section.blueprint.before_request(require_scope)


@section.operation(
    "search",
    methods=("POST",),
    need=Scope.FACES_READ,
    request=FindFaces,
    answer=FaceMatches,
    errors=(NotFoundError,),
    takes_picture=True,
)
def search_face(wish: FindFaces) -> FaceMatches:
    """Find the largest face of a picture in a collection.

    Every face of the collection is compared, and those alike enough are answered, best first.
    """
    parts = runtime()
    probe = template_of(parts.engine, wish.image)
    # The search holds the collection's lock, so it is a transaction, although nothing is written.
    with parts.database.transaction() as db:
        collection = owned_collection(db, wish.collection_id)
        how = _how(db, parts, collection, wish, probe)
        matches = search(db, how, collection, probe, wish.max_matches)
    return FaceMatches(matches=[face_match(match) for match in matches])


@section.operation(
    "index",
    methods=("POST",),
    need=Scope.FACES_WRITE,
    request=IndexFace,
    answer=IndexedFace,
    errors=(NotFoundError, StateConflictError),
    takes_picture=True,
)
def index_one_face(wish: IndexFace) -> IndexedFace:
    """Store the largest face of a picture, whether or not it is there already."""
    parts = runtime()
    probe = template_of(parts.engine, wish.image)
    with parts.database.transaction() as db:
        stored = index_face(
            db, parts.sealer, owned_collection(db, wish.collection_id), probe, parts.clock(),
            external_keys=wish.external_keys, payload=wish.payload,
        )  # fmt: skip
    return IndexedFace(face_id=stored.face_id, face=face_document(stored))


@section.operation(
    "search-or-index",
    methods=("POST",),
    need=Scope.FACES_WRITE,
    request=SearchOrIndexFace,
    answer=SearchedOrIndexedFace,
    errors=(NotFoundError, StateConflictError),
    takes_picture=True,
)
def search_or_index_face(wish: SearchOrIndexFace) -> SearchedOrIndexedFace:
    """Find a face, or store it when it is new.

    One step: of simultaneous calls with one new face exactly one stores it.
    """
    parts = runtime()
    probe = template_of(parts.engine, wish.image)
    with parts.database.transaction() as db:
        collection = owned_collection(db, wish.collection_id)
        how = _how(db, parts, collection, wish, probe)
        found = search_or_index(
            db, how, collection, probe, parts.clock(), external_keys=wish.external_keys, payload=wish.payload
        )
    return SearchedOrIndexedFace(
        face_id=found.face.face_id,
        face=face_document(found.face),
        result_source="Search" if found.match else "Index",
        match=face_match(found.match) if found.match else None,
    )


@section.operation(
    "get",
    methods=("GET",),
    need=Scope.FACES_READ,
    request=NamedFace,
    answer=OneFace,
    errors=(NotFoundError,),
)
def get_face(which: NamedFace) -> OneFace:
    """Show a face by its id or by one of its external keys."""
    with runtime().database.reading() as db:
        return OneFace(face=face_document(record_of(db, _named(db, which))))


@section.operation(
    "get-all",
    methods=("GET",),
    need=Scope.FACES_READ,
    request=FacesOfCollection,
    answer=FacePage,
    errors=(NotFoundError,),
)
def get_all_faces(page: FacesOfCollection) -> FacePage:
    """List the faces of a collection by id."""
    after = read_cursor(page.cursor, str)
    with runtime().database.reading() as db:
        collection = owned_collection(db, page.collection_id)
        rows = list_faces(db, collection, page.limit + 1, after[1] if after else "")
    shown = rows[: page.limit]
    last = shown[-1].face_id if len(rows) > page.limit else None
    return FacePage(
        faces=[face_document(row) for row in shown], next_cursor=write_cursor((last, last)) if last else None
    )


@section.operation(
    "add-external-key",
    methods=("POST",),
    need=Scope.FACES_WRITE,
    request=KeyOfFace,
    answer=OneFace,
    errors=(NotFoundError, StateConflictError),
)
def add_external_key(wish: KeyOfFace) -> OneFace:
    """Let an external key name a face.

    A key names one face of its collection, and never moves to another by itself. For visits it is the same
    as `reExternalId`.
    """
    parts = runtime()
    with parts.database.transaction() as db:
        collection = owned_collection(db, wish.collection_id)
        lock_collection(db, collection)
        face = face_of(db, collection, wish.face_id)
        add_key(db, collection, face, wish.external_key, parts.clock())
        return OneFace(face=face_document(record_of(db, face)))


@section.operation(
    "remove-external-key",
    methods=("POST",),
    need=Scope.FACES_WRITE,
    request=KeyOfFace,
    answer=OneFace,
    errors=(NotFoundError,),
)
def remove_external_key(wish: KeyOfFace) -> OneFace:
    """Let an external key no longer name a face; the face stays."""
    with runtime().database.transaction() as db:
        collection = owned_collection(db, wish.collection_id)
        lock_collection(db, collection)
        face = face_of(db, collection, wish.face_id)
        if not remove_key(db, face, wish.external_key):
            raise NotFoundError("this key does not name the face")
        return OneFace(face=face_document(record_of(db, face)))


@section.operation(
    "delete",
    methods=("POST", "DELETE"),
    need=Scope.FACES_WRITE,
    request=NamedFace,
    answer=DeletedFaces,
    errors=(NotFoundError,),
)
def delete_face(which: NamedFace) -> DeletedFaces:
    """Delete a face for good, with all of its external keys."""
    parts = runtime()
    with parts.database.transaction() as db:
        face = _named(db, which)
        forget_face(db, db.get_one(Collection, face.collection_id), face.id, parts.clock())
        note(db, Action.FACE_DELETE, f"face/{face.id}", before={"collection": face.collection_id})
    erase_traces(parts.database)
    return DeletedFaces(deleted_face_count=1)


@section.operation(
    "delete-all",
    methods=("POST", "DELETE"),
    need=Scope.FACES_WRITE,
    request=NamedCollection,
    answer=DeletedFaces,
    errors=(NotFoundError,),
)
def delete_all_faces(which: NamedCollection) -> DeletedFaces:
    """Delete every face of a collection for good; the collection stays."""
    parts = runtime()
    with parts.database.transaction() as db:
        collection = owned_collection(db, which.collection_id)
        count = forget_all(db, collection, parts.clock())
        note(db, Action.FACES_DELETE, f"collection/{collection.id}", before={"faces": count})
    erase_traces(parts.database)
    return DeletedFaces(deleted_face_count=count)


def _named(db: Session, which: NamedFace) -> Face:
    collection = owned_collection(db, which.collection_id)
    if (which.face_id is None) == (which.external_key is None):
        raise InputError("faceId", "give either faceId or externalKey")
    if which.face_id is not None:
        return face_of(db, collection, which.face_id)
    face = face_named(db, collection, which.external_key)
    if face is None:
        raise NotFoundError("no face of the collection has this key")
    return face


def _how(db: Session, parts: Runtime, collection: Collection, wish: SearchFace, probe: Template) -> Search:
    """Return how to search; a threshold of the caller's own counts only where it is the stricter one.

    Customary numbers such as 70 belong to other models: taken as they are, they would match everybody.
    """
    how = Search(parts.index, parts.sealer, parts.calibration, wish.false_match_rate)
    if wish.face_match_threshold is None:
        return how
    size = parts.index.count(db, collection, probe.kind)
    strictest = search_thresholds(parts.calibration, wish.false_match_rate, size, probe.effective_size, None)[
        0
    ]
    own = wish.face_match_threshold / 100
    if own <= strictest:
        return how
    return Search(parts.index, parts.sealer, parts.calibration, wish.false_match_rate, own)
