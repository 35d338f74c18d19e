"""Keys of the REST API, answers kept for repeated requests, redactions and refused redemptions.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("last_used_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_api_key_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
    )
    op.create_index(op.f("ix_api_key_project_id"), "api_key", ["project_id"])
    op.create_table(
        "idempotent_request",
        sa.Column("api_key_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("session_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_key.id"],
            name=op.f("fk_idempotent_request_api_key_id_api_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("api_key_id", "key", name=op.f("pk_idempotent_request")),
    )
    op.create_index(op.f("ix_idempotent_request_created_at"), "idempotent_request", ["created_at"])
    op.create_index(op.f("ix_idempotent_request_session_id"), "idempotent_request", ["session_id"])
    op.create_table(
        "redaction",
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("external_id_hash", sa.String(length=64), nullable=True),
        sa.Column("correlation_id_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["verification_session.id"],
            name=op.f("fk_redaction_session_id_verification_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_redaction")),
    )
    op.add_column(
        "result_code", sa.Column("refused_redemptions", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("result_code", sa.Column("last_refused_at", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("result_code", "last_refused_at")
    op.drop_column("result_code", "refused_redemptions")
    op.drop_table("redaction")
    op.drop_index(op.f("ix_idempotent_request_session_id"), "idempotent_request")
    op.drop_index(op.f("ix_idempotent_request_created_at"), "idempotent_request")
    op.drop_table("idempotent_request")
    op.drop_index(op.f("ix_api_key_project_id"), "api_key")
    op.drop_table("api_key")
