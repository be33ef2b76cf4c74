/** An id and a time for the examples of statements. */
export const exampleId = "01890a5d-ac96-774b-bcce-b302099a8057";
export const exampleTime = "2026-01-31T12:00:00.000001Z";
