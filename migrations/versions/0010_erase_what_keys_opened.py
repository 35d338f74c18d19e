"""On PostgreSQL a collection's changed key takes every older template along, a verdict the face at rest.

With its matrix changed a collection's templates were all written anew; the old ones must not stay behind in
the files. Nothing of this concerns SQLite, which erases in place.

Revision: 0010
Follows: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NOTE_KEY_ERASURE = """
CREATE FUNCTION note_key_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own bigint := pg_current_xact_id()::text::bigint;
BEGIN
    INSERT INTO pending_erasure (relation, deleted_by)
    SELECT relation, own
    FROM (SELECT 'collection' UNION ALL
          SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
          WHERE inhparent IN ('face'::regclass, 'next_template'::regclass)) AS touched (relation)
    WHERE NOT EXISTS (SELECT FROM pending_erasure
                      WHERE deleted_by = own AND pending_erasure.relation = touched.relation);
    RETURN NULL;
END $$
"""
KEY_CHANGES = "DELETE OR UPDATE OF sealed_rotation, sealed_next_rotation"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(NOTE_KEY_ERASURE)
    op.execute("DROP TRIGGER note_erasure ON collection")
    _note(KEY_CHANGES, "collection", "note_key_erasure")
    _note("DELETE", "review_case", "note_erasure")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP TRIGGER note_erasure ON review_case")
    op.execute("DROP FUNCTION note_key_erasure() CASCADE")
    _note(KEY_CHANGES, "collection", "note_erasure")


def _note(changes: str, table: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER note_erasure AFTER {changes} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
    )
