"""A run of lm-eval, with a model that answers at once and datasets of its own. It is recorded and saved.

    FOLDER=where it is saved DATASET=prefix of its tasks LTB_URL=… python lm_eval_program.py

Without LTB_URL it is only saved: so `test/data/lm_eval_runs` was made.
"""

from __future__ import annotations

import math
import os
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}

import lm_eval
from datasets import Dataset
from lm_eval.api.group import Group
from lm_eval.api.model import LM
from lm_eval.api.task import ConfigurableTask
from lm_eval.config.group import AggMetricConfig
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

from ltb.integrations.lm_eval import record

SUMS = [
    {"question": "2 + 2", "answer": "4", "api_key": "sk-0123456789abcdefghijklmnop"},
    {"question": "3 + 3", "answer": "6 \U0001f600", "api_key": "no \0 key"},
]
LETTERS = [
    {"question": "Which is the first?", "choices": ["a", "bb"], "answer": 0, "subject": "vowels"},
    {"question": "Wélche is the last?", "choices": ["a", "z"], "answer": 1, "subject": "others"},
]


class Model(LM):
    """It likes short choices."""

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        return [(-1.5 * len(one.args[1]), True) for one in requests]

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        return [f"The answer to {one.args[0]} 4." for one in requests]

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[float]:
        return [-1.0 for _ in requests]


def graded(doc: dict[str, Any], results: list[str]) -> dict[str, Any]:
    """One metric is no number for what is wrong."""
    is_right = results[0] == doc["answer"]
    return {"exact_match": 1.0 if is_right else math.nan, "length": len(results[0])}


def task_of(name: str, docs: list[dict[str, Any]], **more: Any) -> ConfigurableTask:
    def custom_dataset(**_: Any) -> dict[str, Dataset]:
        return {"test": Dataset.from_list(docs)}

    about = {"task": name, "test_split": "test", "metadata": {"version": 1.0}}
    return ConfigurableTask(config={**about, "custom_dataset": custom_dataset, **more})


def main() -> None:
    prefix = os.environ.get("DATASET", "")
    sums = task_of(
        f"{prefix}sums",
        SUMS,
        output_type="generate_until",
        doc_to_text="{{question}} =",
        doc_to_target="{{answer}}",
        generation_kwargs={"until": ["\n"]},
        process_results=graded,
        metric_list=[{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
        filter_list=[
            {"name": "whole", "filter": [{"function": "take_first"}]},
            {
                "name": "number",
                "filter": [
                    {"function": "regex", "regex_pattern": r"(\d+)\."},
                    {"function": "take_first"},
                ],
            },
        ],
    )
    letters = Group(f"{prefix}letters", aggregate_metric_list=[AggMetricConfig(metric="acc")])
    for name in ("one", "other"):
        letters.add(
            task_of(
                f"{prefix}letters_{name}",
                LETTERS,
                output_type="multiple_choice",
                doc_to_text="{{question}}",
                doc_to_choice="{{choices}}",
                doc_to_target="answer",
                metric_list=[
                    {"metric": metric, "aggregation": "mean", "higher_is_better": True}
                    for metric in ("acc", "acc_norm")
                ],
            )
        )
    tracker = EvaluationTracker(output_path=os.environ["FOLDER"])
    results = lm_eval.simple_evaluate(
        Model(),
        tasks=[sums, letters],
        task_manager=TaskManager(include_defaults=False),
        evaluation_tracker=tracker,
        bootstrap_iters=10,
        log_samples=os.environ.get("SAMPLES") != "0",
    )
    assert results is not None
    if "LTB_URL" in os.environ:
        for run in record(results, labels={"branch": "main"}):
            print("id", run.id)
    samples = results.pop("samples", {})
    tracker.save_results_aggregated(results=results, samples=samples)
    for name, own in samples.items():
        tracker.save_results_samples(name, own)


if __name__ == "__main__":
    main()
