"""Real sessions of pytest, with a real service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import ltb

from conftest import Service, Stub

CONFTEST = """
    import os, pytest

    @pytest.fixture(scope="session")
    def ltb_run_options():
        labels = {"branch": os.environ["BRANCH"]}
        return {"model": "openai/gpt-4o", "dataset": os.environ["DATASET"], "labels": labels}
"""
# As many samples as SAMPLES says, of which the first WRONG are wrong.
TESTS = """
    import os, pytest

    @pytest.mark.parametrize("number", range(int(os.environ.get("SAMPLES", "12"))))
    def test_bot(ltb_run, number):
        score = number >= int(os.environ.get("WRONG", "0"))
        ltb_run.log(sample_id=number, input="?", output="!", score=score)
"""
CRASH = """
    import os

    def test_before(ltb_run):
        ltb_run.log(sample_id="before", input="?", output="!", score=1)
        assert ltb_run.flush()

    def test_crash(ltb_run):
        os._exit(1)
"""
BY_BRANCH = "--ltb-baseline=label:branch=main"

# Alone, and with the workers of pytest-xdist.
alone_and_shared = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])


class Suite:
    """A folder with tests that use the plugin."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.env = {**os.environ, "BRANCH": "topic", **env}
        self.write("conftest.py", CONFTEST)
        self.write("test_bot.py", TESTS)

    def write(self, name: str, content: str) -> None:
        (self.folder / name).write_text(textwrap.dedent(content))

    def run(self, *arguments: str, **env: str) -> tuple[int, str]:
        """The exit code and the screen of a session."""
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        return ended.returncode, ended.stdout


@pytest.fixture
def suite(service: Service, dataset: str, tmp_path: Path) -> Suite:
    folder = tmp_path / "suite"
    folder.mkdir()
    return Suite(folder, {"DATASET": dataset, "LTB_URL": service.http, "LTB_API_KEY": service.key})


def statuses(client: ltb.Client, dataset: str) -> list[tuple[str, int]]:
    """Of each benchmark its status and the number of its evaluations, the newest first."""
    benchmarks = client.benchmarks.iter_benchmarks(dataset=dataset)
    return [(one.status, sum(1 for _ in client.benchmarks.export_evaluations(one.id))) for one in benchmarks]


def test_a_session_that_does_not_use_it_knows_nothing_of_it(suite: Suite, stub: Stub) -> None:
    suite.write(
        "test_bot.py",
        """
        import sys

        def test_nothing():
            assert not [name for name in sys.modules if name == "urllib3" or name.startswith("ltb._recorder")]
        """,
    )
    code, screen = suite.run(LTB_URL=stub.url)
    assert code == 0, screen
    assert "LLM Test Bench" not in screen
    assert stub.seen == []


@alone_and_shared
def test_a_session_is_one_benchmark(
    workers: tuple[str, ...], suite: Suite, over_http: ltb.Client, dataset: str
) -> None:
    code, screen = suite.run(*workers)
    assert code == 0, screen
    assert statuses(over_http, dataset) == [("COMPLETED", 12)]
    (benchmark,) = over_http.benchmarks.iter_benchmarks(dataset=dataset)
    assert benchmark.id in screen
    assert (benchmark.name, benchmark.provider, benchmark.labels) == ("suite", "openai", {"branch": "topic"})


@alone_and_shared
def test_the_gate_lets_a_session_pass_unless_it_is_worse(
    workers: tuple[str, ...], suite: Suite, over_http: ltb.Client, dataset: str
) -> None:
    code, screen = suite.run(*workers, BY_BRANCH, BRANCH="main")
    assert code == 0, screen
    assert "no baseline yet" in screen
    code, screen = suite.run(*workers, BY_BRANCH)
    assert code == 0, screen
    assert "no significant difference" in screen
    code, screen = suite.run(*workers, BY_BRANCH, WRONG="9")
    assert code == 1, screen
    assert "FAILED --ltb-baseline: the candidate is worse" in screen
    assert "0/9/3" in screen
    assert "worst of 9 regressed samples" in screen
    assert statuses(over_http, dataset) == [("COMPLETED", 12)] * 3
    main = [*over_http.benchmarks.iter_benchmarks(dataset=dataset, labels={"branch": "main"})]
    code, screen = suite.run(*workers, f"--ltb-baseline={main[0].id}", WRONG="9")
    assert code == 1, screen


