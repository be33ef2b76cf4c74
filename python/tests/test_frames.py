# pyarrow comes without types that strict rules accept.
# pyright: basic
"""Data frames of what the service has."""

from __future__ import annotations

import inspect
import json
import math
import sys
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import polars as pl
import pytest

import ltb
from ltb._codec import Message, encode_message
from ltb._frames import table as table_module
from ltb._frames.schema import columns_of

AT = datetime(2026, 11, 22, 10, 30, 0, 123456, UTC)
New = ltb.models.NewEvaluation


def created(client: ltb.Client, dataset: str, **values: Any) -> ltb.models.Benchmark:
    return client.benchmarks.create_benchmark(
        name=dataset, provider="p", model="m", dataset=dataset, **values
    ).benchmark


def evaluated(client: ltb.Client, dataset: str, *evaluations: New, **values: Any) -> str:
    benchmark = created(client, dataset, **values)
    results = client.benchmarks.batch_create_evaluations(
        benchmark_id=benchmark.id, evaluations=list(evaluations)
    ).results
    assert {one.outcome for one in results} <= {"CREATED"}
    return benchmark.id


@pytest.fixture
def benchmark(client: ltb.Client, dataset: str) -> str:
    return evaluated(
        client,
        dataset,
        New(
            sample_id="1",
            input="2 + 2",
            output="4",
            expected="4",
            score=1,
            latency_ms=12.5,
            input_tokens=7,
            output_tokens=1,
            metrics={"accuracy": 1, "is_short": True, "grade": "A", "parts": [1, 2]},
            metadata={"subject": "sums", "large": 12345678901234567890},
            created_at=AT,
        ),
        New(sample_id="2", input="ä", error="no answer", metrics={"accuracy": 0.25}, created_at=AT),
    )


def test_evaluations_become_a_frame_of_polars(client: ltb.Client, benchmark: str) -> None:
    frame = ltb.frames.to_polars(client.benchmarks.export_evaluations(benchmark)).sort("sample_id")
    first, second = frame.to_dicts()
    expected = {
        "benchmark_id": benchmark,
        "repetition": 0,
        "model": "m",
        "output": "4",
        "score": 1.0,
        "error": None,
        "latency_ms": 12.5,
        "input_tokens": 7,
        "metrics.accuracy": 1.0,
        "metrics.is_short": True,
        "metrics.grade": "A",
        "metrics.parts": "[1,2]",
        "created_at": AT,
    }
    assert {name: first[name] for name in expected} == expected
    assert json.loads(first["metadata"]) == {"subject": "sums", "large": 12345678901234567890}
    expected = {
        "input": "ä",
        "output": None,
        "score": None,
        "error": "no answer",
        "input_tokens": None,
        "metrics.accuracy": 0.25,
        "metrics.is_short": None,
        "metrics.parts": None,
    }
    assert {name: second[name] for name in expected} == expected
    assert frame.schema["created_at"] == pl.Datetime("us", "UTC")
    assert frame.filter(pl.col("error").is_null())["metrics.accuracy"].mean() == 1.0


