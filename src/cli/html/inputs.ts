import { type Asked, nameOfReference, otherInputs } from "../shared/inputs.ts";
import { type Section, tableOf } from "./document.ts";

/** Which benchmarks were not asked the same. It stands first: figures of other questions are no ranking. */
export function inputsSection(entries: readonly Asked[], referenceId: string): Section[] {
  const others = otherInputs(entries);
  if (others.length === 0) return [];
  const reference = nameOfReference(entries, referenceId);
  return [
    {
      title: "Not the same questions",
      note: `Samples of these benchmarks have another input or expected answer than in ${reference}, so that their means answer other questions. ltb compare leaves such samples out.`,
      body: [
        tableOf(
          "Benchmarks with other inputs",
          ["benchmark", ">samples in common", ">that differ"],
          others.map(({ benchmarkName, inputsCompared = 0, differentInputs = 0 }) => [
            benchmarkName,
            inputsCompared,
            differentInputs,
          ]),
        ),
      ],
    },
  ];
}
