"""`lighteval eval` with a task of ours, as lighteval's own have their data on the Hub.

They are not even listed: some ask the Hub when they are loaded, and of `--custom-tasks` this command takes none.
"""

from pathlib import Path

from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import match
from inspect_ai.solver import solver
from lighteval.__main__ import app
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.registry import Registry


@solver
def four():
    async def solve(state, generate):
        state.output = ModelOutput.from_content("mockllm/model", "4")
        return state

    return solve


sums = LightevalTaskConfig(
    name="sums",
    prompt_function=lambda line, task_name: None,
    hf_repo=str(Path(__file__).with_name("data")),
    hf_subset="default",
    evaluation_splits=["test"],
    metrics=[],
    solver=[four()],
    scorer=match(),
    sample_fields=lambda record: Sample(input=record["question"], target=record["answer"]),
)
Registry.load_all_task_configs = staticmethod(lambda *_, **__: {"sums": sums})
app()
