"""Who may do what in the console: four roles, and one permission for every route."""

from enum import StrEnum


class Permission(StrEnum):
    """What a route demands of the operator who calls it."""

    READ = "read"
    """See configurations, sessions, faces' ids, deliveries and metrics."""
    CONFIGURE = "configure"
    """Edit, publish, roll back and delete configurations; looks, webhooks."""
    REVIEW = "review"
    """Decide sessions that wait for a person."""
    ERASE = "erase"
    """Redact sessions, delete faces, block and unblock."""
    SECRETS = "secrets"
    """Make and end signing secrets, webhook secrets and API keys."""
    OPERATORS = "operators"
    """Invite, change and disable operators."""
    AUDIT = "audit"
    """Read the audit log."""


class Access(StrEnum):
    """Routes that ask for less than a role."""

    PUBLIC = "public"
    """Everybody: the login page and set-up links."""
    SECOND_FACTOR = "second_factor"
    """Who has entered a password and owes a code."""
    ENROLMENT = "enrolment"
    """Who has entered a password and has no second factor yet."""
    SIGNED_IN = "signed_in"
    """Every operator, whatever the role: one's own account."""


class Role(StrEnum):
    """Role of an operator."""

    OWNER = "owner"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    VIEWER = "viewer"

    def may(self, permission: Permission) -> bool:
        """Tell whether this role has the permission."""
        return permission in PERMISSIONS[self]


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.EDITOR: frozenset({Permission.READ, Permission.CONFIGURE}),
    Role.REVIEWER: frozenset({Permission.READ, Permission.REVIEW, Permission.ERASE}),
    Role.VIEWER: frozenset({Permission.READ}),
}

# A viewer changes nothing and may postpone the second factor; whoever can change something may not.
MAY_POSTPONE_SECOND_FACTOR = frozenset({Role.VIEWER})
