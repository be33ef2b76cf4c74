/** What a job carries in every system measured: about 200 bytes of JSON. */
export const payload = {
  sample_id: "gsm8k-test-001234",
  model: "gpt-4",
  temperature: 0.2,
  prompt: "A shop sells seven apples and three pears; how many pieces of fruit does it sell in all, and why?",
  tags: ["math", "short", "en"],
};

/** What its completion stores where the system keeps results. */
export const result = { score: 0.875, output_tokens: 118, finish_reason: "stop" };

export const jobType = "bench";
