"""Live runs of Inspect store what `ltb import` makes of their logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltb._logs.inspect_log import benchmark_of, evaluation_of, run_of
from ltb._logs.json_text import parse

from conftest import DATA, as_imported, with_times

ROWS = sorted((DATA / "inspect_rows").glob("*.rows.json"))


@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.name)
def test_a_log_gives_the_benchmark_and_the_rows_of_its_import(path: Path) -> None:
    golden, _ = parse(path.read_text())
    log = json.loads((DATA / golden["log"]).read_text())
    samples: list[Any] = log.pop("samples", None) or []
    log.pop("reductions", None)
    header, marks = parse(json.dumps(log))
    benchmark = as_imported(benchmark_of(header, marks))
    rows = [as_imported(evaluation_of(*parse(json.dumps(one)), run_of(header))) for one in samples]
    expected = golden["benchmark"]
    for name in ("key", "status"):
        del expected[name]
    assert benchmark == with_times(expected)
    assert rows == [with_times(one) for one in golden["rows"]]


def test_there_are_golden_files() -> None:
    assert len(ROWS) == 6
