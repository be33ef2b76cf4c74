/** An id of nothing that a test makes. */
export const unknownId = "01890a5d-ac96-774b-bcce-b302099a8057";

/** A benchmark with no more than it has to have. */
export const sample = { name: "n", provider: "p", model: "m", dataset: "d" };
