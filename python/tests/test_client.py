"""The client, over both ports."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

import ltb
from ltb import models as m

from conftest import Service, eventually


def benchmark_in(client: ltb.Client, dataset: str) -> m.Benchmark:
    return client.benchmarks.create_benchmark(
        name="run", provider="openai", model="gpt-4o", dataset=dataset
    ).benchmark


def test_a_message_comes_back_as_it_was_given(client: ltb.Client, dataset: str) -> None:
    created_at = datetime(2026, 2, 28, 12, 0, 0, 123_456, tzinfo=UTC)
    benchmark = client.benchmarks.create_benchmark(
        name="Nächtlich ☾",
        provider="openai",
        model="gpt-4o",
        dataset=dataset,
        total_iterations=3,
        labels={"branch": "main"},
        metadata={"seed": 2**53 + 1, "ratio": 1.5, "nested": {"none": None, "list": [1, "a", True]}},
    ).benchmark
    assert benchmark.status == "PENDING"
    assert benchmark.name == "Nächtlich ☾"
    assert benchmark.labels == {"branch": "main"}
    # As google.protobuf.Struct it would have lost a digit.
    assert benchmark.metadata == {
        "seed": 2**53 + 1,
        "ratio": 1.5,
        "nested": {"none": None, "list": [1, "a", True]},
    }
    assert benchmark.completed_at is None
    assert timedelta(0) < datetime.now(UTC) - benchmark.created_at < timedelta(minutes=5)

    results = client.benchmarks.batch_create_evaluations(
        benchmark_id=benchmark.id,
        evaluations=[
            m.NewEvaluation(
                sample_id="a",
                input="2 + 2",
                output="",
                score=0.0,
                metrics={"chars": 0},
                created_at=created_at,
                input_tokens=0,
            ),
            m.NewEvaluation(sample_id="b", error="rate limited"),
            m.NewEvaluation(sample_id="c", output="x", latency_ms=-1.0),
        ],
    ).results
    assert [one.outcome for one in results] == ["CREATED", "CREATED", "REJECTED"]
    assert results[2].field == "latency_ms"
    stored = client.benchmarks.get_evaluation(results[0].id, benchmark_id=benchmark.id).evaluation
    assert (stored.output, stored.score, stored.input_tokens, stored.cost_usd) == ("", 0.0, 0, None)
    assert (stored.created_at, stored.metrics) == (created_at, {"chars": 0})
    failed = client.benchmarks.get_evaluation(results[1].id).evaluation
    assert (failed.output, failed.score, failed.error) == (None, None, "rate limited")


def test_an_update_clears_what_its_mask_names(client: ltb.Client, dataset: str) -> None:
    benchmark = benchmark_in(client, dataset)
    client.benchmarks.update_benchmark(benchmark.id, description="first", labels={"a": "b"})
    changed = client.benchmarks.update_benchmark(
        benchmark.id, update_mask=["description", "labels"]
    ).benchmark
    assert (changed.description, changed.labels) == ("", {})


def test_errors_tell_reason_and_facts(client: ltb.Client, dataset: str) -> None:
    missing = "01890a5d-ac96-774b-bcce-b302099a8057"
    with pytest.raises(ltb.LtbError) as caught:
        client.benchmarks.get_benchmark(missing)
    error = caught.value
    assert (error.code, error.reason) == ("NOT_FOUND", "NOT_FOUND")
    assert error.metadata == {"entity": "benchmark", "id": missing}
    assert error.request_id
    with pytest.raises(ltb.LtbError) as caught:
        client.benchmarks.create_benchmark(name="", provider="p", model="m", dataset=dataset)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert [violation.field for violation in caught.value.violations] == ["name"]
    assert "name" in str(caught.value)


def test_wrong_arguments_are_named_before_anything_is_sent(client: ltb.Client) -> None:
    with pytest.raises(ValueError, match=r"created_after: expected a time with a zone"):
        client.benchmarks.list_benchmarks(created_after=datetime(2026, 1, 1))
    with pytest.raises(TypeError, match=r"update_mask|metadata: "):
        client.benchmarks.update_benchmark("x", metadata={"a": object()})
    with pytest.raises(ValueError, match="metadata: "):
        client.benchmarks.update_benchmark("x", metadata={"a": float("nan")})
    with pytest.raises(
        ValueError, match=r"^page_size: expected a whole number from -2147483648 to 2147483647"
    ):
        client.benchmarks.list_benchmarks(page_size=2**31)
    with pytest.raises(ValueError, match=r"^page_size: .* got one of 20001 bits"):
        client.benchmarks.list_benchmarks(page_size=2**20_000)
    with pytest.raises(TypeError, match=r"^page_size: expected a whole number, got 'x'"):
        client.benchmarks.list_benchmarks(page_size="x")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"^evaluations: input_tokens: .* got -2147483649"):
        client.benchmarks.batch_create_evaluations(
            evaluations=[m.NewEvaluation(sample_id="a", output="x", input_tokens=-(2**31) - 1)]
        )


def test_a_wrong_key_is_not_tried_again(url: str) -> None:
    with ltb.Client(url, api_key="wrong") as client, pytest.raises(ltb.LtbError) as caught:
        client.users.who_am_i()
    assert caught.value.reason == "CREDENTIAL_INVALID"


def test_pages_are_read_to_the_end(client: ltb.Client, dataset: str) -> None:
    made = {benchmark_in(client, dataset).id for _ in range(5)}
    assert {one.id for one in client.benchmarks.iter_benchmarks(dataset=dataset, page_size=2)} == made
    assert len(client.benchmarks.list_benchmarks(dataset=dataset, page_size=2).benchmarks) == 2


def test_evaluations_are_streamed_both_ways(client: ltb.Client, dataset: str) -> None:
    benchmark = benchmark_in(client, dataset)
    many = (m.NewEvaluation(sample_id=str(at), input="i" * 500, output="o", score=1.0) for at in range(2_500))
    answer = client.benchmarks.stream_evaluations(many, benchmark_id=benchmark.id)
    assert answer.inserted == 2_500
    exported = [one.sample_id for one in client.benchmarks.export_evaluations(benchmark.id)]
    assert sorted(exported, key=int) == [str(at) for at in range(2_500)]


def test_a_job_goes_its_way(client: ltb.Client, dataset: str) -> None:
    kind = f"kind-{dataset}"
    job = client.jobs.create_job(job_type=kind, payload={"n": 2**60}, timeout=10).job
    worker = client.workers.register_worker(dataset, job_types=[kind], capacity=1).worker
    leases = client.jobs.claim_jobs(worker_id=worker.worker_id, max_jobs=1, wait=timedelta(seconds=5)).leases
    assert [(lease.job.id, lease.job.payload) for lease in leases] == [(job.id, {"n": 2**60})]
    report = m.CompleteJobsItem(job_id=job.id, epoch=leases[0].epoch, result={"sum": 4})
    answer = client.jobs.complete_jobs(worker_id=worker.worker_id, items=[report])
    assert [one.outcome for one in answer.results] == ["OK"]
    assert client.jobs.get_job(job.id).job.result == {"sum": 4}
    started = time.monotonic()
    assert client.jobs.claim_jobs(worker_id=worker.worker_id, max_jobs=1, wait=0.5).leases == []
    assert time.monotonic() - started > 0.4


def test_a_watch_is_ended_from_another_thread(client: ltb.Client, dataset: str) -> None:
    benchmark = benchmark_in(client, dataset)
    watch = client.benchmarks.watch_benchmarks(ids=[benchmark.id])
    seen: list[str] = []

    def read() -> None:
        seen.extend(change.benchmark.status for change in watch if change.benchmark is not None)

    reader = threading.Thread(target=read)
    reader.start()
    eventually(lambda: seen, "message")
    client.benchmarks.update_benchmark(benchmark.id, status="RUNNING")
    eventually(lambda: seen[-1] == "RUNNING", "second message")
    watch.cancel()
    reader.join(5)
    assert not reader.is_alive()


def test_a_watch_goes_on_after_the_service_was_killed(own_service: Service, dataset: str) -> None:
    for url in (own_service.http, own_service.grpc):
        with ltb.Client(url, api_key=own_service.key) as client:
            benchmark = benchmark_in(client, dataset)
            watch = client.benchmarks.watch_benchmarks(ids=[benchmark.id])
            assert next(change.benchmark for change in watch if change.benchmark).status == "PENDING"
            own_service.kill()
            starting = threading.Timer(0.5, own_service.start)
            starting.start()

            # An update is not repeated by the client, because only its caller knows whether that does harm.
            def is_updated(client: ltb.Client = client, id: str = benchmark.id) -> bool:
                try:
                    client.benchmarks.update_benchmark(id, status="RUNNING", timeout=5)
                except ltb.LtbError as error:
                    assert error.code == "UNAVAILABLE"
                    return False
                return True

            eventually(is_updated, "answer of the service that was started again")
            # It answers before it has told its addresses.
            starting.join()
            assert next(change.benchmark for change in watch if change.benchmark).status == "RUNNING"
            watch.cancel()


def test_only_safe_calls_are_repeated(own_service: Service) -> None:
    for url in (own_service.http, own_service.grpc):
        with ltb.Client(url, api_key=own_service.key) as client:
            client.users.who_am_i()
            own_service.kill()
            starting = threading.Timer(0.3, own_service.start)
            starting.start()
            with pytest.raises(ltb.LtbError) as caught:
                client.jobs.delete_job("01890a5d-ac96-774b-bcce-b302099a8057")
            assert caught.value.code == "UNAVAILABLE"

            # A read waits for the service, as long as its attempts last.
            def is_there(client: ltb.Client = client) -> bool:
                try:
                    return client.users.who_am_i().user.id != ""
                except ltb.LtbError as error:
                    assert error.code == "UNAVAILABLE"
                    return False

            eventually(is_there, "answer of the service that was started again")
            starting.join()


def test_a_silent_service_is_waited_for_no_longer_than_the_deadline(own_service: Service) -> None:
    for url in (own_service.http, own_service.grpc):
        with ltb.Client(url, api_key=own_service.key) as client:
            client.users.who_am_i()
            own_service.pause()
            try:
                started = time.monotonic()
                with pytest.raises(ltb.LtbError) as caught:
                    client.users.who_am_i(timeout=0.5)
                assert caught.value.code == "DEADLINE_EXCEEDED"
                assert time.monotonic() - started < 4
            finally:
                own_service.resume()


def test_asyncio_has_the_same_calls_in_any_loop(url: str, service: Service, dataset: str) -> None:
    client = ltb.AsyncClient(url, api_key=service.key)

    async def read_on(watch: AsyncIterator[object]) -> None:
        async for _ in watch:
            pass

    async def first() -> None:
        made = await asyncio.gather(
            *(
                client.benchmarks.create_benchmark(name=str(at), provider="p", model="m", dataset=dataset)
                for at in range(20)
            )
        )
        names = [one.name async for one in client.benchmarks.iter_benchmarks(dataset=dataset, page_size=7)]
        assert sorted(names, key=int) == [str(at) for at in range(20)]
        watch = client.benchmarks.watch_benchmarks(ids=[made[0].benchmark.id])
        async for change in watch:
            if change.benchmark is not None:
                break
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read_on(watch), 0.5)

    async def second() -> None:
        assert (await client.users.who_am_i()).user.id
        await client.aclose()

    asyncio.run(first())
    asyncio.run(second())
