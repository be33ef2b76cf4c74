package ltb

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/protobuf/proto"

	"example.org/llm-test-bench/go/ltbv1"
)

// A message may have 4 MiB and 1,000 evaluations; smaller ones let the service begin before all is read. Only
// an evaluation that is larger, up to 3.8 MB, stands in one of its own.
const (
	uploadBytes = 1_000_000
	uploadItems = 1_000
)

// StreamEvaluations stores any number of evaluations, which are read as they are sent. benchmarkID is that
// of those that name none. It is not repeated, because they are read once: evaluations with a sample_id may
// be sent again, and are stored once.
func (s BenchmarkService) StreamEvaluations(
	ctx context.Context, benchmarkID string, evaluations iter.Seq[*ltbv1.NewEvaluation],
) (*ltbv1.StreamEvaluationsResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.BenchmarkServiceClient.StreamEvaluations(ctx)
	if err != nil {
		return nil, err
	}
	for batch := range batches(evaluations) {
		err := stream.Send(&ltbv1.StreamEvaluationsRequest{BenchmarkId: benchmarkID, Evaluations: batch})
		if errors.Is(err, io.EOF) {
			break // The answer says why.
		}
		if err != nil {
			return nil, err
		}
	}
	return stream.CloseAndRecv()
}

// batches puts evaluations into messages of a good size.
func batches(evaluations iter.Seq[*ltbv1.NewEvaluation]) iter.Seq[[]*ltbv1.NewEvaluation] {
	return func(yield func([]*ltbv1.NewEvaluation) bool) {
		var batch []*ltbv1.NewEvaluation
		size := 0
		for evaluation := range evaluations {
			next := proto.Size(evaluation)
			if len(batch) == uploadItems || len(batch) > 0 && size+next > uploadBytes {
				if !yield(batch) {
					return
				}
				batch, size = nil, 0
			}
			batch = append(batch, evaluation)
			size += next
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}
