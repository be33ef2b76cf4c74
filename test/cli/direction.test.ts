import { expect, test } from "vitest";
import { directionWarnings } from "../../src/cli/shared/direction.ts";

test("names of metrics of which lower is mostly better are known by their words", () => {
  const warns = (name: string) => directionWarnings(name, {}, false).length > 0;
  const lower = `nll ppl crossEntropy cross_entropy brier_score bits_per_byte losses runtime milliseconds val/loss wordErrors
    logloss log_loss logLoss NLLLoss MSELoss bpc kl_divergence KLDivergence kld ece elapsed elapsed_s secs wall_secs
    edit_distance levenshteinDistance inference_time inferenceTime inference_time_ms response_times time_to_first_token
    timePerToken total_time/test ms p95_ms latencyMS ms_per_token latency_ms/test loss/train error_rate.mean cost_usd
    crash_rate timeout_rate fpr fnr neg_log_likelihood negLogLikelihood levenshtein total_tokens num_output_tokens
    toxicity_score false_positive_rate violation_rate execution_time misclassification invalid_rate price`;
  const higher = `error_free no_error no_errors failure-free errorFree terror closs score accuracy runtimes_won
    ms_marco msMarco ms_marco/test MSMARCO ms-marco_ndcg terms algorithms on_time just_in_time times_won time_zone
    lifetime tokens_per_ms tokens_per_second tokens_per_sec tokens_per_secs piece kloss distanced sometimes
    error_detection_f1 error_detection/accuracy toxicity_accuracy/test edit_distance_similarity latency_reduction
    loss_aversion_acc neg_mean_squared_error neg_log_loss error_recovery hallucination_detection latency_score
    uptime_seconds output_tokens_per_second tokens_won quality_per_usd cost_efficiency error_handling_score
    error_detection_rate right_on_time first_time_right`;
  expect(lower.split(/\s+/).filter((name) => !warns(name))).toEqual([]);
  expect(higher.split(/\s+/).filter(warns)).toEqual([]);
});
