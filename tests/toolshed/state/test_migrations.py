"""Migrations: what an older version wrote is opened, and keeps its data."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call
from toolshed.metering.usage import Usage

MIGRATIONS = Path(__file__).parents[3] / "toolshed/state/migrations"


@pytest.fixture
def old_ledger(tmp_path: Path) -> Path:
    """A ledger of the first schema with a task and a call."""
    path = tmp_path / "ledger.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO task VALUES ('t1', 'acme', 'billing', '', NULL, NULL, NULL, 5)"))
        connection.execute(
            text(
                "INSERT INTO call VALUES ('c1', 't1', NULL, 'agent', 'gpt-4o', 10, 2, 1, 0, 0, 'provider', "
                "4200, 'list', NULL, 0.5, NULL, 6)"
            )
        )
    engine.dispose()
    return path


def test_a_ledger_of_the_first_schema_keeps_its_data_and_takes_new_details(old_ledger: Path) -> None:
    for _ in range(2):
        with Ledger(old_ledger) as ledger:
            usage = Usage(9, 1, input_audio_tokens=4, service_tier="flex")
            at = datetime(2026, 5, 1, tzinfo=UTC)
            ledger.add_call(Call("t1", "agent", "m", usage, Decimal("0.001"), "c2", started_at=at))
            old, new = ledger.task("t1")["calls"]
    assert (old["call_id"], old["cost"], old["usage_details"]) == ("c1", Decimal("0.000004200"), None)
    assert new["usage_details"] == {"input_audio_tokens": 4, "service_tier": "flex"}
