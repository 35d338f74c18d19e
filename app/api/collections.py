"""Collections of faces."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from app.api.answering import new_section
from app.api.auditing import note
from app.api.guards import caller, require_scope
from app.api.pages import Page, PageRequest, read_cursor, write_cursor
from app.api.scopes import Scope
from app.api.shapes import Answer, Request, Text, moment
from app.audit.actions import Action
from app.errors import AlreadyExistsError, NotFoundError, StateConflictError
from app.faces import collections
from app.faces.collections import MAX_DESCRIPTION, MAX_NAME, CollectionSummary
from app.faces.erasure import erase_traces
from app.faces.usage import verifications_using
from app.hosted.guards import runtime
from app.models import Collection

section = new_section(
    "Collections", "collection", "Sets of enrolled faces; nothing is ever compared across two of them."
)
section.blueprint.before_request(require_scope)

CollectionName = Annotated[Text, StringConstraints(min_length=1, max_length=MAX_NAME)]
Description = Annotated[Text, StringConstraints(max_length=MAX_DESCRIPTION)]


class NamedCollection(Request):
    """Which collection."""

    collection_id: CollectionName


class NewCollection(NamedCollection):
    """A collection to make."""

    description: Description = ""


class ChangedCollection(NamedCollection):
    """What to change; what is left out stays."""

    new_collection_id: CollectionName | None = None
    """Refused while a verification uses the collection."""
    description: Description | None = None


class CollectionDocument(Answer):
    """A collection."""

    collection_id: str
    description: str | None
    face_count: int
    created_at: datetime
    updated_at: datetime


class OneCollection(Answer):
    """A collection as it stands."""

    recognition_collection: CollectionDocument


class CollectionPage(Page):
    """Collections, by name."""

    collections: list[CollectionDocument] = Field(max_length=200)


class EmptiedCollection(Answer):
    """How many faces were deleted."""

    collection_id: str
    deleted_face_count: int


@section.operation(
    "create",
    methods=("POST",),
    need=Scope.FACES_WRITE,
    request=NewCollection,
    answer=OneCollection,
    errors=(AlreadyExistsError,),
)
def create_collection(wish: NewCollection) -> OneCollection:
    """Make an empty collection.

    A collection that a verification names is made by its first visitor, too.
    """
    parts = runtime()
    with parts.database.transaction() as db:
        try:
            made = collections.create(
                db, parts.sealer, caller().project_id, wish.collection_id,
                parts.engine.embedding_dimensions, parts.clock(), description=wish.description,
            )  # fmt: skip
        except StateConflictError:
            raise AlreadyExistsError("a collection of this name exists already") from None
        return _one(db, made)


@section.operation(
    "get",
    methods=("GET",),
    need=Scope.FACES_READ,
    request=NamedCollection,
    answer=OneCollection,
    errors=(NotFoundError,),
)
def get_collection(which: NamedCollection) -> OneCollection:
    """Show a collection."""
    with runtime().database.reading() as db:
        return _one(db, owned_collection(db, which.collection_id))


@section.operation(
    "get-all", methods=("GET",), need=Scope.FACES_READ, request=PageRequest, answer=CollectionPage
)
def get_all_collections(page: PageRequest) -> CollectionPage:
    """List collections by name."""
    after = read_cursor(page.cursor, str)
    with runtime().database.reading() as db:
        found = collections.list_collections(db, caller().project_id)
    # Databases sort names each in their own way; the cursor needs one order.
    found.sort(key=lambda each: each.collection.name)
    rest = [each for each in found if after is None or each.collection.name > str(after[0])]
    shown = rest[: page.limit]
    last = shown[-1].collection if len(rest) > page.limit else None
    return CollectionPage(
        collections=[_document(each) for each in shown],
        next_cursor=write_cursor((last.name, last.id)) if last else None,
    )


@section.operation(
    "update",
    methods=("POST", "PUT"),
    need=Scope.FACES_WRITE,
    request=ChangedCollection,
    answer=OneCollection,
    errors=(NotFoundError, StateConflictError),
)
def update_collection(wish: ChangedCollection) -> OneCollection:
    """Change a collection's description or name."""
    parts = runtime()
    with parts.database.transaction() as db:
        collection = owned_collection(db, wish.collection_id)
        collections.update(
            db, collection, parts.clock(), name=wish.new_collection_id, description=wish.description
        )
        note(db, Action.COLLECTION_CHANGE, f"collection/{collection.id}")
        return _one(db, collection)


@section.operation(
    "reset",
    methods=("POST",),
    need=Scope.FACES_WRITE,
    request=NamedCollection,
    answer=EmptiedCollection,
    errors=(NotFoundError,),
)
def reset_collection(which: NamedCollection) -> EmptiedCollection:
    """Delete every face and change the key.

    Templates in old backups cannot be read with the new key.
    """
    parts = runtime()
    with parts.database.transaction() as db:
        collection = owned_collection(db, which.collection_id)
        count = collections.count_faces(db, collection)
        collections.reset(db, parts.sealer, collection, parts.clock())
        note(db, Action.COLLECTION_RESET, f"collection/{collection.id}", before={"faces": count})
    erase_traces(parts.database)
    return EmptiedCollection(collection_id=which.collection_id, deleted_face_count=count)


@section.operation(
    "delete",
    methods=("POST", "DELETE"),
    need=Scope.FACES_WRITE,
    request=NamedCollection,
    answer=EmptiedCollection,
    errors=(NotFoundError, StateConflictError),
)
def delete_collection(which: NamedCollection) -> EmptiedCollection:
    """Delete a collection with its faces, destroying its key first.

    Refused while a verification uses it: its next visitor would begin an empty collection of that name, and
    every duplicate would pass.
    """
    parts = runtime()
    with parts.database.transaction() as db:
        collection = owned_collection(db, which.collection_id)
        users = verifications_using(db, collection)
        if users:
            raise StateConflictError(f"the collection is used by the verification {users[0]!r}")
        count = collections.count_faces(db, collection)
        collections.delete(db, collection, parts.clock())
        note(db, Action.COLLECTION_DELETE, f"collection/{collection.id}", before={"faces": count})
    erase_traces(parts.database)
    return EmptiedCollection(collection_id=which.collection_id, deleted_face_count=count)


def owned_collection(db: Session, name: str) -> Collection:
    """Return one of the caller's collections; `NotFoundError` otherwise."""
    return collections.get(db, caller().project_id, name)


def _one(db: Session, collection: Collection) -> OneCollection:
    summary = CollectionSummary(collection, collections.count_faces(db, collection))
    return OneCollection(recognition_collection=_document(summary))


def _document(summary: CollectionSummary) -> CollectionDocument:
    collection = summary.collection
    return CollectionDocument(
        collection_id=collection.name,
        description=collection.description or None,
        face_count=summary.faces,
        created_at=moment(collection.created_at),
        updated_at=moment(collection.updated_at),
    )
