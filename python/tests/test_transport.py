"""What calls and streams make of connections that fail, break, are slow, or are ended by another thread."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, message_factory

import ltb
from ltb import _http as http_module
from ltb._calls import Caller, upload_bodies
from ltb._endpoint import endpoint_of
from ltb._grpc import POOL, GrpcTransport
from ltb._grpc_json import object_of
from ltb._http import HttpStream, HttpTransport
from ltb.errors import MOST_RETRY_AFTER_S, from_connect

from conftest import Stub, busy, eventually

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
CHANGE = b'{"cursor":"1"}'


def frame(content: bytes, flags: int = 0) -> bytes:
    return struct.pack(">BI", flags, len(content)) + content


@pytest.fixture
def full() -> Iterator[str]:
    """The address of a listener that takes no more connections, and refuses none."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for one in waiting:
            one.close()


def test_only_the_callers_time_is_a_deadline(full: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with ltb.Client(full, attempts=1, timeout=None) as client:
        with pytest.raises(ltb.LtbError) as caught:
            client.users.who_am_i(timeout=0.3)
        assert caught.value.code == "DEADLINE_EXCEEDED"
        monkeypatch.setattr(http_module, "CONNECT_TIMEOUT_S", 0.3)
        for timeout in (None, 20):
            with pytest.raises(ltb.LtbError) as caught:
                client.users.who_am_i(timeout=timeout)
            assert caught.value.code == "UNAVAILABLE"


def test_a_watch_goes_on_after_a_connection_without_an_answer(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_module, "SILENCE_S", 0.3)

    def answer(method: str, body: bytes) -> tuple[int, object]:
        if len(stub.seen) == 1:
            time.sleep(1)
        return 200, frame(CHANGE)

    stub.answer = answer
    with ltb.Client(stub.url) as client:
        watch = client.benchmarks.watch_benchmarks(ids=[ID])
        assert next(watch).cursor == "1"
        assert len(stub.seen) == 2
        watch.cancel()


class FakeStream:
    def __init__(self) -> None:
        self.is_ended = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        return {"cursor": "1"}

    def cancel(self) -> None:
        self.is_ended = True


def test_a_watch_that_is_cancelled_while_it_opens_leaves_no_stream() -> None:
    stream = FakeStream()

    class Transport(HttpTransport):
        def stream(self, path: str, body: str, headers: Mapping[str, str], timeout: float | None) -> Any:
            watch.cancel()
            return stream

    caller = Caller(Transport(endpoint_of("http://localhost:1", None, None)), {}, None, 1)
    from ltb._generated.sync_services import BenchmarkService

    watch = BenchmarkService(caller).watch_benchmarks(ids=[ID])
    assert list(watch) == []
    assert stream.is_ended


def test_an_export_that_breaks_after_its_last_chunk_is_whole(stub: Stub) -> None:
    chunks = [
        frame(b'{"evaluations":[{"sampleId":"1"}],"nextPageToken":"t"}'),
        frame(b'{"evaluations":[{"sampleId":"2"}]}'),
        frame(b"{}", 2),
    ]
    stub.answer = lambda method, body: (200, chunks[len(stub.seen) - 1])
    with ltb.Client(stub.url) as client:
        read = [one.sample_id for one in client.benchmarks.export_evaluations(ID)]
    assert read == ["1", "2"]
    assert [json.loads(body[5:]).get("pageToken") for _, body in stub.seen] == [None, "t"]


def test_grpc_makes_the_json_that_protobuf_makes() -> None:
    time = "2026-11-22T10:30:00.123456Z"
    samples: dict[str, dict[str, Any]] = {
        "Benchmark": {
            "id": ID,
            "status": "BENCHMARK_STATUS_COMPLETED",
            "totalIterations": 5,
            "results": [1, None, {"a": "ä"}],
            "metrics": {"accuracy": 0.5},
            "createdAt": time,
            "updatedAt": "2026-11-22T10:30:00Z",
            "labels": {"branch": "main"},
            "summary": {"evaluationCount": 2, "costUsd": 0.0, "score": {"name": "score", "mean": 0.25}},
        },
        "Evaluation": {"output": "", "score": 0.0, "inputTokens": 0, "metadata": {}, "createdAt": time},
        "Job": {"progress": 0.5, "timeout": "1.500s", "labels": {}, "attempts": [{}, {"startedAt": time}]},
    }
    for name, sample in samples.items():
        cls = message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"ltb.v1.{name}"))
        message = json_format.ParseDict(sample, cls(), ignore_unknown_fields=True, descriptor_pool=POOL)
        assert object_of(message) == json_format.MessageToDict(message, descriptor_pool=POOL)


