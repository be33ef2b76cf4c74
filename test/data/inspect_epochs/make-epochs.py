"""Makes epochs.json, the log of a run with epochs reduced in seven ways: `python3 make-epochs.py` (inspect_ai
0.3; no model is asked). What each epoch scores is fixed: correct, incorrect or partial, by sample."""

import glob
import json
import os
import shutil
import tempfile

from inspect_ai import Epochs, Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, accuracy, scorer, stderr
from inspect_ai.solver import solver

OUTCOMES = ["CCCC", "CCIC", "ICIC", "IIIC", "IIII", "CPIP", "PPIC", "PCCI"]


@scorer(metrics=[accuracy(), stderr()])
def fixed():
    async def score(state, target):
        return Score(value=OUTCOMES[int(state.sample_id)][state.epoch - 1])

    return score


@solver
def answer():
    async def solve(state, generate):
        state.output = ModelOutput.from_content("mockllm/model", "an answer")
        return state

    return solve


folder = tempfile.mkdtemp()
eval(
    Task(
        dataset=[Sample(id=str(i), input=f"question {i}", target="t") for i in range(len(OUTCOMES))],
        solver=answer(),
        scorer=fixed(),
        epochs=Epochs(4, ["mean", "median", "mode", "max", "at_least_2", "pass_at_2", "pass_k_3"]),
        name="epochs",
    ),
    model="mockllm/model",
    log_dir=folder,
    log_format="json",
    log_realtime=False,
    display="none",
)
[log] = glob.glob(os.path.join(folder, "*.json"))
with open(log) as file:
    made = json.load(file)
for sample in made["samples"]:
    # They are nine tenths of the log, and of no use here.
    del sample["events"], sample["events_data"]
with open("epochs.json", "w") as file:
    json.dump(made, file, separators=(",", ":"))
shutil.rmtree(folder)
