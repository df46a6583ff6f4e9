"""What tests of the library share."""

from pathlib import Path

import pytest


@pytest.fixture
def own_table(tmp_path: Path) -> Path:
    """Two models on 200 queries of two classes: the dear one passes all, the cheap one every second."""
    lines = ["query_id,task_class,model,passed,cost_usd"]
    for query in range(200):
        lines.append(f"q{query},c{query % 2},cheap,{int(query % 4 < 2)},0.001")
        lines.append(f"q{query},c{query % 2},dear,1,0.01")
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