def test_too_few_pairs_are_told(suite: Suite) -> None:
    suite.run(BRANCH="main", SAMPLES="4")
    code, screen = suite.run(BY_BRANCH, SAMPLES="4", WRONG="1")
    assert code == 0, screen
    assert "4 pairs cannot show any difference" in screen


def test_samples_that_are_gone_fail_the_gate_unless_it_was_told_otherwise(suite: Suite) -> None:
    suite.run(BRANCH="main")
    code, screen = suite.run(BY_BRANCH, SAMPLES="10")
    assert code == 1, screen
    assert "lacks a value of 2 samples" in screen
    code, screen = suite.run(BY_BRANCH, "--ltb-missing=exclude", SAMPLES="10")
    assert code == 0, screen


@alone_and_shared
def test_a_service_that_does_not_answer_breaks_a_session_only_by_its_gate(
    unanswered_url: str, workers: tuple[str, ...], suite: Suite
) -> None:
    begun = time.monotonic()
    code, screen = suite.run(*workers, LTB_URL=unanswered_url, LTB_EXIT_TIMEOUT="1")
    assert code == 0, screen
    assert "not all evaluations are stored yet" in screen
    assert time.monotonic() - begun < 20
    code, screen = suite.run(*workers, BY_BRANCH, LTB_URL=unanswered_url, LTB_EXIT_TIMEOUT="1")
    assert code == 1, screen
    assert "FAILED --ltb-baseline: not judged, as not all evaluations are stored" in screen


def test_an_interrupted_session_is_cancelled_and_not_judged(
    suite: Suite, over_http: ltb.Client, dataset: str
) -> None:
    suite.write(
        "test_bot.py",
        """
        def test_bot(ltb_run):
            ltb_run.log(sample_id=1, score=1.0)
            raise KeyboardInterrupt
        """,
    )
    code, screen = suite.run(BY_BRANCH)
    assert code == 2, screen
    assert "not judged, as the session did not end by itself" in screen
    assert statuses(over_http, dataset) == [("CANCELLED", 1)]


def test_a_worker_that_crashes_leaves_the_rest_in_one_benchmark(
    suite: Suite, over_http: ltb.Client, dataset: str
) -> None:
    suite.write("test_crash.py", CRASH)
    # Each file is of one worker, or the one that crashes may have run nearly all.
    code, screen = suite.run("-n", "2", "--dist", "loadfile", BY_BRANCH)
    assert code == 1, screen
    # What it recorded within half a second before would be lost.
    assert statuses(over_http, dataset) == [("COMPLETED", 13)]


def test_tests_that_fail_do_not_keep_their_run_from_ending(
    suite: Suite, over_http: ltb.Client, dataset: str
) -> None:
    suite.write("test_wrong.py", "def test_wrong():\n    assert False\n")
    code, _ = suite.run()
    assert code == 1
    assert statuses(over_http, dataset) == [("COMPLETED", 12)]


def test_a_gate_without_a_run_fails(suite: Suite) -> None:
    code, screen = suite.run(BY_BRANCH, "-k", "nothing")
    assert code == 5, screen
    suite.write("test_bot.py", "def test_nothing():\n    pass\n")
    code, screen = suite.run(BY_BRANCH)
    assert code == 1, screen
    assert "no test asked for ltb_run" in screen


def test_a_baseline_that_is_not_there_fails(suite: Suite) -> None:
    code, screen = suite.run("--ltb-baseline=0199a5a4-0000-7000-8000-000000000000")
    assert code == 1, screen
    assert "not judged: " in screen


@pytest.mark.parametrize("given", ["main", "label:", "label:branch", "label:=main"])
def test_a_baseline_that_cannot_be_read_is_refused(given: str, suite: Suite) -> None:
    code, screen = suite.run(f"--ltb-baseline={given}")
    assert code == 4, screen
    assert re.search("--ltb-baseline: expected the id of a benchmark or label:KEY=VALUE", screen)


def test_the_fixture_says_what_it_needs(suite: Suite) -> None:
    suite.write("conftest.py", "")
    code, screen = suite.run()
    assert code == 1, screen
    assert "ltb_run_options: define this fixture in conftest.py" in screen
    suite.write("conftest.py", CONFTEST.replace('"labels"', '"label"'))
    code, screen = suite.run()
    assert code == 1, screen
    assert "ltb_run_options: expected name, model, dataset, provider, total, labels" in screen
    assert "got 'label'" in screen
