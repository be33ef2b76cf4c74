"""Real runs of lm-eval, with a real service."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ltb

from conftest import Service, ended, imported, program, spooled
from test_readme import LM_EVAL

pytest.importorskip("lm_eval", reason="the oldest dependencies have no lm-eval")

PROGRAM = Path(__file__).with_name("lm_eval_program.py")


def run_lm_eval(folder: Path, prefix: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM],
        env={**os.environ, "FOLDER": str(folder), "DATASET": prefix, **env},
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.mark.parametrize(("samples", "counts"), [("1", [4, 2, 2]), ("0", [0, 0, 0, 0])])
def test_results_are_stored_as_their_files_are_imported(
    samples: str, counts: list[int], over_http: ltb.Client, service: Service, tmp_path: Path, dataset: str
) -> None:
    ended = run_lm_eval(tmp_path, f"{dataset}_", SAMPLES=samples)
    ids = re.findall(r"^id (\S+)$", ended.stdout, re.MULTILINE)
    assert len(ids) == len(counts), ended.stderr
    found = [over_http.benchmarks.get_benchmark(id).benchmark for id in ids]
    assert {(one.status, one.provider, one.model) for one in found} == {("COMPLETED", "unknown", "Model")}
    assert all(one.labels["branch"] == "main" for one in found)
    (path,) = tmp_path.glob("*/results_*.json")
    reports = imported(service, path)
    assert [one["id"] for one in reports] == ids
    for report in reports:
        assert (report["inserted"], report["conflicts"], report["rejected"]) == (0, 0, 0), report
        assert report["duplicates"] == report["received"]
    assert [one["received"] for one in reports] == counts
    assert [over_http.benchmarks.get_benchmark(id).benchmark for id in ids] == found


# Half of what a run returned, after it was saved: a lone surrogate, a key that JSON does not know.
ODD = """
import sys
from ltb.integrations.lm_eval import record

sample = {
    "doc_id": 0, "doc": {("a", 1): 1, "b": {2}}, "target": "\\ud83d", "arguments": [("q", {})],
    "resps": [["\\ud83d"]], "filtered_resps": ["\\ud83d"], "filter": "none", "metrics": ["acc"], "acc": True,
}
results = {
    "results": {sys.argv[1]: {"acc,none": 1.0}}, "configs": {sys.argv[1]: {}},
    "samples": {sys.argv[1]: [sample]},
    "config": {"model": "hf", "model_args": "pretrained=a/b"}, "date": 1796031228.5,
}
before = repr(results)
runs = record(results, model=sys.argv[2], provider="own") + record(None)
assert repr(results) == before
print(*(run.id for run in runs))
"""


def test_what_no_file_could_have_is_recorded_too(over_http: ltb.Client, dataset: str) -> None:
    id, errors = ended(program(ODD, dataset, "m" * 255))
    assert errors == ""
    benchmark = over_http.benchmarks.get_benchmark(id).benchmark
    assert (benchmark.provider, benchmark.model, benchmark.dataset) == ("own", "m" * 255, dataset)
    (one,) = over_http.benchmarks.export_evaluations(id)
    assert (one.input, one.output, one.expected, one.score) == ("q", "\ufffd", "\ufffd", 1.0)
    assert one.metadata["doc"] == {"b": [2]}
    assert one.metadata["ltb_replaced_surrogates"] is True


def test_a_wrong_argument_is_refused_by_its_name(over_http: ltb.Client, dataset: str) -> None:
    _, errors = ended(program(ODD, dataset, "m" * 256))
    assert "ValueError: model: expected 1 to 255 characters, got 256" in errors


def test_a_service_that_does_not_answer_breaks_nothing(
    unanswered_url: str, tmp_path: Path, dataset: str
) -> None:
    run = run_lm_eval(tmp_path, dataset, LTB_URL=unanswered_url, LTB_EXIT_TIMEOUT="1")
    assert run.returncode == 0, run.stderr
    assert "results are recorded with ids of their own" in run.stderr
    (spool,) = spooled()
    assert sum('"kind":"evaluation"' in line for line in spool.read_text().splitlines()) == 8
    assert json.loads(spool.read_text().splitlines()[0])["url"] == unanswered_url


SUMS = """
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: sums.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}} ="
doc_to_target: "{{answer}}"
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""


@pytest.mark.parametrize("text", LM_EVAL)
def test_the_program_of_the_readme_runs(text: str, over_http: ltb.Client, tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "sums.yaml").write_text(SUMS)
    (tmp_path / "sums.jsonl").write_text('{"question": "2 + 2", "answer": "4"}\n')
    subprocess.run([sys.executable, "-c", text], cwd=tmp_path, check=True, timeout=120)
    (benchmark,) = over_http.benchmarks.iter_benchmarks(dataset="sums", labels={"source": "lm-eval"})
    assert (benchmark.status, benchmark.provider, benchmark.model) == ("COMPLETED", "unknown", "dummy")
    (evaluation,) = over_http.benchmarks.export_evaluations(benchmark.id)
    assert (evaluation.output, evaluation.score) == ("lol", 0.0)
