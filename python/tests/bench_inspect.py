"""Measures what recording a run of Inspect takes of the processor per sample: on its loop, and behind it.

Run it by hand: python tests/bench_inspect.py [SAMPLES]. It starts a service of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import textwrap
from pathlib import Path

from conftest import ended, program, started

# A process of its own for each kind of sample, whose threads have done nothing else.
RUN = """
    import json, sys, threading, time
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import includes
    from inspect_ai.solver import generate, solver
    from ltb.integrations.inspect import LtbHooks

    kind, samples, folder = sys.argv[2], int(sys.argv[3]), sys.argv[4]
    on_loop, sizes = [], []
    record = LtbHooks.on_sample_end

    async def timed(self, data):
        start = time.thread_time()
        await record(self, data)
        on_loop.append(time.thread_time() - start)
        if not sizes:
            sizes.append(len(data.sample.model_dump_json(exclude_none=True)))

    LtbHooks.on_sample_end = timed

    def fail(depth):
        if depth == 0:
            raise ValueError("nobody knows")
        fail(depth - 1)

    @solver
    def failing():
        async def solve(state, generate):
            state = await generate(state)
            fail(20)
        return solve

    prompt = "A train leaves at nine and takes three hours; when does it arrive, and how far did it go? " * 20
    output = ModelOutput.from_content("mockllm/model", "It arrives at twelve. " * 20)
    # Without it the model looks for a tokenizer on the network.
    output.usage = ModelUsage(input_tokens=400, output_tokens=100, total_tokens=500)
    task = Task(
        [Sample(id=at, input=f"{at}: {prompt}", target="twelve") for at in range(samples)],
        solver=failing() if kind == "failing" else generate(),
        scorer=includes(),
        name="bench",
    )
    model = get_model("mockllm/model", custom_outputs=lambda *_arguments, **_named: output)
    eval(task, model=model, log_dir=folder, display="none", fail_on_error=False,
        retry_on_error=1 if kind == "failing" else 0)
    assert len(on_loop) == samples, len(on_loop)
    clocks = {one.name: time.pthread_getcpuclockid(one.ident) for one in threading.enumerate()}
    print(json.dumps({"size": sizes[0], "loop": sum(on_loop) / samples, "most": max(on_loop),
        "map": time.clock_gettime(clocks["ltb-inspect"]) / samples,
        "send": time.clock_gettime(clocks["ltb-sender"]) / samples}))
"""


def main(samples: int) -> None:
    for service in started():
        for kind in ("plain", "failing"):
            with tempfile.TemporaryDirectory() as folder:
                env = {
                    "LTB_URL": service.http,
                    "LTB_API_KEY": service.key,
                    "LTB_SPOOL_DIR": f"{folder}/spool",
                }
                # In a file, as tracebacks show the lines of files.
                path = Path(folder, "run.py")
                path.write_text(textwrap.dedent(RUN))
                code = "import runpy, sys; runpy.run_path(sys.argv[1])"
                out, err = ended(program(code, str(path), kind, str(samples), folder, **env), 600)
            if "{" not in out:
                raise SystemExit(err)
            found = json.loads(out.splitlines()[-1])
            us = {name: found[name] * 1e6 for name in ("loop", "most", "map", "send")}
            print(
                f"{kind:8} {found['size'] / 1000:4.0f} kB a sample: {us['loop']:.0f} µs on the loop "
                f"({us['most']:.0f} at most), {us['map']:.0f} to map it, {us['send']:.0f} to send it",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