@pytest.mark.parametrize("results", ["5", '[{"outcome": 1}, 2]'])
def test_an_answer_that_cannot_be_read_is_an_error_of_the_call(stub: Stub, results: str) -> None:
    stub.answer = lambda method, body: (200, f'{{"results": {results}}}'.encode())
    with (
        ltb.Client(stub.url) as client,
        pytest.raises(ltb.LtbError, match="cannot be read as CompleteJobsResponse") as caught,
    ):
        client.jobs.complete_jobs("worker", items=[])
    assert caught.value.code == "INTERNAL"


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        (b"\x08\x02\x10\x80\xca\xb5\xee\x01", 2.5),
        (b"\x08" + b"\xff" * 9 + b"\x01", 0),
        (b"\x08" + b"\xff" * 8 + b"\x7f", MOST_RETRY_AFTER_S),
    ],
    ids=["2.5 s", "-1 s", "2**63 - 1 s"],
)
def test_the_time_until_a_repetition_is_one_that_can_be_waited_for(duration: bytes, seconds: float) -> None:
    assert from_connect(busy(duration)).retry_after == seconds


def test_a_message_that_is_none_closes_its_connection(stub: Stub) -> None:
    stub.answer = lambda method, body: (200, frame(b"[]") + frame(b"{}"))
    transport = HttpTransport(endpoint_of(stub.url, None, None))
    stream = transport.stream("/a/B", "{}", {}, 5)
    with pytest.raises(ltb.LtbError, match="expected an object of JSON"):
        next(stream)
    assert stream._response.closed


def test_cancel_waits_for_no_reader(stub: Stub) -> None:
    class Response:
        def __init__(self) -> None:
            self.goes_on = threading.Event()
            self.content = frame(CHANGE)
            self.is_closed = False

        def read(self, length: int) -> bytes:
            self.goes_on.wait()
            part, self.content = self.content[:length], self.content[length:]
            return part

        def shutdown(self) -> None:
            pass

        def close(self) -> None:
            self.is_closed = True

    response: Any = Response()
    stream = HttpStream(response, None)
    errors: list[str] = []

    def read() -> None:
        try:
            next(stream)
        except ltb.LtbError as error:
            errors.append(error.code)

    reader = threading.Thread(target=read)
    reader.start()
    eventually(stream._reads.locked, "reader")
    started = time.monotonic()
    stream.cancel()
    assert time.monotonic() - started < 1
    response.goes_on.set()
    reader.join()
    assert errors == ["CANCELLED"]
    assert response.is_closed


def test_a_large_body_may_take_longer_than_the_connection(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_module, "CONNECT_TIMEOUT_S", 0.2)
    # Until it reads, the buffers of the system take only a part of such a body.
    finish = stub.finish_request

    def slow(*given: Any) -> None:
        time.sleep(1)
        finish(*given)

    monkeypatch.setattr(stub, "finish_request", slow)
    large = [ltb.models.NewEvaluation(sample_id=str(at), input="x" * 1_000_000) for at in range(16)]
    with ltb.Client(stub.url, attempts=1) as client:
        client.benchmarks.batch_create_evaluations(benchmark_id=ID, evaluations=large)
        client.close()
        stub.answer = lambda method, body: (200, frame(b"{}"))
        client.benchmarks.stream_evaluations(iter(large), benchmark_id=ID)
    assert [len(body) > 16_000_000 for _, body in stub.seen] == [True, True]


def test_threads_share_one_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    make = grpc.insecure_channel

    def slow(*given: Any) -> grpc.Channel:
        time.sleep(0.05)
        made.append(given)
        return make(*given)

    monkeypatch.setattr(grpc, "insecure_channel", slow)
    transport = GrpcTransport(endpoint_of("grpc://localhost:1", None, None))
    with ThreadPoolExecutor(8) as threads:
        channels = {threads.submit(transport._connected) for _ in range(8)}
    assert len({one.result() for one in channels}) == len(made) == 1
    transport.close()


def test_a_client_for_asyncio_closes_while_a_watch_waits_for_the_service() -> None:
    async def main() -> None:
        client = ltb.AsyncClient("http://127.0.0.1:9")

        async def read() -> None:
            async for _ in client.benchmarks.watch_benchmarks(ids=[ID]):
                pass

        reader = asyncio.create_task(read())
        await asyncio.sleep(0.5)
        await asyncio.wait_for(client.aclose(), 5)
        await reader

    asyncio.run(main())


def test_a_run_ends_though_the_threads_of_the_loop_are_busy(stub: Stub) -> None:
    is_over = threading.Event()
    stub.answer = lambda method, body: (200, {"benchmark": {}})

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, is_over.wait)

        async def record() -> None:
            with ltb.Client(stub.url) as client:
                async with ltb.run("a", model="m", dataset="d", client=client):
                    pass

        try:
            await asyncio.wait_for(record(), 5)
        finally:
            is_over.set()
            await busy

    asyncio.run(main())


def test_a_client_that_is_closed_ends_its_watches(stub: Stub) -> None:
    stub.answer = lambda method, body: (200, frame(CHANGE))
    client = ltb.Client(stub.url)
    watch = client.benchmarks.watch_benchmarks(ids=[ID])
    assert next(watch).cursor == "1"
    client.close()
    assert list(watch) == []


def test_an_upload_puts_a_large_evaluation_into_a_message_of_its_own() -> None:
    items = ['"' + "ä" * 900_000 + '"', '"' + "ä" * 1_500_000 + '"', '"b"']
    assert [len(body.encode()) < 4_194_304 for body in upload_bodies(items, None)] == [True] * 3
