"""Faces carry payloads, collections have kinds, templates of a next model have a place.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns are only added: a table that SQLite had to copy would take everything that refers to it along.
    op.add_column(
        "collection", sa.Column("kind", sa.String(length=8), server_default="faces", nullable=False)
    )
    op.add_column("collection", sa.Column("next_recognition_model", sa.String(length=80), nullable=True))
    op.add_column("collection", sa.Column("next_landmarker", sa.String(length=80), nullable=True))
    op.add_column("collection", sa.Column("next_dimensions", sa.Integer(), nullable=True))
    op.add_column("collection", sa.Column("sealed_next_rotation", sa.LargeBinary(), nullable=True))
    op.add_column("face", sa.Column("payload", sa.JSON(), nullable=True))
    op.create_table(
        "next_template",
        sa.Column("face_id", sa.String(length=32), nullable=False),
        sa.Column("protected_template", sa.LargeBinary(), nullable=False),
        sa.Column("effective_size", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["face_id"], ["face.id"], name=op.f("fk_next_template_face_id_face"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("face_id", name=op.f("pk_next_template")),
    )


def downgrade() -> None:
    op.drop_table("next_template")
    op.drop_column("face", "payload")
    for name in (
        "sealed_next_rotation",
        "next_dimensions",
        "next_landmarker",
        "next_recognition_model",
        "kind",
    ):
        op.drop_column("collection", name)
