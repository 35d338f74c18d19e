"""Sessions that have neither reason nor deadline yet leave the indexes over these: opening one writes less.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLE = "verification_session"
COLUMNS = {
    "ix_verification_session_reason": ["reason", "created_at", "id", "state", "verification_id"],
    "ix_verification_session_purge_at": ["purge_at"],
}


def upgrade() -> None:
    """Make both indexes anew, over the rows that have something to be found by."""
    for name, columns in COLUMNS.items():
        known = sa.text(f"{columns[0]} IS NOT NULL")
        op.drop_index(name, TABLE)
        op.create_index(name, TABLE, columns, sqlite_where=known, postgresql_where=known)


def downgrade() -> None:
    """Make both over all rows again."""
    for name, columns in COLUMNS.items():
        op.drop_index(name, TABLE)
        op.create_index(name, TABLE, columns)
