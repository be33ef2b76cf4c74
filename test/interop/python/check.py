"""Exercises the service with grpcio and generated code. One line of JSON on stdout for each thing that was tried."""

import contextlib
import json
import os
import select
import socket
import sys
import threading
import time
import uuid

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct, Value
from google.rpc import error_details_pb2, status_pb2
from ltb.v1 import benchmark_service_pb2 as bench, benchmark_service_pb2_grpc
from ltb.v1 import evaluation_pb2, job_pb2
from ltb.v1 import job_service_pb2 as jobs, job_service_pb2_grpc
from ltb.v1 import json_pb2
from ltb.v1 import system_service_pb2 as system, system_service_pb2_grpc
from ltb.v1 import worker_service_pb2 as work, worker_service_pb2_grpc

ADDRESS = os.environ["LTB_ADDRESS"]
KEY = os.environ["LTB_API_KEY"]
CA = os.environ.get("LTB_TLS_CA_FILE")
SERVICE_CONFIG = os.environ["LTB_SERVICE_CONFIG"]
RUN = uuid.uuid4().hex[:8]
TYPE = f"python-{RUN}"
ME, OTHER = f"python-{RUN}-1", f"python-{RUN}-2"
OK, STALE, CANCELLED = (job_pb2.LeaseOutcome.Value(f"LEASE_OUTCOME_{n}") for n in ("OK", "STALE", "CANCELLED"))


def connect(*options, compression=None, address=ADDRESS):
    options = [("grpc.service_config", open(SERVICE_CONFIG).read()), *options]
    if CA is None:
        return grpc.insecure_channel(address, options, compression)
    credentials = grpc.ssl_channel_credentials(open(CA, "rb").read())
    return grpc.secure_channel(address, credentials, options, compression)


class Client:
    def __init__(self, channel):
        self.benchmarks = benchmark_service_pb2_grpc.BenchmarkServiceStub(channel)
        self.jobs = job_service_pb2_grpc.JobServiceStub(channel)
        self.workers = worker_service_pb2_grpc.WorkerServiceStub(channel)
        self.system = system_service_pb2_grpc.SystemServiceStub(channel)


client = Client(connect())
AUTH = [("authorization", f"Bearer {KEY}")]
CALL = {"metadata": AUTH, "timeout": 30}


def seconds(number):
    duration = Duration()
    duration.FromMilliseconds(int(number * 1000))
    return duration


checks = []


def check(what):
    def register(function):
        checks.append((what, function))
        return function

    return register


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"expected {wanted!r}, got {got!r}")


@contextlib.contextmanager
def fails(code, reason=None, **metadata):
    """Yields a list that holds the details of the failure afterwards, by type."""
    details = {}
    try:
        yield details
    except grpc.RpcError as error:
        same(error.code(), code)
        status = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
        for detail in status_pb2.Status.FromString(status).details:
            for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RequestInfo):
                if detail.Is(kind.DESCRIPTOR):
                    message = kind()
                    detail.Unpack(message)
                    details[kind.__name__] = message
        if reason:
            same(details["ErrorInfo"].reason, reason)
            same(details["ErrorInfo"].domain, "llm-test-bench")
        for name, value in metadata.items():
            same(details["ErrorInfo"].metadata[name], value)
        return
    raise AssertionError(f"expected {code}, but it succeeded")


def create_job(**fields):
    return client.jobs.CreateJob(jobs.CreateJobRequest(job_type=TYPE, **fields), **CALL).job


def claim(worker=ME, count=1, lease=60, wait=5):
    request = jobs.ClaimJobsRequest(worker_id=worker, max_jobs=count, lease=seconds(lease), wait=seconds(wait))
    return client.jobs.ClaimJobs(request, **CALL).leases


def ref(lease):
    return {"job_id": lease.job.id, "epoch": lease.epoch}


def complete(lease, worker=ME, **fields):
    item = jobs.CompleteJobsItem(**ref(lease), **fields)
    return client.jobs.CompleteJobs(jobs.CompleteJobsRequest(worker_id=worker, items=[item]), **CALL).results[0]


def heartbeat(*leases, worker=ME, lease=60):
    refs = [job_pb2.LeaseRef(**ref(one)) for one in leases]
    request = work.HeartbeatRequest(worker_id=worker, leases=refs, lease=seconds(lease))
    return client.workers.Heartbeat(request, **CALL)


def get_job(id):
    return client.jobs.GetJob(jobs.GetJobRequest(id=id), **CALL).job


