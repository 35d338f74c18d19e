"""Indexes for lists of sessions by two things at once.

One for the sessions of a verification in one state; and the one by reason also holds what else may be asked
for, so that rows that do not fit are passed over without being read.

Revision: 0011
Follows: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLE = "verification_session"
OF_VERIFICATION = "ix_verification_session_of_verification"
BY_REASON = "ix_verification_session_reason"


def upgrade() -> None:
    """Make the one and widen the other."""
    op.create_index(OF_VERIFICATION, TABLE, ["verification_id", "state", "created_at", "id"])
    op.drop_index(BY_REASON, TABLE)
    op.create_index(BY_REASON, TABLE, ["reason", "created_at", "id", "state", "verification_id"])


def downgrade() -> None:
    """Undo both."""
    op.drop_index(BY_REASON, TABLE)
    op.create_index(BY_REASON, TABLE, ["reason", "created_at", "id"])
    op.drop_index(OF_VERIFICATION, TABLE)
