"""Which way an Advanced challenge went, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns."""
    op.add_column("verification_session", sa.Column("challenge_path", sa.String(length=16), nullable=True))
    op.add_column(
        "verification_session", sa.Column("challenge_path_reason", sa.String(length=24), nullable=True)
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("verification_session", "challenge_path_reason")
    op.drop_column("verification_session", "challenge_path")