@check("registers")
def _():
    for name in (ME, OTHER):
        request = work.RegisterWorkerRequest(worker_id=name, capacity=8, job_types=[TYPE], tags=["python"])
        answer = client.workers.RegisterWorker(request, **CALL)
        same(answer.heartbeat_interval.seconds, 5)
        same(answer.worker.worker_id, name)


@check("claims, and completes with evaluations")
def _():
    client.benchmarks.CreateBenchmark(
        bench.CreateBenchmarkRequest(id=BENCHMARK, name=TYPE, provider="p", model="m", dataset=TYPE), **CALL
    )
    job = create_job(benchmark_id=BENCHMARK, payload=ParseDict({"a": 1}, Struct()))
    (lease,) = claim()
    same((lease.job.id, lease.epoch, lease.attempt), (job.id, 1, 1))
    same(MessageToDict(lease.job.payload), {"a": 1.0})
    evaluations = [evaluation_pb2.NewEvaluation(sample_id=f"job-{n}", input="?", output="!", score=n) for n in (0, 1)]
    done = {"result": ParseDict({"answer": [1, None, "x"]}, Value()), "evaluations": evaluations}
    first = complete(lease, **done)
    same((first.outcome, first.evaluations_inserted), (OK, 2))
    again = complete(lease, **done)
    same((again.outcome, get_job(job.id).status), (OK, job_pb2.JOB_STATUS_COMPLETED))
    same(MessageToDict(get_job(job.id).result), {"answer": [1.0, None, "x"]})


