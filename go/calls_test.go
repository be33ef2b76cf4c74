package ltb

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"example.org/llm-test-bench/go/internal/once"
	"example.org/llm-test-bench/go/ltbv1"
)

func failure(t *testing.T, code codes.Code, details ...protoadapt.MessageV1) error {
	t.Helper()
	with, err := status.New(code, "told").WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return with.Err()
}

func TestWhatTheServiceUndidIsRepeated(t *testing.T) {
	soon := &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Millisecond)}
	late := &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Hour)}
	for name, one := range map[string]struct {
		err      error
		attempts int
		want     int
	}{
		"a conflict":                      {failure(t, codes.Aborted, &errdetails.ErrorInfo{Reason: "CONFLICT"}), 3, 3},
		"another version":                 {failure(t, codes.Aborted, &errdetails.ErrorInfo{Reason: "VERSION_MISMATCH"}), 3, 1},
		"an overload":                     {failure(t, codes.ResourceExhausted, soon), 2, 2},
		"an overload beyond the deadline": {failure(t, codes.ResourceExhausted, late), 3, 1},
		"a message that is too large":     {failure(t, codes.ResourceExhausted), 3, 1},
		"another error":                   {failure(t, codes.Internal, soon), 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
				calls++
				return one.err
			}
			calling := caller{attempts: one.attempts, timeout: time.Minute}
			err := calling.unary(t.Context(), "m", &ltbv1.WhoAmIRequest{}, nil, nil, invoke)
			var failed *Error
			if calls != one.want || !errors.As(err, &failed) || failed.Message != "told" {
				t.Errorf("got %d calls, %v", calls, err)
			}
		})
	}
}

func TestWhatItsCallerRepeatsIsCalledOnce(t *testing.T) {
	calls := 0
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
		calls++
		return failure(t, codes.Aborted, &errdetails.ErrorInfo{Reason: string(ReasonConflict)})
	}
	calling := caller{attempts: 3, timeout: time.Minute}
	err := calling.unary(once.Of(t.Context()), "m", &ltbv1.WhoAmIRequest{}, nil, nil, invoke)
	if calls != 1 || err == nil {
		t.Errorf("got %d calls, %v", calls, err)
	}
}

func TestWhatAServiceAsksToWaitHasBounds(t *testing.T) {
	for asked, want := range map[*durationpb.Duration]time.Duration{
		{Seconds: -5}:             0,
		{Seconds: 5}:              5 * time.Second,
		{Seconds: 1<<63 - 1}:      mostRetryAfter,
		{Seconds: 10_000_000_000}: mostRetryAfter,
	} {
		err := caller{}.errorOf(failure(t, codes.ResourceExhausted, &errdetails.RetryInfo{RetryDelay: asked}))
		if got := RetryAfter(err); got != want {
			t.Errorf("asked to wait %v: got %v, want %v", asked, got, want)
		}
	}
}