def test_pandas_does_not_need_polars(
    client: ltb.Client, benchmark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    frame = ltb.frames.to_pandas(client.benchmarks.export_evaluations(benchmark)).set_index("sample_id")
    assert {name: str(frame.dtypes[name]) for name in ("score", "input_tokens", "created_at")} == {
        "score": "double[pyarrow]",
        "input_tokens": "int64[pyarrow]",
        "created_at": "timestamp[us, tz=UTC][pyarrow]",
    }
    assert frame["score"].isna().to_dict() == {"1": False, "2": True}
    assert frame.loc["1", "created_at"] == pd.Timestamp(AT)
    assert frame["metrics.accuracy"].mean() == 0.625


def test_types_do_not_depend_on_the_rows(client: ltb.Client, benchmark: str, dataset: str) -> None:
    empty = created(client, dataset).id
    full = ltb.frames.to_arrow(client.benchmarks.export_evaluations(benchmark)).schema
    none = ltb.frames.to_arrow(client.benchmarks.export_evaluations(empty)).schema
    assert list(none) == [field for field in full if not field.name.startswith("metrics.")]
    assert ltb.frames.to_polars(client.benchmarks.export_evaluations(empty)).schema["score"] == pl.Float64
    pages = ltb.frames.to_arrow(client.benchmarks.iter_evaluations(benchmark, page_size=1, view="FULL"))
    assert (pages.schema, pages.num_rows) == (full, 2)


def test_what_was_read_already_is_not_in_a_frame_and_the_rest_is(client: ltb.Client, benchmark: str) -> None:
    rows = client.benchmarks.export_evaluations(benchmark)
    first = next(rows)
    [other] = ltb.frames.to_polars(rows)["sample_id"]
    assert {first.sample_id, other} == {"1", "2"}


def test_benchmarks_leaderboards_and_comparisons_become_frames(client: ltb.Client, dataset: str) -> None:
    def run(score: float, branch: str) -> str:
        some = [New(sample_id=str(at), input="i", output="o", score=score + at % 3 / 10) for at in range(9)]
        return evaluated(client, dataset, *some, labels={"branch": branch})

    old, new = run(0.7, "main"), run(0.2, "mine")
    listed = ltb.frames.to_polars(client.benchmarks.iter_benchmarks(dataset=dataset, view="SUMMARY"))
    assert dict(zip(listed["id"], listed["labels.branch"], strict=True)) == {old: "main", new: "mine"}
    assert dict(zip(listed["id"], listed["summary.score.mean"].round(6), strict=True)) == {old: 0.8, new: 0.3}
    assert listed["status"].unique().to_list() == ["PENDING"]
    board = ltb.frames.to_pandas(client.benchmarks.iter_leaderboard(dataset=dataset))
    assert board["benchmark_id"].tolist() == [old, new]
    assert board["rank"].tolist() == [1, 2]
    compared = ltb.frames.to_polars(client.benchmarks.compare_benchmarks(old, candidate_ids=[new]))
    [row] = compared.to_dicts()
    assert (row["candidate_id"], row["n_paired"], row["losses"]) == (new, 9, 9)
    assert row["mean_difference"] == pytest.approx(-0.5)
    assert {one["sample_id"] for one in json.loads(row["regressed"])} == {str(at) for at in range(9)}


def test_every_message_has_columns_whose_types_do_not_depend_on_the_rows() -> None:
    for _, cls in inspect.getmembers(ltb.models, inspect.isclass):
        if issubclass(cls, Message) and cls is not Message:
            one = table_module.table_of(cls, [[encode_message(cls())]])
            assert one.schema == table_module.table_of(cls, []).schema
            names = [column.name for column in columns_of(cls)]
            assert len(names) == len(set(names))


def table_with(*metrics: dict[str, Any]) -> Any:
    rows = [{"id": str(at), "metricsJson": json.dumps(one)} for at, one in enumerate(metrics)]
    return table_module.table_of(ltb.models.Evaluation, ([row] for row in rows))


def test_a_metric_of_several_kinds_is_json_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the kinds are in batches of their own, or some batch lacks it."""
    for batch_rows in (1, 2, 10):
        monkeypatch.setattr(table_module, "BATCH_ROWS", batch_rows)
        table = table_with({"b": 1, "a": "x"}, {}, {"a": True, "b": None}, {"a": [1], "b": 0.5})
        assert table["metrics.a"].to_pylist() == ['"x"', None, "true", "[1]"]
        assert table["metrics.b"].to_pylist() == [1.0, None, None, 0.5]
        assert str(table["metrics.b"].type) == "double"
        assert [name for name in table.column_names if "." in name] == ["metrics.a", "metrics.b"]


def test_a_metric_beyond_what_a_double_holds_is_the_nearest_one() -> None:
    """Such as a time in nanoseconds, which Arrow by itself refuses among floating-point numbers."""
    given = (1_700_000_000_000_000_001, 2**64, -(10**400), 0.5)
    found = table_with(*({"a": one} for one in given))["metrics.a"]
    assert found.to_pylist() == [1.7e18, 2.0**64, -math.inf, 0.5]


def test_a_metric_that_is_never_set_is_a_column_of_nulls() -> None:
    assert table_with({"a": None})["metrics.a"].to_pylist() == [None]


def test_keys_that_are_data_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [{f"sample-{at}": 1} for at in range(1001)]
    assert "metrics.sample-999" in table_with(*keys[:1000]).column_names
    for batch_rows in (1, 10_000):
        monkeypatch.setattr(table_module, "BATCH_ROWS", batch_rows)
        with pytest.raises(ValueError, match="metrics: expected at most 1,000 keys"):
            table_with(*keys)


@pytest.mark.parametrize(
    ("kind", "module"),
    [("arrow", "pyarrow"), ("polars", "polars"), ("pandas", "pandas"), ("pandas", "pyarrow")],
)
def test_a_missing_package_is_named_with_its_extra(
    kind: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError) as caught:
        getattr(ltb.frames, f"to_{kind}")(ltb.models.GetLeaderboardResponse())
    assert f"needs {module}: pip install 'llm-test-bench[{kind}]'" in str(caught.value)


def test_what_has_no_rows_is_refused() -> None:
    for rows in ([1], ltb.models.GetBenchmarkResponse(), None):
        with pytest.raises(TypeError, match="rows: expected what an iter_"):
            ltb.frames.to_arrow(rows)  # pyright: ignore[reportArgumentType]
