"""Recorded results of lm-eval are stored as `ltb import` stores them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltb._logs.finish import imported_id
from ltb._logs.json_text import parse
from ltb._logs.lm_eval_log import benchmarks_of

from conftest import DATA, as_imported, with_times

ROWS = sorted((DATA / "lm_eval_rows").glob("*.rows.json"))


def read_run(folder: Path) -> tuple[Any, dict[str, list[Any]]]:
    """Results, and the samples by task, as files have them."""
    (path,) = folder.glob("results_*.json")
    stamp = path.stem.removeprefix("results_")
    results, _ = parse(path.read_text())
    samples = {
        file.name.removeprefix("samples_").removesuffix(f"_{stamp}.jsonl"): [
            json.loads(line) for line in file.read_text().splitlines()
        ]
        for file in folder.glob("samples_*.jsonl")
    }
    return results, samples


@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.name)
def test_results_give_the_benchmarks_and_the_rows_of_their_import(path: Path) -> None:
    golden, _ = parse(path.read_text())
    results, samples = read_run(DATA / golden["folder"])
    found = [*benchmarks_of(results, samples, lambda one: parse(json.dumps(one)))]
    assert [one.key for one in found] == [
        one["benchmark"].pop("key").removeprefix("lm-eval:") for one in golden["found"]
    ]
    for one, expected in zip(found, golden["found"], strict=True):
        assert expected["benchmark"].pop("status") == "completed"
        assert as_imported(one.values) == with_times(expected["benchmark"])
        assert [as_imported({"repetition": 0, **row}) for row in one.evaluations] == expected["rows"]


def test_there_are_golden_files() -> None:
    assert len(ROWS) == 2


def test_the_id_is_that_of_the_import() -> None:
    # Made by importedId of src/cli/transfer/import-benchmark.ts.
    assert imported_id("u", "inspect", "e") == "54b45a00-64da-85fd-9b8b-074a6950dc16"
