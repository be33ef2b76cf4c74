"""Comparisons, whose rule is that of `ltb compare`."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import ltb
from ltb._codec import decode
from ltb._compare.doubts import failures_of
from ltb._compare.verdict import Deciding, verdict_of

from conftest import ROOT

# What `ltb compare --fail-on-regression` says of each case in a file.
RULE = """
import { readFileSync } from "node:fs";
import { fromJson } from "@bufbuild/protobuf";
import { BenchmarkComparisonSchema } from "./gen/ltb/v1/benchmark_pb.ts";
import { demandsOf } from "./src/cli/compare/evidence.ts";
import { verdictOf } from "./src/statistics/verdict.ts";
const answers = JSON.parse(readFileSync(process.env.CASES, "utf8")).map(({ figures, asked }) => {
  const comparison = fromJson(BenchmarkComparisonSchema, figures);
  const evidence = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null));
  const verdict = verdictOf(comparison, evidence);
  const [{ failure }] = demandsOf(comparison, verdict, { metric: "score", ...evidence });
  return [verdict, failure === undefined];
});
console.log(JSON.stringify(answers));
"""


def drawn(rng: random.Random, depth: int = 0) -> dict[str, Any]:
    """Figures of a comparison, in JSON."""
    tests = ["COMPARISON_TEST_MCNEMAR_EXACT", "COMPARISON_TEST_WILCOXON_SIGNED_RANK"]
    pairs = rng.choice([0, 1, 5, 40])
    p_values = [0.0, 0.01, 0.05, 0.3]
    one: dict[str, Any] = {
        "nPaired": pairs,
        "test": rng.choice(tests),
        "differentInputs": rng.choice([0, 0, 0, 2]),
        "candidateShort": rng.choice([0, 0, 0, 1]),
        "candidateWithError": rng.choice([0, 3]),
        "baselineCoverage": {"scored": pairs + rng.choice([0, 0, 0, 2])},
    }
    if pairs:
        one |= {
            "adjustedPValue": rng.choice(p_values),
            "meanDifference": rng.choice([-0.2, 0.0, 0.2]),
            "rankBiserial": rng.choice([-0.5, 0.0, 0.5]),
            "stderr": rng.choice([0.0, 0.1]),
        }
    if rng.random() < 0.7:
        one["adjustedPairedTPValue"] = rng.choice(p_values)
    if rng.random() < 0.3:
        low, high = sorted(rng.choice([-0.5, -0.1, 0.1, 0.5]) for _ in range(2))
        one["bounds"] = {"low": low, "high": high}
        if rng.random() < 0.7:
            one["bounds"] |= {"ci95Low": low - 0.2, "ci95High": high + 0.2}
    for side in ("baselineRepetitions", "candidateRepetitions"):
        if rng.random() < 0.3:
            beyond = rng.choice([0, 0, 1])
            one[side] = {"least": rng.choice([2, 3]), "most": 3, "samplesBeyond": beyond}
    if depth == 0 and rng.random() < 0.3:
        one["withoutFailed"] = drawn(rng, 1)
    return one


def test_the_rule_is_that_of_the_command_line(tmp_path: Path) -> None:
    rng = random.Random(int(os.environ.get("LTB_SEED", "1")))
    cases: list[dict[str, Any]] = []
    for _ in range(5000):
        missing = rng.choice([None, "exclude", "as_worst", "bounds"])
        lower = rng.random() < 0.5
        asked = {"alpha": 0.05, "lowerIsBetter": lower, "missing": missing}
        cases.append({"figures": drawn(rng), "asked": {**asked, "allowDifferentInputs": rng.random() < 0.3}})
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    binaries = f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    answer = subprocess.check_output(
        [shutil.which("node", path=binaries) or "node", "--input-type=module", "--eval", RULE],
        env={**os.environ, "CASES": str(tmp_path / "cases.json")},
        cwd=ROOT,
        timeout=120,
    )
    expected: list[list[object]] = json.loads(answer)
    for case, (verdict, passes) in zip(cases, expected, strict=True):
        figures = decode(ltb.models.BenchmarkComparison, case["figures"])
        asked = case["asked"]
        deciding = Deciding(asked["alpha"], asked["lowerIsBetter"])
        missing = asked["missing"].upper() if asked["missing"] else None
        failures = failures_of(figures, deciding, missing, asked["allowDifferentInputs"])
        assert (verdict_of(figures, deciding), not failures) == (verdict, passes), (case, failures)
    # Neither answer is one that the cases hardly have.
    assert 500 < sum(bool(passes) for _, passes in expected) < 4500


def begun(dataset: str, scores: Sequence[float | None], client: ltb.Client) -> str:
    with ltb.run("run", model="m", dataset=dataset, client=client) as run:
        for number, score in enumerate(scores):
            run.log(sample_id=number, input="?", output="!", score=score)
    return run.id


def test_a_regression_is_an_assertion_with_its_table(client: ltb.Client, dataset: str) -> None:
    base = begun(dataset, [1.0] * 20, client)
    worse = begun(dataset, [0.0] * 12 + [1.0] * 8, client)
    comparison = ltb.compare(base, worse, client=client)
    assert (comparison.verdict, comparison.figures.losses) == ("worse", 12)
    with pytest.raises(AssertionError, match="the candidate is worse") as failed:
        comparison.assert_no_regression()
    text = str(failed.value)
    assert "-0.6" in text
    assert "0/12/8" in text
    assert "worst of 12 regressed samples" in text
    ltb.compare(worse, base, client=client).assert_no_regression()
    with pytest.raises(ltb.LtbError, match="alpha"):
        ltb.compare(base, worse, alpha=0.7, client=client)


def test_what_a_candidate_lacks_passes_only_if_that_was_said(client: ltb.Client, dataset: str) -> None:
    base = begun(dataset, [1.0] * 20, client)
    lacking = begun(dataset, [1.0] * 18 + [None], client)
    with pytest.raises(AssertionError, match="lacks a value of 2 samples"):
        ltb.compare(base, lacking, client=client).assert_no_regression()
    ltb.compare(base, lacking, missing="EXCLUDE", client=client).assert_no_regression()
    nothing = begun(dataset, [], client)
    with pytest.raises(AssertionError, match="no sample has a value on both sides"):
        ltb.compare(base, nothing, client=client).assert_no_regression()
