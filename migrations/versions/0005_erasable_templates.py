# ruff: noqa: S608 -- every name in these statements is our own
"""On PostgreSQL templates become vectors in partitions that can be rewritten quickly.

A deleted row's bytes stay in PostgreSQL's files until the table is rewritten. Sixteen partitions make that
quick, triggers note what has to be rewritten. Nothing of this concerns SQLite but the table of the notes,
which stays empty there.

Revision: 0005
Follows: 0004
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PARTITIONS = 16
# Table with templates -> its key, by which it is partitioned.
KEY_OF_TABLE = {"face": "id", "next_template": "face_id"}
# Tables that hold secrets -> the changes after which something is to be erased.
ERASED_AFTER = {
    "face": "DELETE",
    "next_template": "DELETE",
    "collection": "DELETE OR UPDATE OF sealed_rotation, sealed_next_rotation",
}

# float32, little-endian (IEEE 754): sign 1 bit, exponent 8 bits, fraction 23 bits.
AS_VECTOR = """
CREATE FUNCTION pg_temp.converted(stored bytea) RETURNS vector LANGUAGE sql AS $$
    SELECT array_agg(
        CASE WHEN bits >> 31 = 1 THEN -1 ELSE 1 END
        * CASE WHEN exponent = 0 THEN fraction * 2.0::float8 ^ (-149)
               ELSE (fraction + 8388608) * 2.0::float8 ^ (exponent - 150) END
        ORDER BY place)::vector
    FROM (SELECT place, bits, (bits >> 23) & 255 AS exponent, bits & 8388607 AS fraction
          FROM (SELECT place,
                    get_byte(stored, place)::bigint + (get_byte(stored, place + 1) << 8)
                    + (get_byte(stored, place + 2) << 16)
                    + (get_byte(stored, place + 3)::bigint << 24) AS bits
                FROM generate_series(0, length(stored) - 4, 4) AS place) AS words) AS parts
$$
"""
# `vector_send` gives four bytes of header, then float32 numbers, big-endian.
AS_BYTES = """
CREATE FUNCTION pg_temp.converted(stored vector) RETURNS bytea LANGUAGE sql AS $$
    SELECT string_agg(substring(sent, place, 1), ''::bytea ORDER BY word, place DESC)
    FROM vector_send(stored) AS sent,
        generate_series(5, length(sent) - 3, 4) AS word, generate_series(word, word + 3) AS place
$$
"""
NOTE_ERASURE = """
CREATE FUNCTION note_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own bigint := pg_current_xact_id()::text::bigint;
BEGIN
    INSERT INTO pending_erasure (relation, deleted_by)
    SELECT TG_TABLE_NAME, own
    WHERE NOT EXISTS (SELECT FROM pending_erasure WHERE deleted_by = own AND relation = TG_TABLE_NAME);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "pending_erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=63), nullable=False),
        sa.Column("deleted_by", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_erasure")),
    )
    op.create_index(op.f("ix_pending_erasure_deleted_by"), "pending_erasure", ["deleted_by"])
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(AS_VECTOR)
    for table, key in KEY_OF_TABLE.items():
        _rebuild(table, "vector", f"PARTITION BY HASH ({key})")
    op.execute("DROP FUNCTION pg_temp.converted(bytea)")
    op.execute(NOTE_ERASURE)
    for table, changes in ERASED_AFTER.items():
        op.execute(
            f"CREATE TRIGGER note_erasure AFTER {changes} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION note_erasure()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION note_erasure() CASCADE")
        op.execute(AS_BYTES)
        for table in reversed(KEY_OF_TABLE):
            _rebuild(table, "bytea", "")
        op.execute("DROP FUNCTION pg_temp.converted(vector)")
    op.drop_table("pending_erasure")


def _rebuild(table: str, template_type: str, partitioning: str) -> None:
    """Make the table anew with another type of template, whatever else it has by now, and copy it."""
    own = _rows(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE conrelid = '{table}'::regclass AND contype IN ('p', 'f') AND conparentid = 0"
    )
    others = _rows(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        f" WHERE confrelid = '{table}'::regclass AND contype = 'f' AND conparentid = 0"
    )
    indexes = _rows(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        f" WHERE indrelid = '{table}'::regclass AND NOT indisprimary"
    )
    _run([f"ALTER TABLE {owner} DROP CONSTRAINT {name}" for owner, name, _ in others])
    _run([f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name, _ in own])
    _run([f"DROP INDEX {name}" for name, _ in indexes])
    _replace(table, template_type, partitioning)
    _run([f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for name, definition in own])
    _run([definition.replace(" ON ONLY ", " ON ") for _, definition in indexes])
    _run([f"ALTER TABLE {owner} ADD CONSTRAINT {name} {definition}" for owner, name, definition in others])


def _replace(table: str, template_type: str, partitioning: str) -> None:
    old, column = f"{table}_before", "protected_template"
    op.execute(f"ALTER TABLE {table} RENAME TO {old}")
    op.execute(f"CREATE TABLE {table} (LIKE {old} INCLUDING DEFAULTS) {partitioning}")
    op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {template_type} NOT NULL")
    if partitioning:
        # In the row, not beside it: a search reads one file from end to end.
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE PLAIN")
        _run([_partition(table, number) for number in range(PARTITIONS)])
        # PostgreSQL's statistics of a column are samples of its values: copies that no deletion reaches.
        # Only partitions that are there already take this over.
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
    names = [each["name"] for each in sa.inspect(op.get_bind()).get_columns(old) if each["name"] != column]
    kept = ", ".join(names)
    copied = f"INSERT INTO {table} ({kept}, {column}) SELECT {kept}, pg_temp.converted({column}) FROM {old}"
    op.execute(copied)
    op.execute(f"DROP TABLE {old}")


def _partition(table: str, number: int) -> str:
    return (
        f"CREATE TABLE {table}_{number:02} PARTITION OF {table}"
        f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
    )


def _rows(query: str) -> Sequence[sa.Row[tuple[str, ...]]]:
    return op.get_bind().exec_driver_sql(query).all()


def _run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(statement)
