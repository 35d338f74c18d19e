"""Keys that outlive the master key they were derived from.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; it stays empty until the master key is changed for the first time."""
    op.create_table(
        "retained_key",
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", name=op.f("pk_retained_key")),
    )


def downgrade() -> None:
    """Drop the table, and with it every key that was retained."""
    op.drop_table("retained_key")
