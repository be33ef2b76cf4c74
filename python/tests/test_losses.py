"""What becomes of evaluations that cannot be sent now, or ever: none is lost, and none holds up others."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import ref

import pytest

import ltb
from ltb._recorder import sender as sender_module
from ltb._recorder import spool as spool_module
from ltb._recorder import sync
from ltb._recorder.spool import Entry

from conftest import Service, Stub, busy, ended, eventually, program, spooled, stored


def rejected() -> list[dict[str, Any]]:
    file = Path(os.environ["LTB_SPOOL_DIR"]) / "rejected.jsonl"
    return [json.loads(line) for line in file.read_bytes().decode("ascii").splitlines()]


@pytest.fixture
def away(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service that is away until the test starts it, for runs that give up at once."""
    monkeypatch.setenv("LTB_URL", own_service.http)
    monkeypatch.setenv("LTB_API_KEY", own_service.key)
    monkeypatch.setenv("LTB_EXIT_TIMEOUT", "0.2")
    own_service.kill()
    yield own_service
    if own_service.process.poll() is not None:
        own_service.start()


def counts(client: ltb.Client, benchmark: str) -> int:
    try:
        return client.benchmarks.get_benchmark(benchmark).benchmark.completed_iterations
    except ltb.LtbError:
        return 0


def test_the_end_of_a_run_does_not_part_another_from_its_benchmark(away: Service, dataset: str) -> None:
    with ltb.Client() as client:
        first = ltb.run("first", model="m", dataset=dataset, client=client)
        second = ltb.run("second", model="m", dataset=dataset, client=client)
        second.log(sample_id="1", output="x")
        assert not first.finish()
        second.log(sample_id="2", output="x")
        first.log(sample_id="after its end", output="x")
        away.start()
        eventually(lambda: counts(client, second.id) == 2, "evaluation of the other run")
        assert second.flush(30)
        assert stored(client, first.id) == ["after its end"]
        assert client.benchmarks.get_benchmark(first.id).benchmark.status == "COMPLETED"
        assert not (Path(os.environ["LTB_SPOOL_DIR"]) / "rejected.jsonl").exists()
        second.finish()


def test_a_kill_loses_nothing_while_the_service_is_away(away: Service, dataset: str) -> None:
    code = """
        import time, ltb
        run = ltb.run("a", model="m", dataset="DATASET")
        for at in range(100): run.log(sample_id=at, output="x")
        print(run.id, flush=True)
        time.sleep(60)
    """
    process = program(code.replace("DATASET", dataset))
    assert process.stdout
    run = process.stdout.readline().strip()
    eventually(lambda: spooled() and spooled()[0].read_bytes().count(b"\n") >= 102, "file with all of it")
    process.kill()
    ended(process)
    away.start()
    assert sync.main([]) == 0
    with ltb.Client() as client:
        assert len(stored(client, run)) == 100


