"""Creates jobs, runs them and stores evaluations until stdin ends, and repeats whatever was not answered. Each line
on stdout is JSON and tells what the service has acknowledged, or what was wrong."""

import itertools
import json
import os
import random
import sys
import threading
import time
import uuid

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct, Value
from ltb.v1 import benchmark_service_pb2 as bench, benchmark_service_pb2_grpc
from ltb.v1 import evaluation_pb2, job_pb2
from ltb.v1 import job_service_pb2 as jobs, job_service_pb2_grpc
from ltb.v1 import worker_service_pb2 as work, worker_service_pb2_grpc

TYPE, BENCHMARK = os.environ["LOAD_JOB_TYPE"], os.environ["LOAD_BENCHMARK"]
CALL = {"metadata": [("authorization", f"Bearer {os.environ['LTB_API_KEY']}")], "timeout": 10}
LEASE = Duration(seconds=3)
OUTSTANDING = 100  # Creators hold back while so many jobs wait.
# A channel that has failed for a while would wait longer between its attempts than the service lives.
channel = grpc.insecure_channel(os.environ["LTB_ADDRESS"], [("grpc.max_reconnect_backoff_ms", 500)])
job_service = job_service_pb2_grpc.JobServiceStub(channel)
worker_service = worker_service_pb2_grpc.WorkerServiceStub(channel)
benchmark_service = benchmark_service_pb2_grpc.BenchmarkServiceStub(channel)
draw = random.Random(int(os.environ["LTB_SEED"]))
stopping, idle = threading.Event(), threading.Event()
waiting = set()  # Ids of jobs that have not been completed, as far as was acknowledged.
writing = threading.Lock()


def tell(**what):
    with writing:
        print(json.dumps(what), flush=True)


def same(what, got, wanted):
    if got != wanted:
        tell(wrong=f"{what}: expected {wanted!r}, got {got!r}")


def insist(call, make):
    """Makes the call until it is answered. The same request, whose answer may have been cut off."""
    while True:
        try:
            return call(make(), **CALL)
        except grpc.RpcError as error:
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                tell(wrong=f"{error.code()}: {error.details()}")
            time.sleep(0.05)


def create(name):
    for number in itertools.count():
        if stopping.is_set():
            return
        if len(waiting) > OUTSTANDING:
            time.sleep(0.02)
            continue
        key = f"{name}-{number}"
        keys = [f"{key}-{part}" for part in range(draw.choice([1, 1, 1, 5]))]
        new = [
            {"job_type": TYPE, "benchmark_id": BENCHMARK, "max_retries": 100, "payload": ParseDict({"key": one}, Struct())}
            for one in keys
        ]
        single = jobs.CreateJobRequest(request_id=key, **new[0])
        several = jobs.BatchCreateJobsRequest(request_id=key, jobs=[job_pb2.NewJob(**one) for one in new])

        def made():
            if len(new) == 1:
                return [insist(job_service.CreateJob, lambda: single).job]
            return insist(job_service.BatchCreateJobs, lambda: several).jobs

        ids = [job.id for job in made()]
        waiting.update(ids)
        tell(created=dict(zip(keys, ids)))
        if draw.random() < 0.2:
            same("a repeated create", [job.id for job in made()], ids)


held = {}  # Leases by worker and job.


def beat(worker):
    while not idle.wait(1):
        refs = [job_pb2.LeaseRef(job_id=id, epoch=epoch) for (name, id), epoch in list(held.items()) if name == worker]
        request = work.HeartbeatRequest(worker_id=worker, leases=refs, lease=LEASE)
        insist(worker_service.Heartbeat, lambda: request)


def work_on(worker, stalls):
    registration = work.RegisterWorkerRequest(worker_id=worker, capacity=10, job_types=[TYPE])
    insist(worker_service.RegisterWorker, lambda: registration)
    if not stalls:
        threading.Thread(target=beat, args=(worker,), daemon=True).start()
    while not idle.is_set():
        request = jobs.ClaimJobsRequest(
            worker_id=worker, max_jobs=5, wait=Duration(seconds=1), lease=LEASE, request_id=str(uuid.uuid4())
        )
        leases = insist(job_service.ClaimJobs, lambda: request).leases
        for lease in leases:
            held[worker, lease.job.id] = lease.epoch
        # One that stalls lets its leases expire, and delivers all the same.
        time.sleep(3.5 if stalls and leases and not stopping.is_set() else draw.random() * 0.1)
        for lease in leases:
            finish(worker, lease)
            held.pop((worker, lease.job.id))


