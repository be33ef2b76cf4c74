"""Live runs of Inspect store what `ltb import` makes of their logs."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ltb._logs.inspect_log import benchmark_of, evaluation_of, imported_id, run_of
from ltb._logs.json_text import parse

from conftest import ROOT

DATA = ROOT / "test" / "data"
ROWS = sorted((DATA / "inspect_rows").glob("*.rows.json"))
TIMES = ("createdAt", "startedAt", "completedAt")


def _as_imported(found: dict[str, Any]) -> dict[str, Any]:
    """The fields by the names that they have in the golden files, but for those that are empty."""

    def camel(name: str) -> str:
        first, *others = name.split("_")
        return first + "".join(one.capitalize() for one in others)

    return {camel(name): one for name, one in found.items() if one not in ({}, [])}


def _read_times(found: dict[str, Any]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(one) if name in TIMES else one for name, one in found.items()}


@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.name)
def test_a_log_gives_the_benchmark_and_the_rows_of_its_import(path: Path) -> None:
    golden, _ = parse(path.read_text())
    log = json.loads((DATA / golden["log"]).read_text())
    samples: list[Any] = log.pop("samples", None) or []
    log.pop("reductions", None)
    header, marks = parse(json.dumps(log))
    benchmark = _as_imported(benchmark_of(header, marks))
    rows = [_as_imported(evaluation_of(*parse(json.dumps(one)), run_of(header))) for one in samples]
    expected = golden["benchmark"]
    for name in ("key", "status"):
        del expected[name]
    assert benchmark == _read_times(expected)
    assert rows == [_read_times(one) for one in golden["rows"]]


def test_there_are_golden_files() -> None:
    assert len(ROWS) == 6


def test_the_id_is_that_of_the_import() -> None:
    # Made by importedId of src/cli/transfer/import-benchmark.ts.
    assert imported_id("u", "e") == "54b45a00-64da-85fd-9b8b-074a6950dc16"
