"""A real run of DeepEval, with metrics that ask no model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ltb

from test_readme import DEEPEVAL

pytest.importorskip("deepeval", reason="it is in an environment of its own, with its plugins of pytest")

# What metrics have in common.
MEASURED = """
class Measured:
    async def a_measure(self, test_case, *args, **kwargs):
        return self.measure(test_case)
    def is_successful(self):
        return self.success
    @property
    def __name__(self):
        return type(self).__name__
"""
# In a process of its own, as DeepEval changes its environment and prints.
PROGRAM = """
import os, sys
from deepeval import evaluate
from deepeval.evaluate import AsyncConfig, DisplayConfig, ErrorConfig
from deepeval.metrics import BaseMetric
from deepeval.test_case import LLMTestCase
from ltb.integrations.deepeval import record

class Exact(Measured, BaseMetric):
    threshold = 0.5
    def measure(self, test_case, *args, **kwargs):
        if test_case.actual_output == "broken":
            raise RuntimeError("the judge did not answer")
        self.score = float(test_case.actual_output == test_case.expected_output)
        self.reason = "compared"
        self.success = self.score >= self.threshold
        return self.score

cases = [
    LLMTestCase(name="named", input="1 + 1", actual_output="2", expected_output="2", context=["sums"]),
    LLMTestCase(input="2 + 2", actual_output="5", expected_output="4"),
    LLMTestCase(input="2 + 2", actual_output="4", expected_output="4"),
    LLMTestCase(input="3 + 3", actual_output="broken", expected_output="6"),
]
if sys.argv[2] == "reversed":
    cases.reverse()
result = evaluate(
    cases, [Exact()],
    error_config=ErrorConfig(ignore_errors=True),
    display_config=DisplayConfig(show_indicator=False, print_results=False),
)
run = record(result, "sums", model="openai/gpt-4o", dataset=sys.argv[1], labels={"branch": "main"})
print("id", run.id)
"""


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """DeepEval tells nobody of the run."""
    monkeypatch.setenv("DEEPEVAL_TELEMETRY_OPT_OUT", "YES")


TALK = """
import sys
from deepeval import evaluate
from deepeval.evaluate import DisplayConfig
from deepeval.metrics import BaseConversationalMetric
from deepeval.test_case import ConversationalTestCase, Turn
from ltb.integrations.deepeval import record

class Polite(Measured, BaseConversationalMetric):
    threshold = 0.5
    def measure(self, test_case, *args, **kwargs):
        self.score, self.success = 1.0, True
        return self.score

turns = [Turn(role="user", content="Hello"), Turn(role="assistant", content="Good day")]
display = DisplayConfig(show_indicator=False, print_results=False)
result = evaluate([ConversationalTestCase(turns=turns)], [Polite()], display_config=display)
print("id", record(result, "talk", model="m", dataset=sys.argv[1]).id)
"""


def evaluations(order: str, client: ltb.Client, dataset: str, folder: Path) -> dict[tuple[str, int], Any]:
    """What is stored of a run, by sample and repetition."""
    screen = subprocess.check_output(
        [sys.executable, "-c", MEASURED + PROGRAM, dataset, order], cwd=folder, text=True, timeout=120
    )
    found = client.benchmarks.export_evaluations(screen.rpartition("id ")[2].strip())
    return {(one.sample_id, one.repetition): one for one in found}


def test_a_result_becomes_a_benchmark(over_http: ltb.Client, dataset: str, tmp_path: Path) -> None:
    found = evaluations("as given", over_http, dataset, tmp_path)
    (benchmark,) = over_http.benchmarks.iter_benchmarks(dataset=dataset)
    assert (benchmark.status, benchmark.total_iterations, benchmark.provider) == ("COMPLETED", 4, "openai")
    assert benchmark.labels == {"source": "deepeval", "branch": "main"}
    named = found["named", 0]
    assert (named.input, named.output, named.expected, named.score) == ("1 + 1", "2", "2", 1.0)
    assert named.metrics == {"Exact": 1.0}
    assert named.metadata["context"] == ["sums"]
    assert named.metadata["deepeval"]["Exact"]["reason"] == "compared"
    others = sorted(
        (one.input, repetition, one.score) for (_, repetition), one in found.items() if one.score is not None
    )
    assert others == [("1 + 1", 0, 1.0), ("2 + 2", 0, 0.0), ("2 + 2", 1, 1.0)]
    (failed,) = [one for one in found.values() if one.score is None]
    assert (failed.input, failed.metrics) == ("3 + 3", {})
    assert failed.error == "Exact: the judge did not answer"
    # The order of cases without a name does not change what a sample is.
    again = evaluations("reversed", over_http, dataset, tmp_path)
    assert again.keys() == found.keys()


def test_a_talk_is_an_evaluation_with_its_turns(over_http: ltb.Client, dataset: str, tmp_path: Path) -> None:
    screen = subprocess.check_output(
        [sys.executable, "-c", MEASURED + TALK, dataset], cwd=tmp_path, text=True, timeout=120
    )
    (found,) = over_http.benchmarks.export_evaluations(screen.rpartition("id ")[2].strip())
    turns = [(turn["role"], turn["content"]) for turn in json.loads(found.input)]
    assert turns == [("user", "Hello"), ("assistant", "Good day")]
    assert (len(found.sample_id), found.score, found.metrics) == (32, 1.0, {"Polite": 1.0})


@pytest.mark.parametrize("program", DEEPEVAL)
def test_the_program_of_the_readme_runs(program: str, over_http: ltb.Client, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=120)
    (benchmark, *_) = over_http.benchmarks.iter_benchmarks(dataset="arithmetic")
    assert benchmark.labels == {"source": "deepeval"}
