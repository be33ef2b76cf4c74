"""The programs of the README run as they are printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ltb

from conftest import PATIENCE_S, Service, eventually

README = (Path(__file__).parents[1] / "README.md").read_text()
ALL = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
WORKERS = [program for program in ALL if "worker.run()" in program]
# Files of a suite of pytest begin with their name.
SUITE = dict(re.findall(r"^# (\S+\.py)\n(.*)", program, re.DOTALL)[0] for program in ALL if program[0] == "#")
# What only test_deepeval.py and test_lm_eval.py can run.
DEEPEVAL = [program for program in ALL if "import evaluate" in program]
LM_EVAL = [program for program in ALL if "import lm_eval" in program]
PROGRAMS = [program for program in ALL if program not in WORKERS + DEEPEVAL + LM_EVAL and program[0] != "#"]
# What each type of their jobs is given, and has to return.
JOBS = {"sum": ({"a": 2, "b": 3}, {"answer": 5}), "answer": ({"question": "why"}, "WHY")}


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_a_program_of_the_readme_runs(program: str, service: Service) -> None:
    env = {**os.environ, "LTB_URL": service.http, "LTB_API_KEY": service.key}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=env, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("program", WORKERS, ids=range(len(WORKERS)))
def test_a_worker_of_the_readme_does_a_job_and_ends(program: str, service: Service) -> None:
    (job_type,) = re.findall(r'worker\.job\("(\w+)"\)', program)
    payload, result = JOBS[job_type]
    env = {**os.environ, "LTB_URL": service.http, "LTB_API_KEY": service.key}
    with ltb.Client(service.http, api_key=service.key) as client:
        benchmark = client.benchmarks.create_benchmark(
            name="b", provider="p", model="m", dataset="d"
        ).benchmark
        job = client.jobs.create_job(job_type=job_type, payload=payload, benchmark_id=benchmark.id).job
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program], env=env, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                eventually(lambda: client.jobs.get_job(job.id).job.result == result, "result")
                process.terminate()
                _, errors = process.communicate(timeout=PATIENCE_S)
            finally:
                process.kill()
    assert (process.returncode, errors) == (0, "")


def test_the_suite_of_the_readme_passes_its_gate(service: Service, tmp_path: Path) -> None:
    env = {**os.environ, "LTB_URL": service.http, "LTB_API_KEY": service.key, "GITHUB_REF_NAME": "main"}
    for name, content in SUITE.items():
        (tmp_path / name).write_text(content)
    for expected in ("no baseline yet", "no significant difference"):
        screen = subprocess.check_output(
            [sys.executable, "-m", "pytest", "--ltb-baseline", "label:branch=main"],
            cwd=tmp_path,
            env=env,
            text=True,
        )
        assert expected in screen
