"""Live runs of Inspect store what `ltb import` makes of their logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltb._logs.bounds import json_size
from ltb._logs.inspect_log import benchmark_of, evaluation_of, run_of
from ltb._logs.json_text import parse, storable

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


@pytest.mark.parametrize("path", sorted((DATA / "inspect").glob("*.json")), ids=lambda path: path.name)
def test_a_log_in_memory_is_read_as_its_text(path: Path) -> None:
    text = path.read_text()
    assert repr(storable(json.loads(text))) == repr(parse(text))


@pytest.mark.parametrize(
    "value",
    [
        *(1.0, -0.0, 0.1, 1e300, 2.0**53, 2.0**54, float("nan"), float("inf"), -float("inf")),
        *(0, -5, 2**53 + 1, 2**64, 10**308, 10**400, -(10**400), True, False, None),
        *("", "a\0b", "Zürich\0", "\U0001f600", {"a\0": {"ü": [1.0, None, "x"]}}),
    ],
    ids=lambda value: f"{value!r:.20}",
)
def test_a_value_in_memory_is_read_as_its_text(value: object) -> None:
    assert repr(storable(value)) == repr(parse(json.dumps(value)))


def test_half_of_a_surrogate_pair_in_memory_is_escaped() -> None:
    assert storable({"\ud83d": "\0 \ude00"}) == ({"\\ud83d": "\u2400 \\ude00"}, {"ltb_replaced_nul": True})


@pytest.mark.parametrize("character", ['"', "\\", "\0", "\x1f", "\x7f", "\x80", "\x9f"])
def test_what_json_escapes_counts_six_bytes(character: str) -> None:
    assert json_size(f"a{character}ü") == len(f"a{character}ü".encode()) + 8 + 5


@pytest.mark.parametrize("character", ["~", "\xa0", "À", "€", "😀"])
def test_other_characters_count_their_bytes(character: str) -> None:
    assert json_size(character) == len(character.encode()) + 8