def finish(worker, lease):
    ref = {"job_id": lease.job.id, "epoch": lease.epoch}
    if draw.random() < 0.05:
        failed = jobs.FailJobsItem(**ref, error="drawn", retry_after=Duration(nanos=200_000_000))
        insist(job_service.FailJobs, lambda: jobs.FailJobsRequest(worker_id=worker, items=[failed]))
        return
    outputs = [f"{lease.job.id} {lease.epoch} {part}" for part in range(3)]
    evaluations = [evaluation_pb2.NewEvaluation(output=output, score=len(outputs)) for output in outputs]
    # The other two have nothing that would tell a repeat from something new.
    evaluations[0].sample_id = lease.job.id
    item = jobs.CompleteJobsItem(**ref, result=Value(string_value=outputs[0]), evaluations=evaluations)
    request = jobs.CompleteJobsRequest(worker_id=worker, items=[item])
    result = insist(job_service.CompleteJobs, lambda: request).results[0]
    if draw.random() < 0.25:
        same("a repeated completion", insist(job_service.CompleteJobs, lambda: request).results[0], result)
    if result.outcome == job_pb2.LEASE_OUTCOME_OK:
        same("evaluations of a completion", result.evaluations_inserted, 3)
        tell(completed=ref, stored=outputs)
        waiting.discard(lease.job.id)
    elif result.outcome == job_pb2.LEASE_OUTCOME_STALE:
        tell(stale=ref)
    else:
        tell(wrong=f"a completion has outcome {result.outcome}: {result.reason}")


def evaluations_of(key, count, named):
    return [
        evaluation_pb2.NewEvaluation(output=f"{key} {n}", score=n % 2, sample_id=f"{key} {n}" if named else "")
        for n in range(count)
    ]


def stream(name):
    for number in itertools.count():
        if stopping.is_set():
            return
        evaluations = evaluations_of(f"{name}-{number}", 300, named=True)

        def messages():
            for start in range(0, 300, 50):
                part = evaluations[start : start + 50]
                yield bench.StreamEvaluationsRequest(benchmark_id=BENCHMARK, evaluations=part)
                time.sleep(0.02)

        total = insist(benchmark_service.StreamEvaluations, messages)
        same("a stream", (total.received, total.inserted + total.duplicates), (300, 300))
        tell(stored=[evaluation.output for evaluation in evaluations])
        if draw.random() < 0.3:
            again = insist(benchmark_service.StreamEvaluations, messages)
            same("a repeated stream", (again.received, again.inserted, again.duplicates), (300, 0, 300))
        time.sleep(draw.random() * 0.3)


def batch(name):
    for number in itertools.count():
        if stopping.is_set():
            return
        key = f"{name}-{number}"
        evaluations = evaluations_of(key, 10, named=False)
        request = bench.BatchCreateEvaluationsRequest(
            benchmark_id=BENCHMARK, evaluations=evaluations, request_id=key
        )
        created = insist(benchmark_service.BatchCreateEvaluations, lambda: request).results
        same("a batch", {result.outcome for result in created}, {evaluation_pb2.EVALUATION_OUTCOME_CREATED})
        tell(stored=[evaluation.output for evaluation in evaluations])
        if draw.random() < 0.3:
            again = insist(benchmark_service.BatchCreateEvaluations, lambda: request).results
            same("a repeated batch", [result.id for result in again], [result.id for result in created])
        time.sleep(draw.random() * 0.2)


def start(role, *args):
    thread = threading.Thread(target=role, args=args)
    thread.start()
    return thread


makers = [start(role, name) for role, name in ((create, "a"), (create, "b"), (stream, "stream"), (batch, "batch"))]
runners = [start(work_on, name, name == "stalling") for name in ("1", "2", "3", "4", "5", "stalling")]
sys.stdin.read()
stopping.set()
for thread in makers:
    thread.join()
stats = jobs.GetJobStatsRequest(job_type=TYPE)
# One whose lease has expired waits before its next attempt.
while (told := insist(job_service.GetJobStats, lambda: stats)).pending + told.scheduled + told.running > 0:
    time.sleep(0.2)
idle.set()
for thread in runners:
    thread.join()
