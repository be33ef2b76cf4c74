"""The recorder: what it costs, and what comes of evaluations whatever happens to process and service."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import ltb
from ltb._recorder import sender as sender_module
from ltb._recorder import sync

from conftest import Service, ended, program, spooled, stored

# Kills between log() and flush.
KILLS = int(os.environ.get("LTB_KILLS", "5"))


@pytest.fixture
def here(url: str, service: Service, monkeypatch: pytest.MonkeyPatch) -> ltb.Client:
    """Runs go to the service by their environment."""
    monkeypatch.setenv("LTB_URL", url)
    monkeypatch.setenv("LTB_API_KEY", service.key)
    return ltb.Client()


def test_a_run_is_a_benchmark_with_its_evaluations(here: ltb.Client, dataset: str) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with ltb.run(
        "nightly",
        model="openai/gpt-4o",
        dataset=dataset,
        total=4,
        labels={"branch": "main"},
        metadata={"n": 1},
    ) as run:
        run.log(
            sample_id=1, input=[{"role": "user", "content": "2 + 2"}], output="4", expected="4", score=True
        )
        run.log(sample_id="2", error=ValueError("no answer"), latency_ms=3, input_tokens=5, created_at=at)
        run.log(sample_id="2", repetition=1, output={"a": [1]}, score=0, metrics={"x": 2**60}, cost_usd=0.1)
        run.log(input="free", output="text", metadata={"path": Path("/a"), "tags": {"one"}})
    benchmark = here.benchmarks.get_benchmark(run.id).benchmark
    assert (benchmark.status, benchmark.provider, benchmark.model) == ("COMPLETED", "openai", "openai/gpt-4o")
    assert (benchmark.total_iterations, benchmark.completed_iterations) == (4, 3)
    assert (benchmark.labels, benchmark.metadata) == ({"branch": "main"}, {"n": 1})
    first, failed, second, free = sorted(
        here.benchmarks.export_evaluations(run.id), key=lambda one: (one.sample_id or "z", one.repetition)
    )
    assert (first.sample_id, first.score, first.expected) == ("1", 1.0, "4")
    assert json.loads(first.input) == [{"role": "user", "content": "2 + 2"}]
    assert failed.error.endswith("ValueError: no answer")
    assert (failed.output, failed.latency_ms, failed.input_tokens, failed.created_at) == (None, 3.0, 5, at)
    assert (second.output, second.score, second.metrics, second.cost_usd) == (
        '{"a":[1]}',
        0.0,
        {"x": 2**60},
        0.1,
    )
    assert free.metadata == {"path": "/a", "tags": ["one"]}
    assert run.summary().failed_count == 1
    assert spooled() == []


def test_a_run_ends_as_its_block_does(here: ltb.Client, dataset: str) -> None:
    failed = ltb.run("a", model="m", dataset=dataset)
    with pytest.raises(ValueError, match="broken"), failed:
        raise ValueError("broken")
    stopped = ltb.run("b", model="m", dataset=dataset)
    with pytest.raises(KeyboardInterrupt), stopped:
        raise KeyboardInterrupt
    benchmark = here.benchmarks.get_benchmark(failed.id).benchmark
    assert (benchmark.status, benchmark.provider) == ("FAILED", "unknown")
    assert benchmark.error.endswith("ValueError: broken")
    assert here.benchmarks.get_benchmark(stopped.id).benchmark.status == "CANCELLED"


def test_a_run_goes_on_by_its_id(here: ltb.Client, dataset: str, caplog: pytest.LogCaptureFixture) -> None:
    first = ltb.run("a", model="m", dataset=dataset)
    first.log(sample_id="1", output="first")
    assert first.flush()
    with ltb.run("a", model="m", dataset=dataset, id=first.id) as again:
        again.log(sample_id="1", output="second")
        again.log(sample_id="2", output="x")
    assert stored(here, first.id) == ["1", "2"]
    outputs = {one.output for one in here.benchmarks.export_evaluations(first.id)}
    assert outputs == {"first", "x"}
    assert "the first result stands" in caplog.text
    first.finish()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": ""}, "name: expected 1 to 255"),
        ({"name": 5}, "name: expected text, got 5"),
        ({"name": "half \ud800"}, "name: expected Unicode text"),
        ({"name": "a\0b"}, "name: expected text without the character U\\+0000"),
        ({"model": None}, "model: expected text, got None"),
        ({"dataset": "d" * 256}, "dataset: expected 1 to 255 characters, got 256"),
        ({"provider": "p" * 101}, "provider: expected 1 to 100"),
        ({"provider": 5}, "provider: expected text, got 5"),
        ({"model": "p" * 101 + "/m"}, "provider: expected 1 to 100 characters, got 101"),
        ({"total": 2**31}, "total: expected a whole number from 0 to 2147483647, got 2147483648"),
        ({"total": -1}, "total: expected a whole number from 0 to 2147483647, got -1"),
        ({"total": "x"}, "total: expected a whole number, got 'x'"),
        ({"total": 1.5}, r"total: expected a whole number, got 1\.5"),
        ({"labels": ["a"]}, r"labels: expected a mapping, got \['a'\]"),
        ({"labels": {f"k{at}": "" for at in range(65)}}, "labels: expected at most 64, got 65"),
        ({"labels": {"": "v"}}, "labels: a key: expected 1 to 63 characters, got 0"),
        ({"labels": {"k" * 64: "v"}}, "labels: a key: expected 1 to 63 characters, got 64"),
        ({"labels": {5: "v"}}, "labels: a key: expected text, got 5"),
        ({"labels": {"k": "v" * 256}}, "labels: k: expected at most 255 characters, got 256"),
        ({"labels": {"k": 5}}, "labels: k: expected text, got 5"),
        ({"labels": {"k": None}}, "labels: k: expected text, got None"),
        ({"labels": {"half": "\ud800"}}, "labels: half: expected Unicode text"),
        ({"metadata": {"half": "\ud800"}}, "metadata: expected Unicode text"),
        ({"metadata": ["a"]}, r"metadata: expected a mapping, got \['a'\]"),
        ({"id": "mine"}, "id: expected a UUID, got 'mine'"),
        ({"id": 5}, "id: expected a UUID, got 5"),
    ],
)
def test_a_wrong_run_is_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"name": "n", "model": "m", "dataset": "d", **arguments}
    with pytest.raises((ValueError, TypeError), match=f"^{message}"):
        ltb.run(**given)


def test_a_run_may_have_the_longest_labels_and_the_largest_total(here: ltb.Client, dataset: str) -> None:
    labels = {"k" * 61 + f"{at:02}": "v" * 255 for at in range(63)} | {"empty": ""}
    with ltb.run("n" * 255, model="m" * 255, dataset=dataset, total=2**31 - 1, labels=labels) as run:
        pass
    benchmark = here.benchmarks.get_benchmark(run.id).benchmark
    assert (benchmark.labels, benchmark.total_iterations) == (labels, 2**31 - 1)


def test_what_cannot_be_stored_is_told_and_kept(
    here: ltb.Client, dataset: str, caplog: pytest.LogCaptureFixture
) -> None:
    with ltb.run("a", model="m", dataset=dataset) as run:
        run.log(sample_id="nan", output="x", score=float("nan"))
        run.log(sample_id="negative", output="x", latency_ms=-1)
        run.log(sample_id="zero", output="a\0b")
        run.log(sample_id="half", output="\ud800")
        run.log(sample_id="large", output="x" * 4_000_000)
        run.log(sample_id="number", output="x", input_tokens="many")  # pyright: ignore[reportArgumentType]
        run.log(sample_id="tokens", output="x", output_tokens=2**31)
        run.log(sample_id="repetition", output="x", repetition=2**31)
        run.log(sample_id="good", output="x")
        with pytest.raises(ValueError, match="score: expected a finite number, got nan"):
            run.log(sample_id="nan", output="x", score=float("nan"), durable=True)
        with pytest.raises(
            ValueError, match="input_tokens: expected a whole number from 0 to 2147483647, got -1"
        ):
            run.log(sample_id="negative", output="x", input_tokens=-1, durable=True)
    assert stored(here, run.id) == ["good"]
    rejected = (Path(os.environ["LTB_SPOOL_DIR"]) / "rejected.jsonl").read_text()
    kept = [json.loads(line) for line in rejected.splitlines()]
    names = {"nan", "negative", "zero", "half", "large", "number", "tokens", "repetition"}
    assert {one["evaluation"]["sampleId"] for one in kept} == names
    assert all(one["reason"] for one in kept)
    assert caplog.text.count("was refused") == 5  # And the others counted.


COST = """
    import statistics, time, ltb
    run = ltb.run("a", model="m", dataset="DATASET")
    run.flush()
    text, times = "x" * 1_000, [0.0] * 100_000
    for at in range(len(times)):
        start = time.perf_counter()
        run.log(sample_id=at, input=text, output="o", score=1.0, metrics={"chars": 1}, latency_ms=1.5)
        times[at] = time.perf_counter() - start
    print(statistics.median(times) * 1e6, sorted(times)[99_000] * 1e6)
