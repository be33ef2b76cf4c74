package ltb

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"example.org/llm-test-bench/go/ltbv1"
)

// A broken stream ends with an error after its chunks.
type broken struct {
	grpc.ClientStream
	chunks []*ltbv1.ExportEvaluationsResponse
	err    error
}

func (b *broken) Recv() (*ltbv1.ExportEvaluationsResponse, error) {
	if len(b.chunks) == 0 {
		return nil, b.err
	}
	next := b.chunks[0]
	b.chunks = b.chunks[1:]
	return next, nil
}

func TestAnExportGoesOnWhereItBrokeAndEndsWithItsLastChunk(t *testing.T) {
	chunk := func(sample, token string) *ltbv1.ExportEvaluationsResponse {
		return &ltbv1.ExportEvaluationsResponse{Evaluations: []*ltbv1.Evaluation{{SampleId: sample}}, NextPageToken: token}
	}
	away := &Error{Code: codes.Unavailable}
	var asked []string
	open := func(_ context.Context, request *ltbv1.ExportEvaluationsRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[ltbv1.ExportEvaluationsResponse], error) {
		asked = append(asked, request.PageToken)
		switch len(asked) {
		case 1:
			return &broken{chunks: []*ltbv1.ExportEvaluationsResponse{chunk("1", "a"), chunk("2", "b")}, err: away}, nil
		case 2:
			return &broken{chunks: []*ltbv1.ExportEvaluationsResponse{chunk("3", "")}, err: away}, nil
		}
		return &broken{err: io.EOF}, nil
	}
	var found []string
	for one, err := range export(t.Context(), &ltbv1.ExportEvaluationsRequest{}, open, (*ltbv1.ExportEvaluationsResponse).GetEvaluations) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, one.SampleId)
	}
	if !slices.Equal(found, []string{"1", "2", "3"}) || !slices.Equal(asked, []string{"", "b"}) {
		t.Errorf("found %v, asked for %q", found, asked)
	}
}

func TestAnExportThatBreaksBeforeItsLastChunkFails(t *testing.T) {
	refused := &Error{Code: codes.PermissionDenied}
	open := func(context.Context, *ltbv1.ExportEvaluationsRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[ltbv1.ExportEvaluationsResponse], error) {
		return &broken{chunks: []*ltbv1.ExportEvaluationsResponse{{NextPageToken: "a"}}, err: refused}, nil
	}
	var last error
	for _, err := range export(t.Context(), &ltbv1.ExportEvaluationsRequest{}, open, (*ltbv1.ExportEvaluationsResponse).GetEvaluations) {
		last = err
	}
	if !errors.Is(last, error(refused)) {
		t.Errorf("got %v", last)
	}
}

func TestUploadsFillMessagesNoFurtherThanTheyMayBe(t *testing.T) {
	sizes := []int{400_000, 500_000, 3_800_000, 10, 999_000, 2_000}
	evaluations := func(yield func(*ltbv1.NewEvaluation) bool) {
		for _, size := range sizes {
			if !yield(&ltbv1.NewEvaluation{Input: strings.Repeat("x", size)}) {
				return
			}
		}
	}
	var counts []int
	for batch := range batches(evaluations) {
		counts = append(counts, len(batch))
	}
	if !slices.Equal(counts, []int{2, 1, 2, 1}) {
		t.Errorf("got %v", counts)
	}
}
