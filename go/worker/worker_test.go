package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/internal/ids"
	"example.org/llm-test-bench/go/internal/ltbtest"
	"example.org/llm-test-bench/go/ltbv1"
	"example.org/llm-test-bench/go/worker"
)

// What a worker does in time, with signals and while the network fails, is in test/worker-scenarios.

var service *ltbtest.Service

func TestMain(m *testing.M) { ltbtest.Main(m, &service) }

func dial(t *testing.T) *ltb.Client {
	t.Helper()
	client, err := ltb.Dial(ltb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func newWorker(t *testing.T, client *ltb.Client) *worker.Worker {
	t.Helper()
	w, err := worker.New(client, worker.Options{WorkerID: ids.New(), Capacity: 4, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// ended runs the worker until the job has ended.
func ended(t *testing.T, client *ltb.Client, w *worker.Worker, job *ltbv1.CreateJobRequest) *ltbv1.Job {
	t.Helper()
	job.MaxRetries = new(int32(0))
	created, err := client.Jobs.CreateJob(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	result := make(chan error, 1)
	go func() { result <- w.Run(ctx) }()
	changes := client.Jobs.WatchJobs(ctx, &ltbv1.WatchJobsRequest{Ids: []string{created.Job.Id}})
	for change, err := range changes {
		if err != nil {
			t.Fatal(err)
		}
		if change.GetJob().GetCompletedAt() != nil {
			break
		}
	}
	stop()
	if err := <-result; err != nil {
		t.Error(err)
	}
	found, err := client.Jobs.GetJob(t.Context(), &ltbv1.GetJobRequest{Id: created.Job.Id, JsonFormat: ltbv1.JsonFormat_JSON_FORMAT_TEXT})
	if err != nil {
		t.Fatal(err)
	}
	return found.Job
}

func TestAPayloadIsDecodedWithAllItsDigits(t *testing.T) {
	client := dial(t)
	w, jobType := newWorker(t, client), ids.New()
	worker.Handle(w, jobType, func(_ context.Context, job *worker.Job[struct{ Seed int64 }]) (worker.Result, error) {
		return worker.Result{Value: map[string]any{"seed": job.Payload.Seed, "attempt": job.Lease.Attempt}}, nil
	})
	job := ended(t, client, w, &ltbv1.CreateJobRequest{JobType: jobType, PayloadJson: `{"seed": 9007199254740993}`})
	if job.Status != ltbv1.JobStatus_JOB_STATUS_COMPLETED || job.ResultJson != `{"seed": 9007199254740993, "attempt": 1}` {
		t.Errorf("got %v", job)
	}
}

func TestAPayloadThatDoesNotFitFailsForGood(t *testing.T) {
	client := dial(t)
	w, jobType := newWorker(t, client), ids.New()
	worker.Handle(w, jobType, func(context.Context, *worker.Job[struct{ Seed int }]) (worker.Result, error) {
		t.Error("it was called")
		return worker.Result{}, nil
	})
	job := ended(t, client, w, &ltbv1.CreateJobRequest{JobType: jobType, PayloadJson: `{"seed": "text"}`})
	if job.Status != ltbv1.JobStatus_JOB_STATUS_FAILED || !strings.Contains(job.Error, "payload: expected struct { Seed int }") {
		t.Errorf("got %v", job)
	}
}

func TestAResultThatCannotBeSentFailsForGood(t *testing.T) {
	client := dial(t)
	for name, result := range map[string]worker.Result{
		"a value":       {Value: json.RawMessage("\"\xff\"")},
		"an evaluation": {Evaluations: []*ltbv1.NewEvaluation{{Input: "\xff"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w, jobType := newWorker(t, client), ids.New()
			worker.Handle(w, jobType, func(context.Context, *worker.Job[any]) (worker.Result, error) { return result, nil })
			job := ended(t, client, w, &ltbv1.CreateJobRequest{JobType: jobType})
			if job.Status != ltbv1.JobStatus_JOB_STATUS_FAILED || !strings.Contains(job.Error, "the result cannot be sent: ") {
				t.Errorf("got %v", job)
			}
		})
	}
}

func TestAPanicFailsTheAttemptAlone(t *testing.T) {
	client := dial(t)
	w, jobType := newWorker(t, client), ids.New()
	worker.Handle(w, jobType, func(context.Context, *worker.Job[json.RawMessage]) (worker.Result, error) { panic("boom") })
	job := ended(t, client, w, &ltbv1.CreateJobRequest{JobType: jobType})
	if job.Status != ltbv1.JobStatus_JOB_STATUS_FAILED || !strings.Contains(job.Error, "panic: boom") || !strings.Contains(job.Error, "worker_test.go") {
		t.Errorf("got %v", job.Error)
	}
}

func TestTheHandlerOfTheStarTakesEveryOtherType(t *testing.T) {
	client := dial(t)
	w, jobType := newWorker(t, client), ids.New()
	var seen []string
	worker.Handle(w, "other", func(context.Context, *worker.Job[any]) (worker.Result, error) {
		return worker.Result{}, errors.New("the wrong handler")
	})
	worker.Handle(w, "*", func(_ context.Context, job *worker.Job[any]) (worker.Result, error) {
		if job.JobType == jobType {
			seen = append(seen, job.JobType)
		}
		return worker.Result{}, nil
	})
	job := ended(t, client, w, &ltbv1.CreateJobRequest{JobType: jobType})
	if job.Status != ltbv1.JobStatus_JOB_STATUS_COMPLETED || !slices.Equal(seen, []string{jobType}) || job.ResultJson != "" {
		t.Errorf("got %v, %v", job, seen)
	}
}

func TestAWorkerThatIsNotWelcomeEndsWithTheError(t *testing.T) {
	client, err := ltb.Dial(ltb.Options{APIKey: "wrong"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w := newWorker(t, client)
	if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "at least one handler") {
		t.Errorf("got %v", err)
	}
	worker.Handle(w, "any", func(context.Context, *worker.Job[any]) (worker.Result, error) { return worker.Result{}, nil })
	if err := w.Run(t.Context()); !errors.Is(err, ltb.ReasonCredentialInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestAStopDoesNotWaitAsLongAsTheServiceAsks(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	client, err := ltb.Dial(ltb.Options{DialOptions: []grpc.DialOption{ltbtest.BusyOnce("CompleteJobs", stop)}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w := newWorker(t, client)
	jobType := ids.New()
	worker.Handle(w, jobType, func(context.Context, *worker.Job[any]) (worker.Result, error) {
		return worker.Result{Value: "done"}, nil
	})
	created, err := client.Jobs.CreateJob(t.Context(), &ltbv1.CreateJobRequest{JobType: jobType})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(ctx); err != nil {
		t.Error(err)
	}
	found, err := client.Jobs.GetJob(t.Context(), &ltbv1.GetJobRequest{Id: created.Job.Id})
	if err != nil || found.Job.Status != ltbv1.JobStatus_JOB_STATUS_COMPLETED {
		t.Errorf("got %v, %v", found.GetJob().GetStatus(), err)
	}
}

func TestASecondHandlerOfATypePanics(t *testing.T) {
	w := newWorker(t, dial(t))
	handle := func(context.Context, *worker.Job[any]) (worker.Result, error) { return worker.Result{}, nil }
	worker.Handle(w, "twice", handle)
	defer func() {
		if recover() == nil {
			t.Error("it took both")
		}
	}()
	worker.Handle(w, "twice", handle)
}

func TestWrongOptionsAreNamed(t *testing.T) {
	client := dial(t)
	for want, options := range map[string]worker.Options{
		"WorkerID: expected 1 to 255 characters": {},
		"Capacity: expected 1 to 10000, got -1":  {WorkerID: "w", Capacity: -1},
		"Prefetch: expected 0 to 0, got 1":       {WorkerID: "w", Capacity: 10_000, Prefetch: 1},
		"Lease: expected 1s to 1h, got 10ms":     {WorkerID: "w", Lease: 10 * time.Millisecond},
		"WorkerID: expected text in UTF-8":       {WorkerID: "\xff"},
		"Tags: expected text in UTF-8":           {WorkerID: "w", Tags: []string{"gpu", "\xff"}},
		"Version: expected text in UTF-8":        {WorkerID: "w", Version: "\xff"},
		"Metadata: ":                             {WorkerID: "w", Metadata: &structpb.Struct{Fields: map[string]*structpb.Value{"\xff": nil}}},
	} {
		if _, err := worker.New(client, options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestErrorsWrapTheirCause(t *testing.T) {
	cause := errors.New("cause")
	for _, err := range []error{worker.Permanent(cause), worker.RetryLater(-time.Second, cause), worker.RetryThisLater(0, cause)} {
		if !errors.Is(err, cause) || err.Error() != "cause" {
			t.Errorf("got %v", err)
		}
	}
}
