"""The list of configurations: published ones and those that are only drafts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import ConfigurationDraft, Project, Verification, VerificationVersion
from app.verifications.configuration import Configuration
from app.verifications.overrides import enabled_verifiers
from app.vocabulary import VerifierName


@dataclass(frozen=True, slots=True)
class Listed:
    """One configuration in the list."""

    id: str
    name: str
    project: str
    version: int
    """0 = never published."""
    has_draft: bool
    changed_at: float
    verifiers: tuple[VerifierName, ...]
    description: str


def list_configurations(db: Session) -> list[Listed]:
    """Return all that were not deleted, by name."""
    projects = {project.id: project.name for project in db.scalars(select(Project))}
    drafts = {draft.verification_id: draft for draft in db.scalars(select(ConfigurationDraft))}
    rows = db.execute(
        select(Verification, VerificationVersion)
        .join(
            VerificationVersion,
            (VerificationVersion.verification_id == Verification.id)
            & (VerificationVersion.number == Verification.current_version),
        )
        .where(Verification.deleted_at.is_(None))
    ).all()
    published = [
        _listed(row, version.document, version.published_at, projects, drafts) for row, version in rows
    ]
    only_drafts = [
        _listed_draft(draft, projects)
        for draft in drafts.values()
        if not draft.base_version and draft.verification_id not in {each.id for each in published}
    ]
    return sorted([*published, *only_drafts], key=lambda each: (each.name.casefold(), each.id))


def projects_of(db: Session) -> Sequence[Project]:
    """Return all projects, by name."""
    return db.scalars(select(Project).order_by(Project.name)).all()


def _listed(
    row: Verification,
    document: str,
    published_at: float,
    projects: dict[str, str],
    drafts: dict[str, ConfigurationDraft],
) -> Listed:
    configuration = Configuration.model_validate_json(document)
    draft = drafts.get(row.id)
    return Listed(
        row.id,
        configuration.name,
        projects[row.project_id],
        row.current_version,
        draft is not None,
        max(published_at, draft.changed_at if draft else 0.0),
        _verifiers(configuration),
        configuration.description,
    )


def _listed_draft(draft: ConfigurationDraft, projects: dict[str, str]) -> Listed:
    configuration = Configuration.model_validate_json(draft.document)
    return Listed(
        draft.verification_id,
        configuration.name,
        projects[draft.project_id],
        0,
        True,
        draft.changed_at,
        _verifiers(configuration),
        configuration.description,
    )


def _verifiers(configuration: Configuration) -> tuple[VerifierName, ...]:
    running = enabled_verifiers(configuration)
    return tuple(name for name in VerifierName if name in running)
