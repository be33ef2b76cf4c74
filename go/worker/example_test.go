package worker_test

import (
	"context"
	"fmt"
	"log"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/ltbv1"
	"example.org/llm-test-bench/go/worker"
)

func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	client, err := ltb.Dial(ltb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	_, err = client.Jobs.CreateJob(ctx, &ltbv1.CreateJobRequest{JobType: "go-example", PayloadJson: `{"question": "2 + 2"}`})
	if err != nil {
		log.Fatal(err)
	}

	w, err := worker.New(client, worker.Options{WorkerID: "go-example-1", Capacity: 8})
	if err != nil {
		log.Fatal(err)
	}
	type question struct {
		Question string `json:"question"`
	}
	worker.Handle(w, "go-example", func(ctx context.Context, job *worker.Job[question]) (worker.Result, error) {
		job.Report(0.5, "asking the model")
		fmt.Println(job.Payload.Question)
		stop() // Here, after one job; by default a worker runs until it is told to stop.
		return worker.Result{Value: map[string]string{"answer": "4"}}, nil
	})
	fmt.Println(w.Run(ctx))
	// Output:
	// 2 + 2
	// <nil>
}
