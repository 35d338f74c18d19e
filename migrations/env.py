"""Alembic's entry: runs inside one transaction on the database that the command was given."""

from alembic import context

import app.models  # noqa: F401 -- completes the metadata
from app.db import Base, begin_alone
from app.schema import is_compared

database = context.config.attributes["database"]

with database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        include_object=is_compared,
    )
    with context.begin_transaction():
        begin_alone(connection)
        context.run_migrations()
    connection.commit()
