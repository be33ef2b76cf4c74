"""Measures how long a data frame of a million evaluations takes, and how much memory, over both ports.

Run it by hand: python tests/bench_frames.py [ROWS]. It starts a service of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable

import ltb

from conftest import Service, ended, program, started

KINDS = ("arrow", "polars", "pandas")
# A process of its own for each figure, because its peak of memory is that of the process.
READ = """
    import json, resource, sys, time
    import ltb
    url, key, benchmark, kind, view = sys.argv[1:]
    start = time.monotonic()
    with ltb.Client(url, api_key=key) as client:
        rows = client.benchmarks.export_evaluations(benchmark, view=view)
        frame = getattr(ltb.frames, f"to_{kind}")(rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"rows": len(frame), "s": time.monotonic() - start, "cpu": time.process_time(),
        "peak": peak}))
"""


def evaluations(first: int, count: int) -> Iterable[ltb.models.NewEvaluation]:
    for at in range(first, first + count):
        yield ltb.models.NewEvaluation(
            sample_id=f"sample-{at}",
            input=f"What is {at} + {at}? Answer with the number alone.",
            output=str(2 * at),
            expected=str(2 * at),
            score=at % 2,
            latency_ms=100 + at % 1000,
            input_tokens=20,
            output_tokens=5,
            metrics={"accuracy": at % 2, "similarity": at % 100 / 100, "is_short": at % 3 == 0},
            metadata={"subject": f"subject {at % 50}"},
        )


def filled(service: Service, rows: int) -> str:
    with ltb.Client(service.http, api_key=service.key) as client:
        benchmark = client.benchmarks.create_benchmark(
            name="frames", provider="p", model="m", dataset="d"
        ).benchmark
        # The service cuts a request off that takes longer than five minutes, as a million rows may.
        for first in range(0, rows, 100_000):
            some = evaluations(first, min(100_000, rows - first))
            client.benchmarks.stream_evaluations(some, benchmark_id=benchmark.id)
        return benchmark.id


def main(rows: int) -> None:
    for service in started():
        start = time.monotonic()
        benchmark = filled(service, rows)
        print(f"stored {rows:,} rows in {time.monotonic() - start:.1f} s", flush=True)
        for view in ("BASIC", "FULL"):
            for name, url in (("http", service.http), ("grpc", service.grpc)):
                for kind in KINDS:
                    out, err = ended(program(READ, url, service.key, benchmark, kind, view), 600)
                    if not out:
                        raise SystemExit(err)
                    found = json.loads(out)
                    assert found["rows"] == rows, found
                    peak = found["peak"] * (1 if sys.platform == "darwin" else 1024) / 1e6
                    took = f"{found['s']:5.1f} s, {found['cpu']:4.1f} s of the processor"
                    print(f"{view:5} {name} {kind:6} {took}, {peak:5.0f} MB", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
