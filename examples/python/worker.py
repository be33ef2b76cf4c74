"""Runs jobs of type "arithmetic" until Ctrl-C. The package is llm-test-bench: docs/clients.md."""

import ltb

worker = ltb.Worker(capacity=4)


@worker.job("arithmetic")
def add(job: ltb.Job) -> ltb.Result:
    try:
        sample, a, b = (job.payload[name] for name in ("sample", "a", "b"))
    except KeyError as missing:
        raise ltb.PermanentError(f"payload: expected sample, a and b, but there is no {missing}") from missing
    output = f"{a + b:g}"
    print(f"{a:g} + {b:g} = {output}", flush=True)
    evaluation = ltb.models.NewEvaluation(sample_id=sample, input=f"{a:g} + {b:g}", output=output, score=1.0)
    # Evaluations belong to a benchmark.
    return ltb.Result({"output": output}, [evaluation] if job.benchmark_id else [])


print("working; Ctrl-C ends it", flush=True)
worker.run()
