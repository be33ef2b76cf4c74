"""What workers do in Python's own ways. The scenarios of all runtimes are in test/worker-scenarios/."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import ltb
from ltb import models
from ltb._worker import heartbeats
from ltb._worker.claims import Claims
from ltb._worker.deliveries import Deliveries
from ltb._worker.job import Job
from ltb._worker.leases import Held, Leases
from ltb._worker.log import log as worker_log
from ltb._worker.outbox import SENDERS, Entry, Outbox
from ltb._worker.outcome import Failed, Released
from ltb._worker.outcome import run as outcome_of
from ltb._worker.progress import ProgressReports
from ltb._worker.threads import Loop, Threads

from conftest import PATIENCE_S, Service, Stub, busy, eventually, program
from conftest import ended as output_of


@pytest.fixture(scope="module")
def worker_key(service: Service) -> str:
    """The key of a user of role worker."""
    with ltb.Client(service.http, api_key=service.key) as admin:
        user = admin.users.create_user(email="w@example.com", username="worker", role="WORKER").user
        return admin.users.create_api_key(user_id=user.id, name="worker").secret


@pytest.fixture
def worker(url: str, worker_key: str, dataset: str) -> ltb.Worker:
    """One whose name is the type of its jobs."""
    return ltb.Worker(dataset, url=url, api_key=worker_key, capacity=2)


@contextmanager
def at_work(worker: ltb.Worker) -> Generator[None]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def run(worker: ltb.Worker, client: ltb.Client, payload: dict[str, Any] | None = None) -> models.Job:
    """Has a new job done that is tried once, and returns it as it ended."""
    made = client.jobs.create_job(job_type=worker.worker_id, payload=payload, max_retries=0).job
    with at_work(worker):
        return ended(client, made.id)


def ended(client: ltb.Client, job_id: str) -> models.Job:
    def look() -> models.Job | None:
        job = client.jobs.get_job(job_id).job
        return job if job.status not in ("PENDING", "RUNNING") else None

    return eventually(look, "end of the job")


def test_documents_have_all_of_their_digits(worker: ltb.Worker, client: ltb.Client) -> None:
    @worker.job(worker.worker_id)
    def handle(job: ltb.Job) -> Any:
        assert (job.type, job.attempt, job.epoch) == (worker.worker_id, 1, 1)
        return {"sum": job.payload["n"] + 1, "text": "half \ud800 of 😀"}

    assert run(worker, client, {"n": 2**60}).result == {"sum": 2**60 + 1, "text": "half \ufffd of 😀"}


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_an_exception_is_stored_with_its_traceback_from_the_handler_on(
    worker: ltb.Worker, client: ltb.Client, kind: str
) -> None:
    def plain(job: ltb.Job) -> Any:
        return job.payload["missing"]

    async def coroutine(job: ltb.Job) -> Any:
        return job.payload["missing"]

    worker.job(worker.worker_id)(plain if kind == "plain" else coroutine)
    error = run(worker, client).error
    assert re.match(rf'Traceback \(most recent call last\):\n  File ".*", line \d+, in {kind}\n', error)
    assert error.endswith("\nKeyError: 'missing'")


def test_a_long_error_keeps_its_end(worker: ltb.Worker, client: ltb.Client) -> None:
    @worker.job(worker.worker_id)
    async def handle(job: ltb.Job) -> Any:
        raise RuntimeError("ü" * 100_000 + " and the end")

    error = run(worker, client).error
    assert len(error.encode()) <= 65_536
    assert error.endswith("ü and the end")
    assert "RuntimeError: ü" in error


@pytest.mark.parametrize("ending", [SystemExit(3), asyncio.CancelledError(), KeyboardInterrupt()], ids=repr)
def test_what_would_end_a_thread_or_task_fails_the_job_alone(
    worker: ltb.Worker, client: ltb.Client, ending: BaseException
) -> None:
    @worker.job(worker.worker_id)
    def handle(job: ltb.Job) -> Any:
        if job.payload.get("ends"):
            raise ending
        return "fine"

    assert type(ending).__name__ in run(worker, client, {"ends": True}).error
    assert run(worker, client).result == "fine"


def test_the_handlers_exceptions_tell_only_their_message(worker: ltb.Worker, client: ltb.Client) -> None:
    @worker.job(worker.worker_id)
    def handle(job: ltb.Job) -> Any:
        try:
            raise KeyError("no such model")
        except KeyError as error:
            raise ltb.PermanentError("the model is unknown") from error

    assert run(worker, client).error == "the model is unknown"


def test_evaluations_that_cannot_be_sent_fail_their_job_for_good(
    worker: ltb.Worker, client: ltb.Client
) -> None:
    @worker.job(worker.worker_id)
    def handle(job: ltb.Job) -> Any:
        score: Any = "good"
        return ltb.Result(1, [models.NewEvaluation(sample_id="\ud800", input="i", output="o", score=score)])

    assert run(worker, client).error.startswith("the result ")


def test_plain_handlers_and_coroutines_work_side_by_side(worker: ltb.Worker, client: ltb.Client) -> None:
    both = threading.Barrier(2, timeout=PATIENCE_S)
    threads: set[str] = set()

    def meet() -> str:
        threads.add(threading.current_thread().name)
        both.wait()
        return "met"

    @worker.job(worker.worker_id)
    async def in_loop(job: ltb.Job) -> str:
        return await asyncio.to_thread(meet)

    @worker.job("*")
    def in_thread(job: ltb.Job) -> str:
        return meet() if job.payload.get("with") == worker.worker_id else "not ours"

    other = client.jobs.create_job(job_type=f"{worker.worker_id}-other", payload={"with": worker.worker_id})
    assert run(worker, client).result == "met"
    assert ended(client, other.job.id).result == "met"
    assert len(threads) == 2


def test_threads_are_kept_with_what_is_theirs(worker: ltb.Worker, client: ltb.Client) -> None:
    own = threading.local()

    @worker.job(worker.worker_id)
    def handle(job: ltb.Job) -> int:
        own.jobs = getattr(own, "jobs", 0) + 1
        return own.jobs

    ids = [client.jobs.create_job(job_type=worker.worker_id).job.id for _ in range(12)]
    with at_work(worker):
        results = [ended(client, job_id).result for job_id in ids]
    assert max(results) >= 6


def test_a_coroutine_that_blocks_the_loop_is_told_of(
    url: str, service: Service, client: ltb.Client, dataset: str, caplog: pytest.LogCaptureFixture
) -> None:
    worker = ltb.Worker(dataset, url=url, api_key=service.key, lease=1.5)

    @worker.job(dataset)
    async def handle(job: ltb.Job) -> str:
        time.sleep(2.5)
        return "done"

    with caplog.at_level(logging.WARNING, "ltb.worker"):
        job = run(worker, client)
    assert (job.result, len(job.attempts)) == ("done", 1)
    assert "the event loop has run nothing since the last heartbeat" in caplog.text


def test_no_except_exception_holds_the_check_up(worker: ltb.Worker, client: ltb.Client) -> None:
    causes: list[str | None] = []

    @worker.job(worker.worker_id)
    def handle(job: ltb.Job) -> Any:
        job.progress(0.5)
        while True:
            try:
                job.check()
            except Exception:
                continue
            except ltb.JobAborted as aborted:
                causes.append(aborted.cause)
                raise
            # Progress brings the cancellation back within a second.
            job.progress(message=str(time.monotonic()))
            time.sleep(0.05)

    made = client.jobs.create_job(job_type=worker.worker_id)
    with at_work(worker):
        eventually(lambda: client.jobs.get_job(made.job.id).job.progress == 0.5, "progress")
        client.jobs.cancel_job(made.job.id)
        eventually(lambda: causes, "cancellation")
    assert causes == ["cancelled"]


def test_a_worker_runs_again_after_it_stopped(
    worker: ltb.Worker, client: ltb.Client, caplog: pytest.LogCaptureFixture
) -> None:
    @worker.job(worker.worker_id)
    def handle(job: ltb.Job) -> int:
        return 1

    for _ in range(2):
        assert run(worker, client).result == 1
        assert worker.worker_id not in {one.worker_id for one in client.workers.iter_workers()}
    # All of its calls are allowed to its role.
    assert caplog.text == ""


def test_a_signal_that_another_thread_gets_stops_the_worker(worker: ltb.Worker, client: ltb.Client) -> None:
    @worker.job(worker.worker_id)
    def handle(_: ltb.Job) -> None:
        # The system gives a signal to any thread, one that is starting another above all.
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    made = client.jobs.create_job(job_type=worker.worker_id).job
    too_late = threading.Timer(PATIENCE_S, worker.stop)
    too_late.start()
    worker.run()
    assert too_late.is_alive()
    too_late.cancel()
    assert client.jobs.get_job(made.id).job.status == "COMPLETED"


def test_a_worker_that_gets_no_event_loop_gives_its_job_back_and_says_why(
    worker: ltb.Worker, client: ltb.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    @worker.job(worker.worker_id)
    async def handle(_: ltb.Job) -> None:
        pass

    def no_loop() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(asyncio, "new_event_loop", no_loop)
    monkeypatch.setattr(asyncio.events, "new_event_loop", no_loop)
    # The first failed attempt would be its last.
    made = client.jobs.create_job(job_type=worker.worker_id, max_retries=0).job
    too_late = threading.Timer(PATIENCE_S, worker.stop)
    too_late.start()
    with pytest.raises(OSError, match="Too many open files"):
        worker.run()
    too_late.cancel()
    assert client.jobs.get_job(made.id).job.status == "PENDING"


def test_nothing_of_a_worker_goes_on_after_it_stopped(worker: ltb.Worker, client: ltb.Client) -> None:
    @worker.job(worker.worker_id)
    async def handle(job: ltb.Job) -> int:
        return await asyncio.to_thread(lambda: 1)

    before = set(threading.enumerate())
    run(worker, client)
    eventually(lambda: set(threading.enumerate()) <= before, "end of all threads")


def test_a_wrong_key_ends_the_run(url: str, dataset: str) -> None:
    worker = ltb.Worker(dataset, url=url, api_key="wrong")
    worker.job(dataset)(print)
    with pytest.raises(ltb.LtbError, match="CREDENTIAL_INVALID"):
        worker.run()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"worker_id": ""}, "worker_id: expected 1 to 255 characters, got 0"),
        ({"capacity": 0}, "capacity: expected a whole number from 1 to 10000, got 0"),
        ({"capacity": 10_000, "prefetch": 1}, "prefetch: expected a whole number from 0 to 0, got 1"),
        ({"lease": 0.5}, "lease: expected seconds from 1 to 3600, got 0.5"),
        ({"lease": float("nan")}, "lease: expected seconds from 1 to 3600, got nan"),
        ({"drain_timeout": -1}, "drain_timeout: expected seconds from 0 to"),
        ({"url": "localhost"}, "url: expected http"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ltb.Worker(**arguments)


def test_handlers_are_there_and_one_of_a_type() -> None:
    worker = ltb.Worker()
    with pytest.raises(ValueError, match="expected a handler"):
        worker.run()
    worker.job("a")(print)
    with pytest.raises(ValueError, match="job_type: 'a' has a handler already"):
        worker.job("a")(print)


def held(name: str = "job", expires_in: float = 30.0) -> Held:
    message = models.Job(id=name, job_type="test")
    lease = models.Lease(job=message, epoch=1, attempt=1)
    one = Held(lease, Job(lease, lambda fraction, message: None), time.monotonic())
    one.expires_at = time.monotonic() + expires_in
    return one


def test_a_job_whose_lease_seems_expired_waits_for_its_renewal() -> None:
    leases = Leases(1, 1)
    late, fresh = held("late", -1), held("fresh")
    leases.add(late)
    leases.add(fresh)
    assert leases.start() is fresh
    leases.ended(fresh)
    assert leases.start() is None
    late.expires_at = time.monotonic() + 30
    assert leases.start() is late


class Sending:
    """An outbox whose answers a test gives."""

    def __init__(self, answer: Callable[[list[int]], None]) -> None:
        self.batches: list[list[int]] = []
        self.answered: list[int] = []
        self.refused: list[int] = []
        self.answer = answer
        self.outbox = Outbox(
            self.send,
            lambda entry, _: self.answered.append(entry.item),
            lambda entry, _: self.refused.append(entry.item),
            lambda error, count: None,
            lambda: None,
        )

    def send(self, kind: str, batch: list[Entry]) -> list[None]:
        items = [entry.item for entry in batch]
        self.batches.append(items)
        self.answer(items)
        return [None] * len(items)

    def deliver(self, count: int, weight: float = 0.0) -> None:
        for item in range(count):
            self.outbox.add(Entry("result", held(), item, weight))
        self.outbox.start()
        try:
            eventually(lambda: self.outbox.size == 0, "end")
        finally:
            self.outbox.abandon()


def test_a_refused_outcome_is_found_in_its_batch_and_the_others_arrive() -> None:
    def answer(items: list[int]) -> None:
        if 17 in items:
            raise ltb.LtbError("INVALID_ARGUMENT", "something is wrong")

    sending = Sending(answer)
    sending.deliver(40)
    assert sending.refused == [17]
    assert sorted(sending.answered) == [item for item in range(40) if item != 17]
    assert len(sending.batches) < 20


def test_an_outcome_that_is_only_suspected_is_tried_alone_until_it_passes() -> None:
    alone: list[int] = []

    def answer(items: list[int]) -> None:
        if items == [17]:
            alone.extend(items)
        if 17 in items and len(alone) < 3:
            raise ltb.LtbError("INTERNAL", "something went wrong")

    sending = Sending(answer)
    sending.deliver(40)
    assert (sending.refused, len(alone)) == ([], 3)
    assert sorted(sending.answered) == list(range(40))
    assert sending.answered[-1] == 17


def test_an_outage_says_nothing_about_a_batch() -> None:
    failures = [ltb.LtbError("UNAVAILABLE", "away")] * 3

    def answer(items: list[int]) -> None:
        if failures:
            raise failures.pop()

    sending = Sending(answer)
    sending.deliver(40)
    assert sorted(sending.answered) == list(range(40))
    assert [len(batch) for batch in sending.batches] == [40] * 4


@pytest.mark.parametrize("code", ["RESOURCE_EXHAUSTED", "INTERNAL"])
def test_who_hurries_does_not_wait_as_long_as_the_service_asks(code: str) -> None:
    failures = [ltb.LtbError(code, "busy", retry_after=3600.0)] * 2

    def answer(items: list[int]) -> None:
        if failures:
            raise failures.pop()

    sending = Sending(answer)
    sending.outbox.add(Entry("result", held(), 5, 0))
    sending.outbox.start()
    try:
        eventually(lambda: sending.batches, "attempt")
        sending.outbox.hurry(2)
        eventually(lambda: sending.outbox.size == 0, "end")
    finally:
        sending.outbox.abandon()
    assert (sending.answered, len(sending.batches)) == ([5], 3)


def test_a_stop_does_not_wait_as_long_as_the_service_asks(stub: Stub) -> None:
    lease = {"job": {"id": "j", "jobType": "sums"}, "epoch": 1, "attempt": 1, "expiresIn": "30s"}

    def answer(method: str, _body: bytes) -> tuple[int, object]:
        calls = [name for name, _ in stub.seen].count(method)
        if method == "ClaimJobs" and calls == 1:
            return 200, {"leases": [lease]}
        if method == "ClaimJobs":
            time.sleep(0.1)
        if method != "CompleteJobs":
            return 200, {}
        return (
            (429, busy(b"\x08\x90\x1c"))
            if calls == 1
            else (200, {"results": [{"outcome": "LEASE_OUTCOME_OK"}]})
        )

    stub.answer = answer
    worker = ltb.Worker("w", url=stub.url, drain_timeout=0.1)

    @worker.job("sums")
    def five(job: Job) -> int:
        return 5

    with at_work(worker):
        eventually(lambda: any(name == "CompleteJobs" for name, _ in stub.seen), "attempt")
    assert [name for name, _ in stub.seen].count("CompleteJobs") == 2


def test_what_cannot_be_written_down_is_refused_alone() -> None:
    def answer(items: list[int]) -> None:
        if 3 in items:
            raise ValueError("no JSON")

    sending = Sending(answer)
    sending.deliver(8)
    assert (sending.refused, len(sending.answered)) == ([3], 7)


@pytest.mark.parametrize("raises", ["answered", "refused", "delayed", "settled"])
def test_a_callback_that_raises_is_told_of_and_holds_nothing_up(
    raises: str, caplog: pytest.LogCaptureFixture
) -> None:
    outages = [ltb.LtbError("UNAVAILABLE", "away")] * SENDERS

    def answer(items: list[int]) -> None:
        if outages:
            raise outages.pop()
        if 3 in items:
            raise ltb.LtbError("INVALID_ARGUMENT", "something is wrong")

    def fault(*_: object) -> None:
        raise LookupError(f"a fault of {raises}")

    sending = Sending(answer)
    setattr(sending.outbox, f"_{raises}", fault)
    sending.deliver(8)
    assert sending.refused == ([] if raises == "refused" else [3])
    assert sorted(sending.answered) == ([] if raises == "answered" else [0, 1, 2, 4, 5, 6, 7])
    assert f"LookupError: a fault of {raises}" in caplog.text


@pytest.mark.parametrize("by", ["report", "poll"])
def test_a_fault_with_claimed_jobs_is_none_of_the_report_that_claimed_them(by: str) -> None:
    fault = LookupError("a lease that is none")
    claimant = Claimant(fault)
    sent: list[str] = []

    class Jobs:
        def complete_jobs(self, *_: object, **__: object) -> models.CompleteJobsResponse:
            sent.append("results")
            return models.CompleteJobsResponse(results=[models.CompleteJobsResult(outcome="OK")])

        def fail_jobs(self, *_: object, **__: object) -> models.FailJobsResponse:
            sent.append("failures")
            return models.FailJobsResponse(results=[models.FailJobsResult(outcome="OK")])

        def claim_jobs(self, *_: object, **__: object) -> models.ClaimJobsResponse:
            sent.append("claim")
            return models.ClaimJobsResponse()

    client: Any = SimpleNamespace(jobs=Jobs())
    claims = Claims(client, "w", ["t"], 30, claimant)
    if by == "poll":
        claims.poll()
        assert sent == ["claim"]
    else:
        outcomes = Deliveries(client, "w", claimant.leases, claims)
        one = held()
        claimant.leases.add(one)
        claimant.leases.start()
        claimant.leases.ended(one)
        outcomes.deliver(one, outcome_of(one, lambda job: {"answer": 5}))
        outcomes.start()
        try:
            eventually(lambda: outcomes.size == 0, "end")
        finally:
            outcomes.abandon()
        assert sent == ["results"]
    assert claimant.faults == [fault]
    assert not claims.is_asking


class Claimant:
    """A worker that cannot take the jobs that it is given."""

    def __init__(self, fault: Exception) -> None:
        self.leases = Leases(2, 0)
        self.stopping = threading.Event()
        self.faults: list[Exception] = []
        self._fault = fault

    def wanted(self, freed: int) -> int:
        return freed + 1

    def received(self, leases: list[models.Lease], received_at: float) -> None:
        raise self._fault

    def ordered(self, drain: bool) -> None:
        pass

    def unknown(self) -> None:
        pass

    def failed(self, fault: Exception) -> None:
        self.faults.append(fault)
        self.stopping.set()


class Full(logging.Handler):
    """A handler of the log whose disk is full."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record)
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (models.ReleaseJobsResponse(results=[models.ReleaseJobsResult(outcome="STALE")]), "not accepted"),
        (ltb.LtbError("INVALID_ARGUMENT", "something is wrong"), "refused"),
    ],
)
def test_a_log_that_raises_keeps_no_lease(
    answer: models.ReleaseJobsResponse | ltb.LtbError,
    outcome: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Jobs:
        def release_jobs(self, *_: object, **__: object) -> models.ReleaseJobsResponse:
            if isinstance(answer, ltb.LtbError):
                raise answer
            return answer

    client: Any = SimpleNamespace(jobs=Jobs())
    claims: Any = None
    leases = Leases(1, 0)
    one = held()
    leases.add(one)
    leases.start()
    leases.ended(one)
    outcomes = Deliveries(client, "w", leases, claims)
    log = Full()
    monkeypatch.setattr(worker_log.logger, "handlers", [log])
    caplog.set_level(logging.INFO, worker_log.name)
    outcomes.deliver(one, Released())
    outcomes.start()
    try:
        eventually(lambda: outcomes.size == 0, "end")
    finally:
        outcomes.abandon()
    assert outcome in log.told[0].getMessage()
    assert leases.held == []


def test_a_log_that_raises_keeps_no_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Full()
    monkeypatch.setattr(worker_log.logger, "handlers", [log])
    assert isinstance(outcome_of(held(), lambda job: 1 / 0), Failed)
    (told,) = log.told
    assert (told.filename, told.funcName) == ("outcome.py", "_ended_by")


def test_a_batch_is_as_heavy_as_the_service_takes() -> None:
    sending = Sending(lambda items: None)
    sending.deliver(10, weight=0.3)
    assert sorted(sending.answered) == list(range(10))
    assert max(map(len, sending.batches)) == 3


class Unfinished(ltb.RetryLater):
    """One whose author forgot what it needs."""

    def __init__(self) -> None:
        Exception.__init__(self, "wait")


class Mute(ltb.PermanentError):
    def __str__(self) -> str:
        raise ValueError("it has no text")


def raised_later(seconds: Any) -> Callable[[], BaseException]:
    return lambda: ltb.RetryLater(seconds)


@pytest.mark.parametrize(
    ("make", "told", "retryable"),
    [
        (Unfinished, "no attribute 'seconds'", True),
        (Mute, "it has no text", False),
        (raised_later("soon"), "seconds: expected a number, got 'soon'", True),
        (raised_later(None), "seconds: expected a number, got None", True),
        (raised_later(float("nan")), "seconds: expected a number, got nan", True),
    ],
)
def test_an_exception_that_is_wrong_itself_fails_the_attempt(
    make: Callable[[], BaseException], told: str, retryable: bool
) -> None:
    def handle(job: ltb.Job) -> None:
        raise make()

    outcome = outcome_of(held(), handle)
    assert isinstance(outcome, Failed)
    assert told in outcome.item.error
    assert outcome.item.retryable is retryable


@pytest.mark.parametrize(("seconds", "delay"), [("2.5", 2.5), (-1, 0.001), (1e9, 604_800.0)])
@pytest.mark.parametrize("hold", [True, False])
def test_a_job_is_given_back_for_as_long_as_the_service_takes(seconds: Any, delay: float, hold: bool) -> None:
    def handle(job: ltb.Job) -> None:
        raise ltb.RetryLater(seconds, hold_limit_key=hold)

    assert outcome_of(held(), handle) == Released(delay, hold)


@pytest.mark.parametrize("given", [("half", None), (None, Mute()), ([1], "m")], ids=repr)
def test_progress_that_cannot_be_told_does_not_fail_the_job(
    given: tuple[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    client: Any = None
    one = held()
    one.state = "running"
    reports = ProgressReports(client, "w", 30, Leases(1, 0), threading.Event())
    reports.report(one, *given)
    assert "its progress cannot be told" in caplog.text


def test_work_waits_for_a_thread_where_the_system_allows_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, free, done = Threads(), threading.Event(), threading.Event()

    def wait() -> None:
        free.wait(PATIENCE_S)

    threads.run(wait)

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    threads.run(done.set)
    assert not done.is_set()
    free.set()
    assert done.wait(PATIENCE_S)
    threads.close()
    with pytest.raises(RuntimeError, match="can't start new thread"):
        Threads().run(done.set)


def test_a_loop_that_cannot_be_made_says_why() -> None:
    code = """
        import os, resource
        from ltb._worker.threads import Loop
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        try:
            while True:
                os.dup(0)
        except OSError:
            pass
        try:
            Loop()._start()
        except OSError as error:
            print(error.strerror)
    """
    process = program(code)
    try:
        assert output_of(process)[0] == "Too many open files"
    finally:
        process.kill()


def test_a_loop_without_a_thread_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[asyncio.AbstractEventLoop] = []
    new_event_loop = asyncio.new_event_loop

    def make() -> asyncio.AbstractEventLoop:
        made.append(new_event_loop())
        return made[0]

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asyncio, "new_event_loop", make)
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        Loop()._start()
    assert [loop.is_closed() for loop in made] == [True]


def test_a_process_that_a_handler_forks_off_ends_by_a_signal() -> None:
    code = """
        import multiprocessing, time
        from ltb._worker.stop_signals import stopped_by_signals
        forks = multiprocessing.get_context("fork")
        begun = forks.Event()
        def work():
            begun.set()
            # A signal that comes just before a sleep begins is handled after it.
            for _ in range(600):
                time.sleep(0.1)
        with stopped_by_signals(lambda: print("stops")):
            child = forks.Process(target=work)
            child.start()
            begun.wait()  # Python forgets a signal that comes before.
            child.terminate()
            child.join(20)
            print(child.exitcode)
            child.kill()
    """
    assert output_of(program(code))[0] == "-15"


def test_a_fork_of_a_worker_is_one_of_its_own() -> None:
    code = """
        import os
        import ltb
        own, named = (ltb.Worker(name, url="http://127.0.0.1:9") for name in (None, "mine"))
        print(own.worker_id, named.worker_id, flush=True)
        if os.fork() == 0:
            print(own.worker_id, named.worker_id, flush=True)
            os._exit(0)
        os.wait()
    """
    parent, child = output_of(program(code))[0].splitlines()
    assert parent.split()[1] == child.split()[1] == "mine"
    assert parent.split()[0] != child.split()[0]


def test_containers_that_share_a_host_name_and_a_process_id_have_names_of_their_own() -> None:
    code = """
        import os, socket
        import ltb
        os.getpid, socket.gethostname = lambda: 1, lambda: "host"
        one, other = (ltb.Worker(url="http://127.0.0.1:9").worker_id for _ in range(2))
        print(one, one == other)
    """
    names = {output_of(program(code))[0] for _ in range(2)}
    assert len(names) == 2
    assert all(re.fullmatch("host-1-[0-9a-f]{8} True", name) for name in names)


@pytest.mark.parametrize(
    ("meminfo", "use"),
    [("MemTotal: 8 kB\nMemAvailable: 2 kB", 0.75), ("MemTotal: 8 kB\nMemAvailable: 9 kB", 0.0),
     ("MemTotal: 0 kB\nMemAvailable: 0 kB", None)],
)  # fmt: skip
def test_a_containers_odd_memory_stops_no_heartbeat(
    meminfo: str, use: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_text(_: Path) -> str:
        return meminfo

    monkeypatch.setattr(Path, "read_text", read_text)
    assert heartbeats._memory_use() == use
