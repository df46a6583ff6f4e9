"""Tables: exact money, and the same as the migrations make."""

from decimal import Decimal

from tests.ledger_facts import write
from tests.migrated import differences
from toolshed.economics.ledger import tables
from toolshed.economics.ledger.ledger import Ledger


def test_money_is_exact(ledger: Ledger) -> None:
    write(ledger)
    spent, extra = ledger.spend()
    assert spent == 60 * Decimal("0.000000123")
    assert extra == 0


def test_the_migrations_make_the_tables_that_the_code_names(ledger: Ledger) -> None:
    assert differences(ledger.database.engine, tables.metadata) == []
