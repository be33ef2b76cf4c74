"""A run of Inspect AI that ends as MODE says."""

import os
from pathlib import Path

# Inspect has types of packages that are not installed.
from inspect_ai import Epochs, Task, eval, eval_retry, eval_set, task  # pyright: ignore[reportUnknownVariableType]
from inspect_ai.dataset import Sample
from inspect_ai.model import Model, ModelOutput, get_model
from inspect_ai.scorer import includes, match
from inspect_ai.solver import Generate, Solver, TaskState, solver

mode, folder, dataset = os.environ["MODE"], Path(os.environ["FOLDER"]), os.environ["DATASET"]
mended = folder / "mended"


@solver
def answer() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if state.sample_id == 2 and state.epoch == 2 and mode != "success" and not mended.exists():
            raise KeyboardInterrupt if mode == "cancelled" else RuntimeError("it broke")
        state.output = ModelOutput.from_content("mockllm/model", f"{state.sample_id}")
        return state

    return solve


@task
def sums() -> Task:
    samples = [Sample(id=number, input=f"{number} + 0", target=str(number)) for number in (1, 2, 3)]
    return Task(samples, solver=answer(), scorer=[match(), includes()], epochs=Epochs(2), name=dataset)


if __name__ == "__main__":
    model: Model = get_model("mockllm/model")
    if mode == "set":
        eval_set([sums()], str(folder), retry_attempts=0, model=model, display="none", max_samples=1)
    else:
        logs = eval(sums(), model=model, log_dir=str(folder), display="none", max_samples=1)
        if mode == "retried":
            mended.touch()
            eval_retry(logs, log_dir=str(folder), display="none")