"""


def test_log_takes_at_most_20_microseconds(over_http: ltb.Client, dataset: str) -> None:
    out, _ = ended(program(COST.replace("DATASET", dataset), LTB_EXIT_TIMEOUT="0.1"))
    median, rare = map(float, out.split())
    print(f"median {median:.1f} µs, 99 % within {rare:.1f} µs")
    assert median <= 20
    # The sender was at work meanwhile.
    [one] = over_http.benchmarks.iter_benchmarks(dataset=dataset)
    assert one.completed_iterations > 0


def test_threads_and_loops_share_a_run(here: ltb.Client, dataset: str) -> None:
    def many(run: ltb.Run, name: str) -> None:
        for at in range(100):
            run.log(sample_id=f"{name}-{at}", output="x")

    async def samples(run: ltb.Run) -> None:
        async def one(at: int) -> None:
            await asyncio.sleep(0)
            run.log(sample_id=f"task-{at}", output="x")

        await asyncio.gather(*(one(at) for at in range(50)))

    async def main() -> str:
        async with ltb.run("a", model="m", dataset=dataset) as run:
            threads = [threading.Thread(target=many, args=(run, name)) for name in "abcd"]
            for thread in threads:
                thread.start()
            await samples(run)
            for thread in threads:
                await asyncio.to_thread(thread.join)
        return run.id

    assert len(stored(here, asyncio.run(main()))) == 450


def test_more_than_memory_takes_goes_through_the_spool(
    over_http: ltb.Client, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "MOST_CHARS", 20_000)
    with ltb.run("a", model="m", dataset=dataset) as run:
        for at in range(500):
            run.log(sample_id=at, output="x" * 500)
    assert len(stored(over_http, run.id)) == 500
    # The whole of it was emptied.
    assert [file.stat().st_size for file in spooled()] == [0]


FORKS = """
    import multiprocessing, os, warnings, ltb
    # From 3.12 on Python warns of every fork of a process with threads.
    warnings.simplefilter("ignore", DeprecationWarning)
    run = ltb.run("a", model="m", dataset="DATASET")
    def child(name):
        for at in range(20): run.log(sample_id=f"{name}-{at}", output="x")
    run.log(sample_id="parent", output="x")
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=child, args=(name,)) for name in "abcdefgh"]
    for one in children: one.start()
    for one in children: one.join()
    pid = os.fork()
    if pid == 0:
        child("plain")
        raise SystemExit
    os.waitpid(pid, 0)
    assert run.finish()
    print(run.id)
