package ltb_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/ltbv1"
)

// Without options, the environment names the service: LTB_URL, LTB_API_KEY, LTB_TLS_CA_FILE.
func Example() {
	ctx := context.Background()
	client, err := ltb.Dial(ltb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	created, err := client.Benchmarks.CreateBenchmark(ctx, &ltbv1.CreateBenchmarkRequest{
		Name: "example", Provider: "openai", Model: "gpt-4o", Dataset: "go-example",
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Benchmarks.BatchCreateEvaluations(ctx, &ltbv1.BatchCreateEvaluationsRequest{
		BenchmarkId: created.Benchmark.Id,
		Evaluations: []*ltbv1.NewEvaluation{
			{SampleId: "1", Input: "2 + 2", Output: new("4"), Score: new(1.0)},
			{SampleId: "2", Input: "2 + 3", Error: "the provider did not answer"},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	request := &ltbv1.ListEvaluationsRequest{BenchmarkId: created.Benchmark.Id, OrderBy: ltbv1.EvaluationOrder_EVALUATION_ORDER_CREATED_AT_ASC}
	for evaluation, err := range client.Benchmarks.IterEvaluations(ctx, request) { // All pages.
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %v %q\n", evaluation.SampleId, evaluation.GetScore(), evaluation.Error)
	}
	// Output:
	// 1 1 ""
	// 2 0 "the provider did not answer"
}

func ExampleError() {
	ctx := context.Background()
	client, err := ltb.Dial(ltb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	for range 2 {
		_, err = client.Jobs.CreateJob(ctx, &ltbv1.CreateJobRequest{JobType: "nightly", UniqueKey: "2026-11-22"})
	}
	fmt.Println(errors.Is(err, ltb.ReasonUniqueKeyTaken))
	var failed *ltb.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Code, failed.Metadata["entity"])
	}
	// Output:
	// true
	// AlreadyExists job
}
