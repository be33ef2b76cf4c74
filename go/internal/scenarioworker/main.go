// Command scenarioworker does what the scenarios of test/worker-scenarios ask for; their README says what.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"time"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/ltbv1"
	"example.org/llm-test-bench/go/worker"
)

type task struct {
	Report      int
	During      float64
	Fail        *string
	ForGood     bool
	Later       *float64
	Oddly       bool
	Wait        float64
	Ignore      float64
	Block       float64
	Return      json.RawMessage
	Bytes       int
	Evaluations []struct {
		SampleID string `json:"sample_id"`
		Input    string
		Output   string
		Score    float64
	}
}

type payload struct {
	Do []task
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err := run(); err != nil {
		slog.Error("the worker cannot run", "err", err)
		os.Exit(1)
	}
}

func run() error {
	var given struct {
		WorkerID, JobType          string
		Capacity, Prefetch         int
		LeaseSeconds, DrainSeconds float64
		Tags                       []string
	}
	if err := json.Unmarshal([]byte(os.Getenv("LTB_WORKER")), &given); err != nil {
		return err
	}
	client, err := ltb.Dial(ltb.Options{URL: "grpc://" + os.Getenv("LTB_ADDRESS")})
	if err != nil {
		return err
	}
	defer client.Close()
	w, err := worker.New(client, worker.Options{
		WorkerID: given.WorkerID, Capacity: given.Capacity, Prefetch: given.Prefetch, Tags: given.Tags,
		Lease: seconds(given.LeaseSeconds), DrainTimeout: seconds(given.DrainSeconds), HandleSignals: true,
	})
	if err != nil {
		return err
	}
	worker.Handle(w, given.JobType, handle)
	return w.Run(context.Background())
}

func handle(ctx context.Context, job *worker.Job[payload]) (worker.Result, error) {
	tell := func(event string) { fmt.Printf("{\"job\": %q, \"event\": %q}\n", job.Id, event) }
	tell("started")
	tasks := job.Payload.Do
	task := tasks[min(int(job.Lease.Attempt), len(tasks))-1]
	for time := range task.Report {
		job.Report(float64(time+1)/float64(task.Report), fmt.Sprintf("%d of %d", time+1, task.Report))
		sleep(task.During / float64(task.Report))
	}
	if task.Fail != nil {
		return worker.Result{}, task.failure()
	}
	if task.Wait > 0 {
		select {
		case <-time.After(seconds(task.Wait)):
			tell("returned")
		case <-ctx.Done():
			tell(map[error]string{
				worker.ErrCancelled: "cancelled", worker.ErrLost: "lost", worker.ErrTimeout: "timeout", worker.ErrStopped: "stopped",
			}[context.Cause(ctx)])
			return worker.Result{}, context.Cause(ctx)
		}
	}
	if task.Ignore > 0 {
		sleep(task.Ignore)
		tell("returned")
	}
	for until := time.Now().Add(seconds(task.Block)); time.Now().Before(until); {
	}
	return task.result(), nil
}

func (t task) failure() error {
	err := errors.New(*t.Fail)
	switch {
	case t.Oddly:
		return fmt.Errorf("%s \x00 \xff %s", *t.Fail, strings.Repeat("x", 100_000))
	case t.ForGood:
		return worker.Permanent(err)
	case t.Later != nil:
		return worker.RetryLater(seconds(*t.Later), err)
	}
	return err
}

func (t task) result() worker.Result {
	result := worker.Result{Value: t.Return}
	switch {
	case t.Oddly:
		result.Value = math.NaN()
	case t.Bytes > 0:
		var text string
		if err := json.Unmarshal(t.Return, &text); err != nil {
			panic(err)
		}
		result.Value = strings.Repeat(text, t.Bytes)
	case t.Return == nil:
		result.Value = json.RawMessage("null")
	}
	for _, one := range t.Evaluations {
		result.Evaluations = append(result.Evaluations, &ltbv1.NewEvaluation{
			SampleId: one.SampleID, Input: one.Input, Output: new(one.Output), Score: new(one.Score),
		})
	}
	return result
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

func sleep(number float64) { time.Sleep(seconds(number)) }