"""


def test_forks_send_what_they_record(over_http: ltb.Client, dataset: str) -> None:
    out, err = ended(program(FORKS.replace("DATASET", dataset)))
    assert err == ""
    assert len(stored(over_http, out)) == 1 + 9 * 20
    assert over_http.benchmarks.get_benchmark(out).benchmark.status == "COMPLETED"
    assert spooled() == []


GEVENT = """
    from gevent import monkey; monkey.patch_all()
    import gevent, ltb
    with ltb.run("a", model="m", dataset="DATASET") as run:
        def work(name):
            for at in range(50):
                run.log(sample_id=f"{name}-{at}", output="x")
                gevent.sleep(0)
        gevent.joinall([gevent.spawn(work, name) for name in "abcd"])
    print(run.id)
"""


def test_gevent_has_no_effect(over_http: ltb.Client, dataset: str) -> None:
    out, err = ended(program(GEVENT.replace("DATASET", dataset)))
    assert err == ""
    assert len(stored(over_http, out)) == 200


def test_the_end_of_the_interpreter_ends_what_is_open(over_http: ltb.Client, dataset: str) -> None:
    code = """
        import ltb
        run = ltb.run("a", model="m", dataset="DATASET")
        for at in range(100): run.log(sample_id=at, output="x")
        print(run.id)
    """
    out, err = ended(program(code.replace("DATASET", dataset)))
    assert err == ""
    benchmark = over_http.benchmarks.get_benchmark(out).benchmark
    assert (benchmark.status, benchmark.completed_iterations) == ("CANCELLED", 100)
    assert benchmark.error == "the process ended before finish()"


WAITS = """
    import time, ltb
    with ltb.run("a", model="m", dataset="DATASET") as run:
        run.log(sample_id="1", output="x")
        print(run.id, flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_as_cancelled(over_http: ltb.Client, dataset: str, number: int) -> None:
    process = program(WAITS.replace("DATASET", dataset))
    assert process.stdout
    run = process.stdout.readline().strip()
    process.send_signal(number)
    ended(process)
    assert process.returncode in (143, -signal.SIGINT)
    benchmark = over_http.benchmarks.get_benchmark(run).benchmark
    assert (benchmark.status, benchmark.completed_iterations) == ("CANCELLED", 1)


def test_a_handler_of_the_program_stays(over_http: ltb.Client, dataset: str) -> None:
    code = """
        import signal, sys, ltb
        def mine(*_): print("mine"); sys.exit(7)
        signal.signal(signal.SIGTERM, mine)
        with ltb.run("a", model="m", dataset="DATASET"):
            signal.raise_signal(signal.SIGTERM)
    """
    process = program(code.replace("DATASET", dataset))
    assert ended(process) == ("mine", "")
    assert process.returncode == 7


def test_a_notebook_records_from_cell_to_cell(over_http: ltb.Client, dataset: str, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    cells = [
        f"import ltb\nrun = ltb.run('a', model='m', dataset='{dataset}')",
        "for at in range(10): run.log(sample_id=at, output='x')",
        "async def more():\n    run.log(sample_id='async', output='x')\nawait more()",
        "assert run.finish()\nprint(run.id)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    # The kernel of this interpreter, without one being installed for the user.
    kernel = tmp_path / "kernels" / "here"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "here"}
    (kernel / "kernel.json").write_text(json.dumps({**spec, "language": "python"}))
    os.environ["JUPYTER_PATH"] = str(tmp_path)
    try:
        nbclient.NotebookClient(notebook, kernel_name="here", timeout=180).execute()
    finally:
        del os.environ["JUPYTER_PATH"]
    run = notebook.cells[-1].outputs[0]["text"].strip()
    assert len(stored(over_http, run)) == 11


def test_a_service_that_is_away_costs_no_more_than_the_bound(
    service: Service, dataset: str, capsys: pytest.CaptureFixture[str], over_http: ltb.Client
) -> None:
    code = """
        import multiprocessing.util  # It has functions of its own run at the end, as atexit has.
        import ltb, time
        run = ltb.run("a", model="m", dataset="DATASET")
        start = time.perf_counter()
        for at in range(1000): run.log(sample_id=at, output="x")
        assert time.perf_counter() - start < 1
        print(run.id)
        run.finish()
    """
    started = time.monotonic()
    away = program(code.replace("DATASET", dataset), LTB_URL="http://127.0.0.1:9", LTB_EXIT_TIMEOUT="2")
    out, err = ended(away)
    assert time.monotonic() - started < 12
    assert away.returncode == 0
    assert err.count("1000 evaluations are not sent") == 1
    assert "ltb-sync" in err
    [file] = spooled()
    assert file.stat().st_mode & 0o777 == 0o600
    assert sync.main([]) == 1
    assert "meant for http://127.0.0.1:9" in capsys.readouterr().out
    for _ in range(2):
        again = file.read_bytes() if file.exists() else b""
        assert sync.main(["--url", service.http]) == 0
        file.write_bytes(again)
    benchmark = over_http.benchmarks.get_benchmark(out).benchmark
    assert (benchmark.status, benchmark.completed_iterations) == ("COMPLETED", 1000)


def test_a_run_without_evaluations_tells_what_waits() -> None:
    code = """
        import ltb
        with ltb.run("a", model="m", dataset="d"):
            pass
    """
    err = ended(program(code, LTB_URL="http://127.0.0.1:9", LTB_EXIT_TIMEOUT="1"))[1]
    assert "the begin or end of a run is not sent" in err
    assert "0 evaluations" not in err


def test_a_silent_service_is_given_up_at_the_bound(
    own_service: Service, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LTB_URL", own_service.http)
    monkeypatch.setenv("LTB_API_KEY", own_service.key)
    code = """
        import ltb
        with ltb.run("a", model="m", dataset="DATASET") as run:
            run.log(sample_id="1", output="x")
            print(run.id)
    """
    own_service.pause()
    try:
        started = time.monotonic()
        process = program(code.replace("DATASET", dataset), LTB_EXIT_TIMEOUT="2")
        run, err = ended(process, 30)
        assert time.monotonic() - started < 12
        assert "1 evaluations are not sent" in err
    finally:
        own_service.resume()
    assert sync.main([]) == 0
    assert spooled() == []
    with ltb.Client() as client:
        assert stored(client, run) == ["1"]


def test_a_run_outlives_a_restart_of_the_service(
    own_service: Service, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LTB_URL", own_service.http)
    monkeypatch.setenv("LTB_API_KEY", own_service.key)
    with ltb.run("a", model="m", dataset=dataset) as run:
        for at in range(300):
            run.log(sample_id=at, output="x")
            if at == 100:
                run.flush(0.5)
                own_service.kill()
            if at == 200:
                own_service.start()
        assert run.flush(60)
    with ltb.Client() as client:
        assert len(stored(client, run.id)) == 300


KILLED = """
    import os, ltb
    run = ltb.run("a", model="m", dataset="d", id="RUN")
    for at in range(100_000):
        run.log(sample_id=at, output="x" * 200, durable=True)
        os.write(1, f"{at}\\n".encode())
"""


def test_what_a_durable_log_returned_for_survives_a_kill(over_http: ltb.Client) -> None:
    seed = int(os.environ.get("LTB_SEED", random.randrange(2**32)))
    draw = random.Random(seed)
    print(f"LTB_SEED={seed}")
    total = 0
    for _ in range(KILLS):
        run = str(uuid.uuid4())
        code = textwrap.dedent(KILLED.replace("RUN", run))
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, bufsize=0) as process:
            assert process.stdout
            first = process.stdout.read(1)
            # From the first sample on until after some batches went out.
            time.sleep(draw.random() * 1.5)
            process.kill()
            out = first + process.stdout.read()
        # What comes after the last newline was cut off.
        done = out.decode().split("\n")[:-1]
        assert sync.main([]) == 0
        assert spooled() == []
        there = stored(over_http, run)
        assert len(there) == len(set(there))
        assert set(done) <= set(there)
        # One more may have been on the disk when the process was killed.
        assert len(there) <= len(done) + 1
        total += len(done)
    print(f"{total} evaluations in {KILLS} runs")


def test_sync_reads_what_was_cut_off(over_http: ltb.Client, service: Service, dataset: str) -> None:
    folder = Path(os.environ["LTB_SPOOL_DIR"])
    folder.mkdir()
    run = str(uuid.uuid4())
    create = {"id": run, "name": "n", "provider": "p", "model": "m", "dataset": dataset}
    item = {"benchmarkId": run, "sampleId": "1", "output": "x"}
    lines = [
        json.dumps({"spool": 1, "url": service.http}),
        f'{{"kind":"create","body":{json.dumps(create)}}}',
        f'{{"kind":"evaluation","body":{json.dumps(item)}}}',
        f'{{"kind":"evaluation","body":{json.dumps({**item, "sampleId": "2"})}}}'[:-9],
    ]
    (folder / "01-a.jsonl").write_text("\n".join(lines))
    (folder / "02-b.jsonl").write_text("")
    (folder / "03-c.jsonl").write_text("no spool\n")
    assert sync.main([]) == 1
    assert [file.name for file in spooled()] == ["03-c.jsonl"]
    assert stored(over_http, run) == ["1"]
