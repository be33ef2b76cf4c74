"""Runs jobs of type "arithmetic" until Ctrl-C. docs/clients.md tells how to generate the modules of ltb.v1."""

import os, signal, socket, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Value
from ltb.v1 import evaluation_pb2, job_pb2, job_service_pb2 as job, job_service_pb2_grpc
from ltb.v1 import worker_service_pb2 as worker, worker_service_pb2_grpc

address = os.environ.get("LTB_ADDRESS", "localhost:50052")
options = [("grpc.service_config", (Path(__file__).parents[1] / "service-config.json").read_text())]
if ca := os.environ.get("LTB_TLS_CA_FILE"):
    channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(Path(ca).read_bytes()), options)
else:
    channel = grpc.insecure_channel(address, options)
jobs = job_service_pb2_grpc.JobServiceStub(channel)
workers = worker_service_pb2_grpc.WorkerServiceStub(channel)
call = {"metadata": [("authorization", f"Bearer {os.environ.get('LTB_API_KEY', '')}")], "timeout": 30}
me = f"python-{socket.gethostname()}-{os.getpid()}"
held = {}  # Leases by job id: what is told of with each heartbeat.
stopping, stopped = threading.Event(), threading.Event()


def beat():
    while not stopped.wait(5):
        refs = [job_pb2.LeaseRef(job_id=id, epoch=lease.epoch) for id, lease in list(held.items())]
        try:
            told = workers.Heartbeat(worker.HeartbeatRequest(worker_id=me, leases=refs), **call)
        except grpc.RpcError as error:
            print("no heartbeat:", error.details())  # The next one may come through before the leases expire.
            continue
        for gone in (*told.cancelled, *told.lost):
            held.pop(gone.job_id, None)  # Work that takes long should stop here: its result would be refused.


def fail(ref, error):
    failed = job.FailJobsItem(**ref, error=error, retryable=False)
    return jobs.FailJobs(job.FailJobsRequest(worker_id=me, items=[failed]), **call).results[0]


def run(lease):
    ref = {"job_id": lease.job.id, "epoch": lease.epoch}
    try:
        payload = MessageToDict(lease.job.payload)
        sample, a, b = payload["sample"], payload["a"], payload["b"]
        output = f"{a + b:g}"  # Numbers of a Struct are doubles.
        done = job.CompleteJobsItem(**ref, result=ParseDict({"output": output}, Value()))
        if lease.job.benchmark_id:
            question = evaluation_pb2.NewEvaluation(sample_id=sample, input=f"{a:g} + {b:g}", output=output, score=1)
            done.evaluations.append(question)
        result = jobs.CompleteJobs(job.CompleteJobsRequest(worker_id=me, items=[done]), **call).results[0]
    except (KeyError, TypeError) as error:
        result = fail(ref, f"payload: expected sample, a and b: {error!r}")
    finally:
        held.pop(lease.job.id, None)
    # A rejected result has failed the job.
    print(lease.job.id, job_pb2.LeaseOutcome.Name(result.outcome), result.field, result.reason, flush=True)


for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stopping.set())
workers.RegisterWorker(worker.RegisterWorkerRequest(worker_id=me, capacity=4, job_types=["arithmetic"]), **call)
threading.Thread(target=beat, daemon=True).start()
print("working; Ctrl-C ends it", flush=True)
with ThreadPoolExecutor(4) as pool:
    while not stopping.is_set():
        request = job.ClaimJobsRequest(worker_id=me, max_jobs=4, wait=Duration(seconds=2))
        for lease in jobs.ClaimJobs(request, **call).leases:
            held[lease.job.id] = lease
            pool.submit(run, lease)
stopped.set()
workers.DeregisterWorker(worker.DeregisterWorkerRequest(worker_id=me, reason="stopped"), **call)
