"""A ledger to run commands on."""

from pathlib import Path

import pytest

from toolshed.economics.choosing.candidates import Candidate
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.metering.usage import Usage
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    """A knowledge base in whose ledger 12 tasks are booked: the small model fails every third."""
    folder = tmp_path / "shed"
    with Toolshed(folder, encoder=HashingEncoder()) as shed:
        small = shed.backbones.policy([Candidate("gpt-4o-mini")], failure_price=1)
        large = shed.backbones.policy([Candidate("gpt-4o")], failure_price=1)

        def call(attempt: Attempt) -> Reply[str]:
            return Reply("x", Usage(1000, 100))

        for i in range(9):
            done = small.run(call, task_class="billing" if i % 2 else "refunds")
            shed.outcomes.report(done.task_id, i % 3 > 0)
        for _ in range(2):
            shed.outcomes.report(large.run(call, task_class="billing").task_id, True)
        large.run(call, task_class="billing")
    return folder