def test_what_a_full_disk_does_not_take_stays_in_memory(
    away: Service, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = Path(os.environ["LTB_SPOOL_DIR"])
    blocked.write_text("this is no folder")
    run = ltb.run("a", model="m", dataset=dataset)
    run.log(sample_id="1", output="x")
    eventually(lambda: run._sender._failures > 3, "failed attempts")
    run.log(sample_id="2", output="x")
    assert not run.finish()
    away.start()
    assert run.flush(30)
    with ltb.Client() as client:
        assert stored(client, run.id) == ["1", "2"]


def test_a_body_that_cannot_be_sent_does_not_hold_up_others(over_http: ltb.Client, dataset: str) -> None:
    run = ltb.run("a", model="m", dataset=dataset)
    broken = f'{{"benchmarkId":"{run.id}","sampleId":"half","output":"\ud800"}}'
    run._sender.put(Entry("evaluation", broken, run._create))
    run._sender.put(Entry("update", '{"id":"\ud800"}', run._create))
    run.log(sample_id="good", output="x")
    assert run.finish()
    assert stored(over_http, run.id) == ["good"]
    assert [one["evaluation"]["sampleId"] for one in rejected()] == ["half"]


def test_an_exception_may_have_half_a_character(over_http: ltb.Client, dataset: str) -> None:
    run = ltb.run("a", model="m", dataset=dataset)
    run.log(sample_id="1", error=OSError("\ud800"))
    with pytest.raises(ValueError, match="broken"), run:
        raise ValueError("broken \ud800")
    benchmark = over_http.benchmarks.get_benchmark(run.id).benchmark
    assert benchmark.status == "FAILED"
    assert benchmark.error.endswith("ValueError: broken \\ud800")
    [failed] = over_http.benchmarks.export_evaluations(run.id)
    assert failed.error == "OSError: \\ud800"


class Evil:
    def __repr__(self) -> str:
        raise RuntimeError("no text for you")


def endless() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("score", float("nan"), "nan"),
        ("score", "good", "good"),
        ("latency_ms", float("inf"), "inf"),
        ("input", "\ud800", "\ud800"),
        ("input", endless(), "[[...]]"),
        ("output", {(1, 2): "x"}, "{(1, 2): 'x'}"),
        ("metadata", {"a": Evil()}, "<dict>"),
        ("metrics", {"a": float("nan")}, "{'a': nan}"),
        ("input_tokens", "many", "many"),
        ("output_tokens", 1.5, 1.5),
        ("repetition", "first", "first"),
        ("sample_id", Evil(), "<Evil>"),
    ],
)
def test_log_never_raises_and_keeps_what_it_refuses(
    stub: Stub, field: str, value: Any, kept: object, caplog: pytest.LogCaptureFixture
) -> None:
    with ltb.Client(stub.url) as client, ltb.run("a", model="m", dataset="d", client=client) as run:
        given: dict[str, Any] = {"input": "the question", "expected": 4, field: value}
        run.log(**given)
        [one] = rejected()
        names = {"latency_ms": "latencyMs", "input_tokens": "inputTokens", "output_tokens": "outputTokens"}
        names["sample_id"] = "sampleId"
        assert one["evaluation"][names.get(field, field)] == kept
        assert one["evaluation"]["benchmarkId"] == run.id
        if field != "input":
            assert one["evaluation"]["input"] == "the question"
        assert one["evaluation"]["expected"] == 4
        assert one["reason"]
        assert "was refused" in caplog.text


def test_a_time_has_a_zone(stub: Stub) -> None:
    from datetime import datetime

    with ltb.Client(stub.url) as client, ltb.run("a", model="m", dataset="d", client=client) as run:
        run.log(sample_id="1", output="x", created_at=datetime(2026, 5, 1, 12))
        [one] = rejected()
        assert one["reason"] == (
            "ValueError: created_at: expected a time with a zone, such as datetime.now(UTC), got one without"
        )
        assert one["evaluation"]["createdAt"] == "datetime.datetime(2026, 5, 1, 12, 0)"


def test_log_never_raises_where_no_folder_can_be_written(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("LTB_SPOOL_DIR")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/proc/none")
    with ltb.Client(stub.url) as client, ltb.run("a", model="m", dataset="d", client=client) as run:
        run.log(sample_id="1", score=float("nan"))
    assert "is kept in no file" in caplog.text


def test_what_is_refused_is_kept_in_any_locale(stub: Stub) -> None:
    code = r"""
        import ltb
        ltb.run("a", model="m", dataset="d").log(sample_id="\u263e", input="N\xe4chte", score=float("nan"))
    """
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "utf-8"}
    ended(program(code, LTB_URL=stub.url, LTB_EXIT_TIMEOUT="0", **env))
    [one] = rejected()
    assert (one["evaluation"]["sampleId"], one["evaluation"]["input"]) == ("☾", "Nächte")


def test_what_is_refused_is_kept_up_to_a_bound_that_is_told_once(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spool_module, "MOST_REJECTED_BYTES", 5_000)
    with ltb.Client(stub.url) as client, ltb.run("a", model="m", dataset="d", client=client) as run:
        for at in range(100):
            run.log(sample_id=at, score=float("nan"))
        run.log(sample_id="too large", output="x" * 5_000, score=float("nan"))
        assert run._sender.delivery.rejected == 101
    kept = rejected()
    assert 5 < len(kept) < 100
    assert [one["evaluation"]["sampleId"] for one in kept] == list(range(len(kept)))
    [told] = [one.getMessage() for one in caplog.records if "at most 5000 bytes" in one.getMessage()]
    assert "delete it" in told


