"""Records runs of Inspect AI while they happen: Inspect loads this by its entry point if LTB_URL is set.

Benchmarks and evaluations are those that `ltb import` makes of the log, so that importing it adds nothing but
what is missing. Hooks only put things into a queue: Inspect waits for them at every sample.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

import anyio
import anyio.to_thread
from inspect_ai.hooks import Hooks, RunEnd, SampleEnd, TaskEnd, TaskStart, hooks
from inspect_ai.log import (
    EvalLog,
    EvalPlan,
    EvalSample,
    EvalSpec,
    condense_sample,
    read_eval_log_sample,
    read_eval_log_sample_summaries,
)
from pydantic import BaseModel
from pydantic_core import to_json, to_jsonable_python

from .._codec import JsonText
from .._logs.finish import imported_id
from .._logs.inspect_log import STATUSES, benchmark_of, evaluation_of, run_of
from .._logs.json_text import storable
from .._recorder.run import Run, Status, client_of_environment
from .._recorder.sender import exit_timeout, tell
from ..errors import LtbError

log = logging.getLogger("ltb")

# Samples that wait beyond that are read from the log at the end, which bounds the memory that they take.
MOST_WAITING = 1000
CALL_TIMEOUT_S = 5.0
PAUSE_S = 1.0


class _Recording:
    """One evaluation of a task. What reads, maps and records runs in the thread of the queue."""

    def __init__(self, spec: EvalSpec, plan: EvalPlan | None) -> None:
        self.spec = spec
        self.header = {"version": 2, "status": "started", "eval": _dumped(spec)[0]}
        if plan is not None:
            self.header["plan"] = _dumped(plan)[0]
        self._about = run_of(self.header)
        self.run: Run | None = None
        self.location = ""
        """Where the log is, once that is known."""
        self.status: Status | None = None
        """How it ends, once that is known."""
        self.is_done = False
        self._is_given_up = False
        self._failure: Exception | None = None
        self._logs_images = spec.config.log_images is not False
        self._sent: set[tuple[str, int]] = set()

    def begin(self) -> None:
        """Creates the benchmark, once the service has said who the user is, of which its id is made."""
        client = client_of_environment()
        while not self._is_given_up:
            try:
                user_id = client.users.who_am_i(timeout=CALL_TIMEOUT_S).user.id
            except LtbError as error:
                if self._failure is None:
                    log.warning("ltb: samples wait, because %s", error)
                self._failure = error
                time.sleep(PAUSE_S)
                continue
            self._failure = None
            values = benchmark_of(self.header, {})
            self.run = Run(client, {"id": imported_id(user_id, "inspect", self.spec.eval_id), **values})
            return

    def log(self, sample: EvalSample) -> None:
        """Records a sample, as it is in the log."""
        if self.run is None:
            return
        record, marks = _dumped(condense_sample(sample, self._logs_images))
        self._sent.add((str(sample.id), sample.epoch))
        values = evaluation_of(record, marks, self._about)
        if "metadata" in values:
            # Nearly all of a sample is in them, and this takes a fifth of the time of Python's own JSON.
            values["metadata"] = JsonText(to_json(values["metadata"]).decode())
        self.run.log(**values)

    def end(self, status: Status, ended: EvalLog | None) -> None:
        """Records what only the log has, such as samples that a retry took from an earlier run, and ends."""
        if self.run is None:
            return
        values: dict[str, Any] = {}
        if ended is not None:
            header, marks = _dumped(ended.model_copy(update={"samples": None, "reductions": None}))
            self._about = run_of(header)
            values = benchmark_of(header, marks)
            # They were given at the beginning, and a person may have changed them.
            values = {name: one for name, one in values.items() if name not in ("name", "labels")}
            try:
                # To read which samples a log has takes as long as to map a third of them.
                if ended.results is None or len(self._sent) < ended.results.total_samples:
                    self._log_missing()
            except Exception:
                log.exception("ltb: the log %s could not be read", self.location)
        self.run._end(status, values.pop("error", None) or "", **values)  # pyright: ignore[reportPrivateUsage]
        self.is_done = True

    def _log_missing(self) -> None:
        for summary in read_eval_log_sample_summaries(self.location) if self.location else []:
            if (str(summary.id), summary.epoch) not in self._sent and not self._is_given_up:
                self.log(read_eval_log_sample(self.location, summary.id, summary.epoch))

    def give_up(self) -> None:
        """Says that something is missing, and how to get it."""
        self._is_given_up = True
        why = f" ({self._failure})" if self._failure else ""
        # Inspect's display may hide what is logged.
        file = self.location or "FILE"
        tell(f"{self.spec.task} is not wholly recorded{why}. Its log has everything: ltb import {file}")


class LtbHooks(Hooks):
    """Records every run of the process."""

    def __init__(self) -> None:
        self._recordings: dict[str, _Recording] = {}
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def on_task_start(self, data: TaskStart) -> None:
        """Begins a benchmark."""
        # Versions that lighteval works with tell it only in the log.
        recording = _Recording(data.spec, getattr(data, "plan", None))
        self._recordings[data.eval_id] = recording
        self._put(recording.begin)

    async def on_sample_end(self, data: SampleEnd) -> None:
        """Records a sample, which is scored by now or has failed."""
        recording = self._recordings.get(data.eval_id)
        if recording and self._queue.qsize() < MOST_WAITING:
            self._put(partial(recording.log, data.sample))

    async def on_task_end(self, data: TaskEnd) -> None:
        """Ends a benchmark whose task ended by itself."""
        if recording := self._recordings.get(data.eval_id):
            self._end(recording, STATUSES.get(data.log.status, "FAILED"), data.log)

    async def on_run_end(self, data: RunEnd) -> None:
        """Ends the benchmarks of tasks that failed or were cancelled, and waits until all is stored."""
        ours = [one for one in self._recordings.values() if one.spec.run_id == data.run_id]
        logs = {one.eval.eval_id: one for one in data.logs}
        for recording in ours:
            self._recordings.pop(recording.spec.eval_id)
            if recording.status:
                continue
            if ended := logs.get(recording.spec.eval_id):
                self._end(recording, STATUSES.get(ended.status, "FAILED"), ended)
            else:
                # After Ctrl-C there are neither logs nor an exception.
                self._end(recording, "FAILED" if isinstance(data.exception, Exception) else "CANCELLED", None)
        # Whoever cancelled the run waits for this end of it, as of any other.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._finish, ours)

    def _end(self, recording: _Recording, status: Status, ended: EvalLog | None) -> None:
        recording.status = status
        recording.location = ended.location if ended else ""
        self._put(partial(recording.end, status, ended))

    def _finish(self, ours: list[_Recording]) -> None:
        end = time.monotonic() + exit_timeout()
        is_drained = threading.Event()
        self._put(is_drained.set)
        is_drained.wait(exit_timeout())
        for recording in ours:
            if not recording.is_done:
                recording.give_up()
        for recording in ours:
            if recording.run and recording.status:
                recording.run.finish(recording.status, timeout=max(0.0, end - time.monotonic()))

    def _put(self, work: Callable[[], None]) -> None:
        self._queue.put(work)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="ltb-inspect", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            work = self._queue.get()
            try:
                work()
            except Exception:
                # What cannot be recorded must not keep the rest from it.
                log.exception("ltb: a part of a run could not be recorded")


def _dumped(model: BaseModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON that Inspect writes of a part of its log, and the marks of what had to be replaced in it."""
    return storable(to_jsonable_python(model, exclude_none=True, fallback=_nothing))


def _nothing(_value: object) -> None:
    """What Inspect writes of objects that JSON does not know."""


# Inspect would announce a hook that does nothing.
if os.environ.get("LTB_URL") and os.environ.get("LTB_INSPECT") != "0":
    hooks(name="ltb", description="LLM Test Bench")(LtbHooks)
