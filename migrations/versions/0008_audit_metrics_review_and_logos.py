"""The audit log, counts for metrics, signs of life of workers, reviews by operators, and logos.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UNCOUNTED = sa.text("counted_at IS NULL AND concluded_at IS NOT NULL")
# Reviews had no deadline before; those that wait get the default of three days from their beginning.
DEADLINE_SECONDS = 72 * 3600


def upgrade() -> None:
    """Make the tables; sessions that are over already are counted by the worker."""
    _make_audit_tables()
    _make_review_tables()
    op.create_table(
        "metric_rollup",
        sa.Column("seconds", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verification_id", sa.String(length=36), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seconds", "start", "verification_id", name=op.f("pk_metric_rollup")),
    )
    op.create_table(
        "worker_heartbeat",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_heartbeat")),
    )
    op.create_index(op.f("ix_worker_heartbeat_seen_at"), "worker_heartbeat", ["seen_at"])
    op.create_table(
        "brand_logo",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand_logo")),
    )
    op.add_column("verification_session", sa.Column("counted_at", sa.Double(), nullable=True))
    op.create_index(
        "ix_verification_session_uncounted",
        "verification_session",
        ["concluded_at"],
        sqlite_where=UNCOUNTED,
        postgresql_where=UNCOUNTED,
    )
    sessions = sa.table(
        "verification_session", sa.column("state"), sa.column("expires_at"), sa.column("concluded_at")
    )
    op.execute(
        sessions.update()
        .where(sessions.c.state == "review")
        .values(expires_at=sessions.c.concluded_at + DEADLINE_SECONDS)
    )


def _make_audit_tables() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
    )
    for name in ("at", "actor", "action", "subject"):
        op.create_index(op.f(f"ix_audit_entry_{name}"), "audit_entry", [name])
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )


def _make_review_tables() -> None:
    op.create_table(
        "review_case",
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("refusal", sa.String(length=32), nullable=False),
        sa.Column("enrol", sa.Boolean(), nullable=False),
        sa.Column("collection_id", sa.String(length=36), nullable=True),
        sa.Column("sealed_template", sa.LargeBinary(), nullable=True),
        sa.Column("effective_size", sa.Double(), nullable=True),
        sa.Column("recognition_model", sa.String(length=80), nullable=True),
        sa.Column("landmarker", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["verification_session.id"],
            name=op.f("fk_review_case_session_id_verification_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_review_case")),
    )
    op.create_index(op.f("ix_review_case_opened_at"), "review_case", ["opened_at"])
    op.create_table(
        "review_vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("operator", sa.String(length=200), nullable=False),
        sa.Column("verdict", sa.String(length=6), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["verification_session.id"],
            name=op.f("fk_review_vote_session_id_verification_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_vote")),
        sa.UniqueConstraint("session_id", "operator", name=op.f("uq_review_vote_session_id")),
    )


def downgrade() -> None:
    """Drop it all; numbers that were counted are lost, sessions are counted again when it is run anew."""
    op.drop_index("ix_verification_session_uncounted", "verification_session")
    op.drop_column("verification_session", "counted_at")
    for table in (
        "brand_logo",
        "worker_heartbeat",
        "metric_rollup",
        "review_vote",
        "review_case",
        "audit_head",
        "audit_entry",
    ):
        op.drop_table(table)