def storing(stub: Stub) -> list[str]:
    """The stub stores, and refuses bodies as a proxy with a low limit does."""
    there: list[str] = []

    def answer(method: str, body: bytes) -> tuple[int, object]:
        if method != "BatchCreateEvaluations":
            return 200, {"benchmark": {"id": json.loads(body)["id"]}}
        if len(body) > 10_000:
            return 413, "too large"
        items = json.loads(body)["evaluations"]
        there.extend(item["sampleId"] for item in items)
        return 200, {"results": [{"outcome": "EVALUATION_OUTCOME_CREATED"} for _ in items]}

    stub.answer = answer
    return there


def test_a_batch_that_a_proxy_finds_too_large_goes_in_parts(stub: Stub) -> None:
    there = storing(stub)
    with ltb.Client(stub.url) as client:
        run = ltb.run("a", model="m", dataset="d", client=client)
        for at in range(100):
            run.log(sample_id=at, output="x" * 500)
        run.log(sample_id="large", output="x" * 20_000)
        assert run.finish()
        assert sorted(map(int, there)) == list(range(100))
        [one] = rejected()
        assert one["evaluation"]["sampleId"] == "large"
        assert "413" in one["reason"]


def test_an_answer_that_is_none_of_the_service_is_not_taken_for_one(stub: Stub) -> None:
    with ltb.Client(stub.url) as client:
        run = ltb.run("a", model="m", dataset="d", client=client)
        run.log(sample_id="1", output="x")
        stub.answer = lambda method, body: (200, {})
        assert not run.flush(1)
        there = storing(stub)
        assert run.finish()
        assert there == ["1"]


AN_HOUR = b"\x08\x90\x1c"


