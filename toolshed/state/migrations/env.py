"""How Alembic reaches the ledger: over the connection that opened it."""

from alembic import context

from toolshed.economics.ledger.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
