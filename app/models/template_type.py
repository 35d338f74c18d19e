"""How a protected template is stored: bytes on SQLite, pgvector's `vector` on PostgreSQL.

Both keep the same float32 numbers bit for bit, and the code sees the same bytes on both; PostgreSQL can
compare them where they lie.
"""

import numpy as np
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Dialect, LargeBinary, TypeDecorator
from sqlalchemy.types import TypeEngine

_LITTLE_ENDIAN_FLOAT32 = "<f4"


class TemplateVector(TypeDecorator[bytes]):
    """float32 numbers, little-endian; as many as the collection has dimensions."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[object]:
        """Return the column type of this database."""
        return dialect.type_descriptor(VECTOR() if dialect.name == "postgresql" else LargeBinary())

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> object:
        """Hand PostgreSQL the numbers; text carries every float32 exactly (nine digits suffice)."""
        if value is None or dialect.name != "postgresql":
            return value
        return np.frombuffer(value, _LITTLE_ENDIAN_FLOAT32)

    def process_result_value(self, value: object | None, dialect: Dialect) -> bytes | None:
        """Give the bytes again."""
        if value is None or isinstance(value, bytes):
            return value
        return np.asarray(value, _LITTLE_ENDIAN_FLOAT32).tobytes()
