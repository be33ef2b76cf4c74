package recorder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/ltbv1"
)

const (
	// A silent service is given up after that, and asked again later.
	callTimeout = 30 * time.Second
	batchItems  = 1_000
	// A message may have 4 MiB.
	batchBytes = 1_000_000
	// Of each kind that many are logged, the others only counted.
	mostWarnings = 5
)

// A delivery sends entries, and counts what became of them. Everything may be sent again: nothing is stored
// twice.
type delivery struct {
	client *ltb.Client
	log    *slog.Logger
	// stored are evaluations that are stored, also those that were before; conflicts those whose sample is
	// stored with other content, which stays; rejected those that can never be stored.
	stored, conflicts, rejected atomic.Int64
	// hasLost tells that some of the rejected could not be kept.
	hasLost atomic.Bool
}

// send sends entries of one kind. An error means that it makes sense to send them again later.
func (d *delivery) send(ctx context.Context, entries []entry) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch first := entries[0].message.(type) {
	case *ltbv1.CreateBenchmarkRequest:
		return d.create(ctx, first)
	case *ltbv1.UpdateBenchmarkRequest:
		return d.end(ctx, first)
	}
	items := make([]*ltbv1.NewEvaluation, len(entries))
	for at, one := range entries {
		items[at] = one.message.(*ltbv1.NewEvaluation)
	}
	return d.store(ctx, items)
}

func (d *delivery) create(ctx context.Context, request *ltbv1.CreateBenchmarkRequest) error {
	_, err := d.client.Benchmarks.CreateBenchmark(ctx, request)
	// An earlier attempt has made it, another process of this run, or the run goes on.
	if err == nil || errors.Is(err, ltb.ReasonAlreadyExists) {
		running := &ltbv1.UpdateBenchmarkRequest{Id: request.Id, Status: new(ltbv1.BenchmarkStatus_BENCHMARK_STATUS_RUNNING)}
		_, err = d.client.Benchmarks.UpdateBenchmark(ctx, running)
	}
	if err == nil || mayComeRight(err) {
		return err
	}
	// It may be running, or have ended.
	if !errors.Is(err, ltb.ReasonForbiddenStatusChange) {
		d.log.Warn("the benchmark cannot be begun", "benchmark", request.Id, "err", err)
	}
	return nil
}

func (d *delivery) end(ctx context.Context, request *ltbv1.UpdateBenchmarkRequest) error {
	_, err := d.client.Benchmarks.UpdateBenchmark(ctx, request)
	if err == nil || mayComeRight(err) {
		return err
	}
	var failed *ltb.Error
	// The answer to an earlier attempt may have been lost.
	if !errors.As(err, &failed) || failed.Metadata["from"] == "" || failed.Metadata["from"] != failed.Metadata["to"] {
		d.log.Warn("the benchmark cannot be ended", "benchmark", request.Id, "err", err)
	}
	return nil
}

func (d *delivery) store(ctx context.Context, items []*ltbv1.NewEvaluation) error {
	answer, err := d.client.Benchmarks.BatchCreateEvaluations(ctx, &ltbv1.BatchCreateEvaluationsRequest{Evaluations: items})
	switch {
	case err == nil:
	case mayComeRight(err):
		return err
	case len(items) > 1:
		// Halving finds the item that spoils the request.
		if err := d.store(ctx, items[:len(items)/2]); err != nil {
			return err
		}
		return d.store(ctx, items[len(items)/2:])
	default:
		d.reject(items[0], err.Error())
		return nil
	}
	if len(answer.Results) != len(items) {
		return fmt.Errorf("%d evaluations got %d answers", len(items), len(answer.Results))
	}
	for at, result := range answer.Results {
		switch result.Outcome {
		case ltbv1.EvaluationOutcome_EVALUATION_OUTCOME_REJECTED:
			d.reject(items[at], fmt.Sprintf("%s: %s", result.Field, result.Reason))
		case ltbv1.EvaluationOutcome_EVALUATION_OUTCOME_CONFLICT:
			if d.conflicts.Add(1) <= mostWarnings {
				d.log.Warn("the first result of a sample stands", "benchmark", items[at].BenchmarkId, "reason", result.Reason)
			}
		default:
			d.stored.Add(1)
		}
	}
	return nil
}

// reject keeps and logs an evaluation that can never be stored.
func (d *delivery) reject(evaluation *ltbv1.NewEvaluation, reason string) {
	body, _ := protojson.Marshal(evaluation) // Texts and times were made such that it cannot fail.
	d.rejectJSON(body, reason)
}

func (d *delivery) rejectJSON(evaluation json.RawMessage, reason string) {
	number := d.rejected.Add(1)
	path, err := keepRejected(evaluation, reason)
	// The first that is not kept is always told.
	isFirstLoss := err != nil && d.hasLost.CompareAndSwap(false, true)
	if number > mostWarnings && !isFirstLoss {
		return
	}
	if err != nil {
		d.log.Warn("an evaluation was refused, and cannot be kept", "reason", reason, "err", err)
		return
	}
	d.log.Warn("an evaluation was refused", "reason", reason, "kept", path)
}

// mayComeRight tells whether the same request may succeed later: also with another key, or a service that
// was mended.
func mayComeRight(err error) bool {
	var failed *ltb.Error
	if !errors.As(err, &failed) || ltb.IsPassing(err) {
		return true
	}
	switch failed.Code {
	case codes.Unauthenticated, codes.PermissionDenied, codes.DeadlineExceeded, codes.Canceled, codes.Internal,
		codes.Unknown, codes.Unimplemented:
		return true
	}
	return false
}