@pytest.mark.parametrize("asked", [AN_HOUR, b"\x08" + b"\xff" * 8 + b"\x7f"], ids=["1 h", "2**63 - 1 s"])
def test_a_flush_tries_again_in_its_time_however_long_the_service_asks_to_wait(
    stub: Stub, asked: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    stub.answer = lambda method, body: (429, busy(asked))
    with ltb.Client(stub.url) as client:
        run = ltb.run("a", model="m", dataset="d", client=client)
        run.log(sample_id="1", output="x")
        eventually(lambda: "busy" in caplog.text, "refusal")
        there = storing(stub)
        assert run.finish(timeout=10)
        assert there == ["1"]


def test_a_pause_that_the_service_asks_for_has_a_bound(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "MOST_ASKED_S", 0.1)
    stub.answer = lambda method, body: (429, busy(AN_HOUR))
    with ltb.Client(stub.url) as client:
        run = ltb.run("a", model="m", dataset="d", client=client)
        eventually(lambda: len(stub.seen) > 2, "repetition", 10)
        run.finish(timeout=0)


def test_the_end_of_a_run_has_written_within_its_time_what_is_not_sent(unanswered_url: str) -> None:
    with ltb.Client(unanswered_url) as client:
        run = ltb.run("a", model="m", dataset="d", client=client)
        for at in range(20_000):
            run.log(sample_id=at, output="x" * 500)
        start = time.monotonic()
        assert not run.finish(timeout=10)
        assert time.monotonic() - start < 10
        assert run._sender.spool.waiting == 20_000


def in_background(work: Callable[[], None]) -> Callable[[], None]:
    """Does it again and again until the function that is returned is called."""
    is_over = threading.Event()

    def loop() -> None:
        while not is_over.wait(0.0005):
            work()

    thread = threading.Thread(target=loop)
    thread.start()

    def stop() -> None:
        is_over.set()
        thread.join()

    return stop


@pytest.mark.parametrize("is_durable", [False, True])
def test_a_flush_does_not_wait_for_what_others_record_meanwhile(stub: Stub, is_durable: bool) -> None:
    there = storing(stub)
    with ltb.Client(stub.url) as client:
        run = ltb.run("a", model="m", dataset="d", client=client)
        other = ltb.run("b", model="m", dataset="d", client=client)
        stop = in_background(lambda: other.log(sample_id="other", output="x"))
        try:
            for at in range(5):
                run.log(sample_id=f"mine-{at}", output="x", durable=is_durable)
                assert run.flush(5)
                assert f"mine-{at}" in there
        finally:
            stop()
        assert run.finish()
        assert other.finish()


def test_what_goes_to_the_spool_wakes_the_sender(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    there = storing(stub)
    with ltb.Client(stub.url) as client:
        run = ltb.run("a", model="m", dataset="d", client=client)
        eventually(lambda: run._sender._is_asleep, "sleep of the sender")
        monkeypatch.setattr(sender_module, "MOST_CHARS", -1)
        run.log(sample_id="1", output="x")
        eventually(lambda: there == ["1"], "evaluation", 5)
        run.finish()


def test_a_sender_is_forgotten_with_its_client(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "IDLE_S", 0.1)
    there = storing(stub)
    client = ltb.Client(stub.url)
    run = ltb.run("a", model="m", dataset="d", client=client)
    sender = ref(run._sender)
    for at in range(3):
        run.log(sample_id=at, output="x", durable=at == 1)
        assert run.flush(5)
        eventually(lambda: (known := sender()) is not None and known._thread is None, "end of the thread")
    assert there == ["0", "1", "2"]
    assert run.finish()
    del run, client
    eventually(lambda: gc.collect() >= 0 and sender() is None, "end of the sender")
    assert spooled() == []


def test_a_child_sends_at_its_end_what_is_only_on_the_disk(stub: Stub) -> None:
    code = """
        import os, warnings, ltb
        warnings.simplefilter("ignore", DeprecationWarning)
        run = ltb.run("a", model="m", dataset="d")
        run.flush()
        if os.fork() == 0:
            assert run.flush(60)
            for at in range(20): run.log(sample_id=at, output="x", durable=True)
            raise SystemExit
        os.wait()
    """
    there = storing(stub)
    _, err = ended(program(code, LTB_URL=stub.url))
    assert err == ""
    assert sorted(set(map(int, there))) == list(range(20))
    assert spooled() == []


def test_the_sender_loads_nothing_in_its_thread(stub: Stub) -> None:
    """A fork in the middle of that would leave the child with half of a module."""
    code = """
        import sys
        from ltb import Client, run as begin
        with Client() as client:
            known = set(sys.modules)
            run = begin("a", model="m", dataset="d", client=client)
            run.log(sample_id="1", output="x")
            assert run.finish()
            print(*sorted(set(sys.modules) - known))
    """
    storing(stub)
    assert ended(program(code, LTB_URL=stub.url)) == ("", "")


def test_a_handler_of_a_signal_may_record(stub: Stub) -> None:
    code = """
        import faulthandler, itertools, signal, time, ltb
        faulthandler.dump_traceback_later(55, exit=True)
        run = ltb.run("a", model="m", dataset="d")
        number = itertools.count()
        def record(*_, durable=False): run.log(sample_id=next(number), output="x", durable=durable)
        signal.signal(signal.SIGALRM, record)
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        end = time.monotonic() + 3
        while time.monotonic() < end: record(durable=next(number) % 100 == 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert run.finish(timeout=45)
        print(next(number))
    """
    there = storing(stub)
    out, err = ended(program(code, LTB_URL=stub.url))
    assert err == ""
    assert int(out) > 1000
    assert len(there) == len(set(there)) > 500


def test_a_benchmark_that_was_deleted_does_not_hold_up_others(over_http: ltb.Client, dataset: str) -> None:
    gone = ltb.run("gone", model="m", dataset=dataset, client=over_http)
    assert gone.flush()
    run = ltb.run("a", model="m", dataset=dataset, client=over_http)
    assert run.flush()
    over_http.benchmarks.delete_benchmark(gone.id)
    gone.log(sample_id="1", output="x")
    run.log(sample_id="1", output="x")
    assert run.finish()
    assert stored(over_http, run.id) == ["1"]
    started = time.monotonic()
    assert gone.finish()
    assert time.monotonic() - started < 5
