"""The plugin of pytest: the fixture `ltb_run`, and the gate `--ltb-baseline`.

Every run of pytest in the environment loads this, so it imports nothing large and does nothing unless a test
asks for the fixture or the command line for the gate.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ._compare.comparison import Comparison
    from ._recorder.run import Run, Status
    from .client import Client

_LABELS = "label:"
_OPTIONS = ("name", "model", "dataset", "provider", "total", "labels", "metadata")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ltb", "LLM Test Bench")
    group.addoption(
        "--ltb-baseline",
        metavar="BASELINE",
        help="fail if the run of ltb_run is worse than this benchmark: its id, or label:KEY=VALUE,… for the "
        "newest completed one on the same dataset with these labels",
    )
    group.addoption(
        "--ltb-metric", metavar="NAME", default="score", help="metric that is compared (default: score)"
    )
    group.addoption(
        "--ltb-missing",
        choices=("exclude", "as_worst", "bounds"),
        help="what becomes of samples without a value (default: one that the baseline has fails the gate)",
    )
    group.addoption(
        "--ltb-allow-different-inputs",
        action="store_true",
        help="also compare samples whose inputs or expected answers differ (default: they fail the gate)",
    )


def pytest_configure(config: pytest.Config) -> None:
    baseline = config.option.ltb_baseline
    if baseline is not None:
        _baseline_of(baseline)
    config.pluginmanager.register(Session(config), "ltb-session")


@pytest.fixture(scope="session")
def ltb_run_options() -> Mapping[str, Any]:
    """Arguments of `ltb.run`, by name: `model` and `dataset` at least. A conftest.py defines this anew."""
    raise pytest.UsageError(
        'ltb_run_options: define this fixture in conftest.py with scope="session"; it returns the arguments '
        'of ltb.run, such as {"model": "openai/gpt-4o", "dataset": "tickets"}'
    )


@pytest.fixture(scope="session")
def ltb_run(ltb_run_options: Mapping[str, Any], pytestconfig: pytest.Config) -> Run:
    """The run that tests log evaluations of: one benchmark a session, also under pytest-xdist."""
    session = pytestconfig.pluginmanager.get_plugin("ltb-session")
    assert isinstance(session, Session)
    return session.begin(ltb_run_options)


class Session:
    """The run of a session. Under pytest-xdist workers record it, and their controller ends and judges it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._id = self._workerinput["ltb_id"] if self._workerinput else _new_id()
        self._run: Run | None = None
        self._options: dict[str, Any] = {}
        self._is_stored = True
        self._lines: list[str] = []
        self._failure = ""

    def begin(self, options: Mapping[str, Any]) -> Run:
        """Begins the run, or goes on with that of another worker. Raises ValueError or TypeError."""
        from ._recorder.run import run

        unknown = [name for name in options if name not in _OPTIONS]
        if unknown:
            raise ValueError(f"ltb_run_options: expected {', '.join(_OPTIONS)}, got {unknown[0]!r}")
        self._options = {"name": self._config.rootpath.name, **options}
        self._run = run(**self._options, id=self._id)
        return self._run

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Of pytest-xdist: a worker is about to begin, also one in place of another that crashed."""
        node.workerinput["ltb_id"] = self._id

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Of pytest-xdist: a worker has ended."""
        report = getattr(node, "workeroutput", {}).get("ltb")
        if report is not None:
            told = json.loads(report)
            self._options = told["options"]
            self._is_stored = self._is_stored and told["is_stored"]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._workerinput is not None:
            if self._run is not None:
                self._report(self._run)
            return
        is_whole = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if self._options:
            self._finish("COMPLETED" if is_whole else _status_of(exitstatus))
        baseline = self._config.option.ltb_baseline
        if baseline is None or self._config.option.collectonly:
            return
        try:
            self._failure = (
                self._judge(baseline) if is_whole else "not judged, as the session did not end by itself"
            )
        except Exception as error:
            # Whatever went wrong, the candidate has not passed, and tests have their results.
            self._failure = f"not judged: {error}"
        if self._failure and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._lines and not self._failure:
            return
        terminalreporter.section("LLM Test Bench")
        for line in self._lines:
            terminalreporter.write_line(line)
        if self._failure:
            terminalreporter.write_line(f"FAILED --ltb-baseline: {self._failure}", red=True)

    def _report(self, run: Run) -> None:
        output: dict[str, str] = self._config.workeroutput  # pyright: ignore
        is_stored = run._leave()  # pyright: ignore[reportPrivateUsage]
        output["ltb"] = json.dumps({"options": self._options, "is_stored": is_stored}, default=str)

    def _finish(self, status: Status) -> None:
        # A service that workers did not reach is not waited for again.
        timeout = None if self._is_stored else 0.0
        run = self._run or self.begin(self._options)
        self._is_stored = run.finish(status, timeout=timeout) and self._is_stored
        self._lines.append(f"benchmark {run.id}")
        if not self._is_stored:
            self._lines.append("not all evaluations are stored yet; ltb-sync sends what is left")

    def _judge(self, baseline: str) -> str:
        """Compares the run, and says why it does not pass; empty if it does."""
        from ._compare.comparison import compare
        from ._recorder.run import client_of_environment

        if not self._options:
            return "not judged, as no test asked for ltb_run"
        if not self._is_stored:
            return "not judged, as not all evaluations are stored"
        found = self._find(client_of_environment(), baseline)
        if found is None:
            self._lines.append(
                f"no baseline yet: dataset {self._options['dataset']!r} has no other completed benchmark "
                f"with {baseline}, so that there is nothing to compare with"
            )
            return ""
        missing = self._config.option.ltb_missing
        comparison: Comparison = compare(
            found,
            self._id,
            metric=self._config.option.ltb_metric,
            missing=missing.upper() if missing else None,
            allow_different_inputs=self._config.option.ltb_allow_different_inputs,
        )
        self._lines += ["", *str(comparison).split("\n"), ""]
        return "; ".join(comparison.failures)

    def _find(self, client: Client, baseline: str) -> str | None:
        """The id of the benchmark to compare with, or None if there is none yet."""
        labels = _baseline_of(baseline)
        if isinstance(labels, str):
            return labels
        benchmarks = client.benchmarks.iter_benchmarks(
            dataset=self._options["dataset"], labels=labels, status="COMPLETED", page_size=2
        )
        return next((one.id for one in benchmarks if one.id != self._id), None)


def _new_id() -> str:
    from ._ids import uuid7

    return uuid7()


def _status_of(exitstatus: int) -> Status:
    return "CANCELLED" if exitstatus == pytest.ExitCode.INTERRUPTED else "FAILED"


def _baseline_of(given: str) -> str | dict[str, str]:
    """Reads the option: an id, or labels. Raises pytest.UsageError."""
    problem = f"--ltb-baseline: expected the id of a benchmark or label:KEY=VALUE,…, got {given!r}"
    if not given.startswith(_LABELS):
        try:
            return str(uuid.UUID(given))
        except ValueError:
            raise pytest.UsageError(problem) from None
    pairs = [pair.partition("=") for pair in given.removeprefix(_LABELS).split(",")]
    if not all(key and equals for key, equals, _ in pairs):
        raise pytest.UsageError(problem)
    return {key: value for key, _, value in pairs}
