// Command example runs jobs of type "arithmetic" until Ctrl-C. The environment says where the service is.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/ltbv1"
	"example.org/llm-test-bench/go/worker"
)

type sum struct {
	Sample string   `json:"sample"`
	A      *float64 `json:"a"`
	B      *float64 `json:"b"`
}

func main() {
	client, err := ltb.Dial(ltb.Options{})
	check(err)
	defer client.Close()
	w, err := worker.New(client, worker.Options{WorkerID: "go-" + rand.Text(), Capacity: 4, HandleSignals: true})
	check(err)
	worker.Handle(w, "arithmetic", add)
	log.Print("working; Ctrl-C ends it")
	check(w.Run(context.Background()))
}

func add(_ context.Context, job *worker.Job[sum]) (worker.Result, error) {
	payload := job.Payload
	if payload.Sample == "" || payload.A == nil || payload.B == nil {
		return worker.Result{}, worker.Permanent(errors.New("payload: expected sample, a and b"))
	}
	output := fmt.Sprint(*payload.A + *payload.B)
	result := worker.Result{Value: output}
	if job.BenchmarkId != "" {
		input := fmt.Sprintf("%v + %v", *payload.A, *payload.B)
		result.Evaluations = []*ltbv1.NewEvaluation{{SampleId: payload.Sample, Input: input, Output: &output, Score: new(1.0)}}
	}
	log.Print(job.Id, " is done")
	return result, nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