@check("reads documents as deep as they may be")
def _():
    deep = {"a": 1.0}
    for _ in range(31):
        deep = {"a": deep}
    document = ParseDict(deep, Struct())
    job = create_job(payload=document, metadata=document)
    (lease,) = claim()
    same(MessageToDict(lease.job.payload), deep)
    same(complete(lease, result=Value(struct_value=document)).outcome, OK)
    stored = get_job(job.id)
    same([MessageToDict(one) for one in (stored.payload, stored.metadata, stored.result)], [deep] * 3)
    with fails(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        create_job(payload=ParseDict({"a": deep}, Struct()))


@check("claims in a long poll")
def _():
    timer = threading.Timer(0.5, create_job)
    timer.start()
    began = time.monotonic()
    (lease,) = claim(wait=10)
    took = time.monotonic() - began
    same(complete(lease).outcome, OK)
    if not 0.3 < took < 5:
        raise AssertionError(f"took {took} s")


@check("renews by heartbeat")
def _():
    create_job()
    (lease,) = claim(lease=2)
    for _ in range(3):
        time.sleep(1)
        answer = heartbeat(lease, lease=2)
        same((len(answer.lost), answer.expires_in.ToMilliseconds() > 0), (0, True))
    same(complete(lease).outcome, OK)


@check("reports progress")
def _():
    create_job()
    (lease,) = claim()
    item = jobs.UpdateJobProgressItem(**ref(lease), progress=0.5, message="half")
    request = jobs.UpdateJobProgressRequest(worker_id=ME, items=[item])
    same(client.jobs.UpdateJobProgress(request, **CALL).results[0].outcome, OK)
    same((get_job(lease.job.id).progress, get_job(lease.job.id).progress_message), (0.5, "half"))
    same(complete(lease).outcome, OK)


@check("fails, with and without a retry")
def _():
    create_job()
    create_job()
    first, second = claim(count=2)
    items = [
        jobs.FailJobsItem(**ref(first), error="later", retry_after=seconds(3600)),
        jobs.FailJobsItem(**ref(second), error="never", retryable=False),
    ]
    results = client.jobs.FailJobs(jobs.FailJobsRequest(worker_id=ME, items=items), **CALL).results
    same([r.outcome for r in results], [OK, OK])
    same([r.status for r in results], [job_pb2.JOB_STATUS_PENDING, job_pb2.JOB_STATUS_FAILED])


@check("is cancelled, as the heartbeat tells")
def _():
    job = create_job()
    (lease,) = claim()
    client.jobs.CancelJob(jobs.CancelJobRequest(id=job.id, reason="enough"), **CALL)
    same([one.job_id for one in heartbeat(lease).cancelled], [job.id])
    same(complete(lease).outcome, CANCELLED)


@check("loses a lease: STALE")
def _():
    create_job(max_retries=3)
    (lease,) = claim(lease=1)
    time.sleep(1.5)
    (taken,) = claim(worker=OTHER, wait=20)
    same((taken.job.id, taken.epoch > lease.epoch), (lease.job.id, True))
    same([one.job_id for one in heartbeat(lease).lost], [lease.job.id])
    same(complete(lease).outcome, STALE)
    same(complete(taken, worker=OTHER).outcome, OK)


BENCHMARK = str(uuid.uuid4())
ROWS = 10_000


def rows(count):
    for start in range(0, count, 500):
        yield bench.StreamEvaluationsRequest(
            benchmark_id=BENCHMARK,
            evaluations=[
                evaluation_pb2.NewEvaluation(sample_id=f"s{n}", input=f"in {n}", output="out", score=n / count)
                for n in range(start, start + 500)
            ],
        )


@check("streams 10,000 evaluations")
def _():
    total = client.benchmarks.StreamEvaluations(rows(ROWS), metadata=AUTH, timeout=120)
    same((total.received, total.inserted), (ROWS, ROWS))
    again = client.benchmarks.StreamEvaluations(rows(1000), metadata=AUTH, timeout=120)
    # Of the scores of the second stream only the first is the same.
    same((again.inserted, again.duplicates, again.conflicts), (0, 1, 999))


@check("pages through a list")
def _():
    token, seen, pages = "", set(), 0
    while True:
        request = bench.ListEvaluationsRequest(benchmark_id=BENCHMARK, page_size=1000, page_token=token)
        page = client.benchmarks.ListEvaluations(request, **CALL)
        seen.update(e.id for e in page.evaluations)
        pages += 1
        token = page.next_page_token
        if not token:
            break
    same(len(seen), ROWS + 2)
    return f"{pages} pages"


@check("reads a server stream to its end (export)")
def _():
    chunks = client.benchmarks.ExportEvaluations(
        bench.ExportEvaluationsRequest(benchmark_id=BENCHMARK), metadata=AUTH, timeout=60
    )
    same(sum(len(chunk.evaluations) for chunk in chunks), ROWS + 2)


@check("watches jobs and resumes by cursor")
def _():
    watch = client.jobs.WatchJobs(jobs.WatchJobsRequest(job_type=TYPE), metadata=AUTH, timeout=30)
    cursor = next(watch).cursor
    job = create_job()
    change = next(m for m in watch if m.job.id)
    same(change.job.id, job.id)
    cursor = change.cursor
    watch.cancel()
    (lease,) = claim()
    same(complete(lease).outcome, OK)
    resumed = client.jobs.WatchJobs(
        jobs.WatchJobsRequest(job_type=TYPE, after_cursor=cursor), metadata=AUTH, timeout=30
    )
    for message in resumed:
        if message.job.id == job.id and message.job.status == job_pb2.JOB_STATUS_COMPLETED:
            break
    resumed.cancel()


@check("error details by reason")
def _():
    with fails(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", entity="job"):
        get_job(str(uuid.uuid4()))
    with fails(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT") as details:
        create_job(max_retries=101)
    same([v.field for v in details["BadRequest"].field_violations], ["max_retries"])
    same(details["RequestInfo"].request_id != "", True)
    create_job(unique_key="once")
    with fails(grpc.StatusCode.ALREADY_EXISTS, "UNIQUE_KEY_TAKEN"):
        create_job(unique_key="once")
    with fails(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", id="schlüssel % ✓"):
        client.jobs.DeleteJobLimit(jobs.DeleteJobLimitRequest(limit_key="schlüssel % ✓"), **CALL)


@check("error details of a method that does not exist")
def _():
    with fails(grpc.StatusCode.UNIMPLEMENTED, "UNIMPLEMENTED"):
        connect().unary_unary("/ltb.v1.JobService/Nothing")(b"", **CALL)


@check("request_id makes a create repeatable")
def _():
    first = create_job(request_id=f"{RUN}-create", payload=ParseDict({"a": 1}, Struct()))
    same(create_job(request_id=f"{RUN}-create", payload=ParseDict({"a": 1}, Struct())).id, first.id)
    with fails(grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED"):
        create_job(request_id=f"{RUN}-create", payload=ParseDict({"a": 2}, Struct()))


@check("without a key, with a wrong key")
def _():
    with fails(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_MISSING"):
        client.system.GetStats(system.GetStatsRequest(), timeout=10)
    with fails(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID"):
        client.system.GetStats(system.GetStatsRequest(), metadata=[("authorization", "Bearer no")], timeout=10)


@check("deadline of a stream; a claim answers before its own")
def _():
    with fails(grpc.StatusCode.DEADLINE_EXCEEDED):
        list(client.jobs.WatchJobs(jobs.WatchJobsRequest(job_type="none"), metadata=AUTH, timeout=1))
    request = jobs.ClaimJobsRequest(worker_id=OTHER, job_types=["none"], wait=seconds(20))
    same(len(client.jobs.ClaimJobs(request, metadata=AUTH, timeout=2).leases), 0)


@check("cancels a call that waits")
def _():
    request = jobs.ClaimJobsRequest(worker_id=OTHER, job_types=["none"], wait=seconds(20))
    waiting = client.jobs.ClaimJobs.future(request, **CALL)
    time.sleep(0.3)
    waiting.cancel()
    same((waiting.cancelled(), waiting.code()), (True, grpc.StatusCode.CANCELLED))


def relay(vanished):
    """Listens on a port, which it returns, and passes one connection on to the service until `vanished`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        ends = listener.accept()[0], socket.create_connection(ADDRESS.rsplit(":", 1))
        while not vanished.is_set():
            for end in select.select(ends, [], [], 0.1)[0]:
                ends[end is ends[0]].sendall(end.recv(65536))
        time.sleep(3600)  # With its end this thread would close the connections.

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


@check("finds by pings that the other end has vanished")
def _():
    vanished = threading.Event()
    # As docs/wire.md says.
    keepalive = ("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_timeout_ms", 5_000)
    pings = ("grpc.http2.ping_timeout_ms", 5_000), ("grpc.http2.max_pings_without_data", 0)
    stub = Client(connect(*keepalive, *pings, address=f"localhost:{relay(vanished)}")).jobs
    watch = stub.WatchJobs(jobs.WatchJobsRequest(job_type="none"), metadata=AUTH, timeout=60)
    next(watch)
    vanished.set()
    began = time.monotonic()
    with fails(grpc.StatusCode.UNAVAILABLE):
        list(watch)
    took = time.monotonic() - began
    if took > 20:
        raise AssertionError(f"took {took} s")
    return f"{took:.1f} s"


@check("a message that is too large")
def _():
    big = ParseDict({"text": "x" * 5_000_000}, Struct())
    with fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE"):
        create_job(payload=big)
    create_job(payload=ParseDict({"text": "x" * 900_000}, Struct()))


@check("compressed by gzip")
def _():
    zipped = Client(connect(compression=grpc.Compression.Gzip))
    request = jobs.CreateJobRequest(job_type=TYPE, payload=ParseDict({"text": "x" * 100_000}, Struct()))
    same(zipped.jobs.CreateJob(request, **CALL).job.job_type, TYPE)


@check("numbers of JSON text have all digits")
def _():
    job = create_job(payload_json='{"n": 9007199254740993, "d": 1.50}')
    same(MessageToDict(get_job(job.id).payload), {"n": float(2**53), "d": 1.5})
    asked = jobs.GetJobRequest(id=job.id, json_format=json_pb2.JSON_FORMAT_TEXT)
    same(client.jobs.GetJob(asked, **CALL).job.payload_json, '{"d": 1.50, "n": 9007199254740993}')


@check("numbers of a Struct are doubles")
def _():
    job = create_job(payload=ParseDict({"n": 2**53 + 1, "max": 1.7976931348623157e308}, Struct()))
    same(MessageToDict(get_job(job.id).payload), {"n": float(2**53), "max": 1.7976931348623157e308})


@check("drains and deregisters")
def _():
    client.jobs.CancelJobs(jobs.CancelJobsRequest(job_type=TYPE), **CALL)
    client.workers.DrainWorker(work.DrainWorkerRequest(worker_id=ME), **CALL)
    same(heartbeat().drain, True)
    for name in (ME, OTHER):
        client.workers.DeregisterWorker(work.DeregisterWorkerRequest(worker_id=name), **CALL)
    with fails(grpc.StatusCode.NOT_FOUND, "NOT_FOUND"):
        heartbeat()


for what, function in checks:
    result = {"what": what, "passed": True, "note": ""}
    try:
        result["note"] = function() or ""
    except Exception as error:  # Whatever went wrong, the rest is tried.
        result.update(passed=False, note=f"{type(error).__name__}: {error}"[:1000])
    print(json.dumps(result), flush=True)
sys.exit(0)
