"""Verification configurations: create, read, replace, delete."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.api.answering import new_section
from app.api.auditing import note
from app.api.guards import caller, require_scope
from app.api.owned import owned_verification
from app.api.pages import Page, PageRequest, read_cursor, write_cursor
from app.api.scopes import Scope
from app.api.shapes import Answer, Guid, Request, moment
from app.audit.actions import Action
from app.errors import AlreadyExistsError, NotFoundError
from app.hosted.guards import runtime
from app.models import Verification
from app.verifications.configuration import Configuration
from app.verifications.document import ConfigurationRefusedError
from app.verifications.store import PublishedConfiguration, publish

section = new_section(
    "Verifications",
    "verification",
    "Configurations that links point at, and the sessions that they open.",
)
section.blueprint.before_request(require_scope)


class NewConfiguration(Configuration):
    """A configuration; one without `id` is given one."""

    id: Guid | None = None  # type: ignore[assignment]


class NamedVerification(Request):
    """Which verification."""

    verification_id: Guid


class VersionedVerification(Answer):
    """A verification as it stands."""

    verification_id: str
    version: int
    """Raised by every change; a running session keeps the version it began with."""
    verification: Configuration


class ListedVerification(Answer):
    """One line of the list."""

    verification_id: str
    name: str
    version: int
    created_at: datetime


class VerificationPage(Page):
    """Verifications, by name."""

    verifications: list[ListedVerification] = Field(max_length=200)


class DeletedVerification(Answer):
    """What was deleted."""

    verification_id: str
    deleted_at: datetime


@section.operation(
    "create",
    methods=("POST",),
    need=Scope.VERIFICATIONS_WRITE,
    request=NewConfiguration,
    answer=VersionedVerification,
    errors=(ConfigurationRefusedError, AlreadyExistsError),
)
def create_verification(document: NewConfiguration) -> VersionedVerification:
    """Create a verification.

    The body is the configuration. Whatever is left out has its default; the answer shows all of it.
    """
    parts = runtime()
    with parts.database.transaction() as db:
        if document.id is not None and db.get(Verification, document.id) is not None:
            raise AlreadyExistsError("a verification with this id exists already")
        return _published(db, document)


@section.operation(
    "get",
    methods=("GET",),
    need=Scope.VERIFICATIONS_READ,
    request=NamedVerification,
    answer=VersionedVerification,
    errors=(NotFoundError,),
)
def get_verification(which: NamedVerification) -> VersionedVerification:
    """Show a verification's current configuration, complete with defaults."""
    with runtime().database.reading() as db:
        return _versioned(owned_verification(db, which.verification_id))


@section.operation(
    "get-all",
    methods=("GET",),
    need=Scope.VERIFICATIONS_READ,
    request=PageRequest,
    answer=VerificationPage,
)
def get_all_verifications(page: PageRequest) -> VerificationPage:
    """List verifications by name."""
    with runtime().database.reading() as db:
        rows = _rows(db, page)
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    return VerificationPage(
        verifications=[_listed(row) for row in rows],
        next_cursor=write_cursor((rows[-1].name, rows[-1].id)) if more else None,
    )


@section.operation(
    "update",
    methods=("POST", "PUT"),
    need=Scope.VERIFICATIONS_WRITE,
    request=Configuration,
    answer=VersionedVerification,
    errors=(ConfigurationRefusedError, NotFoundError),
)
def update_verification(document: Configuration) -> VersionedVerification:
    """Replace a verification's configuration.

    The body is the whole configuration with its `id`: what is left out goes back to its default. It becomes
    a new version, or stays the same one when nothing changed; running sessions keep theirs.
    """
    parts = runtime()
    with parts.database.transaction() as db:
        owned_verification(db, document.id)
        return _published(db, document)


@section.operation(
    "delete",
    methods=("POST", "DELETE"),
    need=Scope.VERIFICATIONS_WRITE,
    request=NamedVerification,
    answer=DeletedVerification,
    errors=(NotFoundError,),
)
def delete_verification(which: NamedVerification) -> DeletedVerification:
    """Delete a verification.

    Its links are refused from now on. Sessions that run go on to their end, and their results stay for as
    long as they were to be kept; faces stay in their collection.
    """
    parts = runtime()
    now = parts.clock()
    with parts.database.transaction() as db:
        owned_verification(db, which.verification_id)
        db.get_one(Verification, which.verification_id).deleted_at = now
        note(db, Action.CONFIGURATION_DELETE, f"verification/{which.verification_id}")
    return DeletedVerification(verification_id=which.verification_id, deleted_at=moment(now))


def _published(db: Session, document: Configuration) -> VersionedVerification:
    published = publish(db, caller().project_id, _content(document), runtime().clock())
    subject = f"verification/{published.configuration.id}"
    note(db, Action.CONFIGURATION_PUBLISH, subject, {"version": published.number})
    return _versioned(published)


def _content(document: Configuration) -> dict[str, object]:
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


def _versioned(published: PublishedConfiguration) -> VersionedVerification:
    configuration = published.configuration
    return VersionedVerification(
        verification_id=configuration.id, version=published.number, verification=configuration
    )


def _rows(db: Session, page: PageRequest) -> list[Verification]:
    query = select(Verification).where(
        Verification.project_id == caller().project_id, Verification.deleted_at.is_(None)
    )
    after = read_cursor(page.cursor, str)
    if after is not None:
        query = query.where(tuple_(Verification.name, Verification.id) > after)
    ordered = query.order_by(Verification.name, Verification.id)
    return list(db.scalars(ordered.limit(page.limit + 1)))


def _listed(row: Verification) -> ListedVerification:
    return ListedVerification(
        verification_id=row.id, name=row.name, version=row.current_version, created_at=moment(row.created_at)
    )
