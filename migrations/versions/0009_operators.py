"""Operators of the console, drafts of configurations, and indexes for lists of sessions.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Column of sessions -> whether it had an index of its own before.
LISTED_BY = {"state": True, "verification_id": True, "external_id": True, "reason": False}


def upgrade() -> None:
    """Make the tables; let the indexes of sessions carry the order of the list as well."""
    _make_accounts()
    _make_drafts()
    op.drop_index("ix_verification_session_created_at", "verification_session")
    op.create_index("ix_verification_session_created_at", "verification_session", ["created_at", "id"])
    for column, had_index in LISTED_BY.items():
        name = f"ix_verification_session_{column}"
        if had_index:
            op.drop_index(name, "verification_session")
        op.create_index(name, "verification_session", [column, "created_at", "id"])


def downgrade() -> None:
    """Go back to one index for each column, and drop the tables."""
    for column, had_index in LISTED_BY.items():
        name = f"ix_verification_session_{column}"
        op.drop_index(name, "verification_session")
        if had_index:
            op.create_index(name, "verification_session", [column])
    op.drop_index("ix_verification_session_created_at", "verification_session")
    op.create_index("ix_verification_session_created_at", "verification_session", ["created_at"])
    for table in (
        "configuration_draft",
        "login_throttle",
        "recovery_code",
        "operator_link",
        "operator_session",
        "operator",
    ):
        op.drop_table(table)


def _make_accounts() -> None:
    op.create_table(
        "operator",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("sealed_totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", sa.Double(), nullable=True),
        sa.Column("last_totp_step", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("last_login_at", sa.Double(), nullable=True),
        sa.Column("disabled_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
        sa.UniqueConstraint("email", name=op.f("uq_operator_email")),
    )
    op.create_table(
        "operator_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.String(length=36), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("last_seen_at", sa.Double(), nullable=False),
        sa.Column("proved_at", sa.Double(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        _of_operator("operator_session"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_operator_session")),
    )
    op.create_index(op.f("ix_operator_session_operator_id"), "operator_session", ["operator_id"])
    op.create_table(
        "operator_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.String(length=36), nullable=True),
        sa.Column("seed", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.Column("announced_at", sa.Double(), nullable=True),
        _of_operator("operator_link"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_operator_link")),
    )
    op.create_index(op.f("ix_operator_link_operator_id"), "operator_link", ["operator_id"])
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.String(length=36), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        _of_operator("recovery_code"),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_operator_id"), "recovery_code", ["operator_id"])
    op.create_table(
        "login_throttle",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failure_at", sa.Double(), nullable=False),
        sa.Column("blocked_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_throttle")),
    )


def _of_operator(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["operator_id"],
        ["operator.id"],
        name=op.f(f"fk_{table}_operator_id_operator"),
        ondelete="CASCADE",
    )


def _make_drafts() -> None:
    op.create_table(
        "configuration_draft",
        sa.Column("verification_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("changed_by", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_configuration_draft_project_id_project")
        ),
        sa.PrimaryKeyConstraint("verification_id", name=op.f("pk_configuration_draft")),
    )
    op.create_index(op.f("ix_configuration_draft_project_id"), "configuration_draft", ["project_id"])
