"""Real runs of Inspect AI, with a real service."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ltb

from conftest import Service, imported

pytest.importorskip("inspect_ai", reason="the oldest dependencies have no Inspect")

PROGRAM = Path(__file__).with_name("inspect_program.py")


def run_inspect(mode: str, folder: Path, dataset: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM],
        env={**os.environ, "MODE": mode, "FOLDER": str(folder), "DATASET": dataset, **env},
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.mark.parametrize(
    ("mode", "statuses"),
    [
        ("success", ["COMPLETED"]),
        ("failed", ["FAILED"]),
        ("cancelled", ["CANCELLED"]),
        ("retried", ["FAILED", "COMPLETED"]),
        ("set", ["FAILED"]),
    ],
)
def test_a_run_is_stored_as_its_log_is_imported(
    mode: str, statuses: list[str], service: Service, tmp_path: Path, dataset: str
) -> None:
    ended = run_inspect(mode, tmp_path, dataset, LTB_URL=service.http, LTB_API_KEY=service.key)
    assert "ltb" in ended.stdout, ended.stderr
    assert "not wholly recorded" not in ended.stderr
    with ltb.Client(service.http, api_key=service.key) as client:
        found = sorted(client.benchmarks.iter_benchmarks(dataset=dataset), key=lambda one: one.created_at)
        assert [one.status for one in found] == statuses
        logs = sorted(tmp_path.glob("*.eval"))
        reports = [report for path in logs for report in imported(service, path)]
        assert {one["id"] for one in reports} == {one.id for one in found}
        for report in reports:
            assert (report["inserted"], report["conflicts"], report["rejected"]) == (0, 0, 0), report
            assert report["duplicates"] == report["received"] > 0
        after = sorted(client.benchmarks.iter_benchmarks(dataset=dataset), key=lambda one: one.created_at)
        assert after == found


def test_a_service_that_does_not_answer_breaks_no_run(
    unanswered_url: str, tmp_path: Path, dataset: str
) -> None:
    ended = run_inspect("success", tmp_path, dataset, LTB_URL=unanswered_url, LTB_EXIT_TIMEOUT="1")
    assert ended.returncode == 0, ended.stderr
    (path,) = tmp_path.glob("*.eval")
    assert f"ltb import {path}" in ended.stderr
