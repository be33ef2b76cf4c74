package ltb

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"example.org/llm-test-bench/go/internal/ids"
	"example.org/llm-test-bench/go/internal/once"
	"example.org/llm-test-bench/go/internal/wait"
)

const (
	maxAttempts = 5
	firstPause  = 100 * time.Millisecond
	maxPause    = 5 * time.Second
)

// A caller surrounds every call with what all calls need.
type caller struct {
	url         string
	key         string
	timeout     time.Duration
	attempts    int
	readReplica bool
}

// unary makes a call, and repeats it where the service did nothing. The service config repeats calls to a
// service that cannot be reached: it cannot tell the two from errors that must not be repeated.
func (c caller) unary(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	ctx = c.outgoing(ctx)
	if _, has := ctx.Deadline(); !has && c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	if message, ok := request.(proto.Message); ok {
		request = withRequestID(message)
	}
	for attempt := 1; ; attempt++ {
		err := c.errorOf(invoke(ctx, method, request, reply, conn, options...))
		if err == nil {
			return nil
		}
		if attempt >= c.attempts || once.Is(ctx) || !isUndone(err) ||
			!wait.PauseBefore(ctx, err.RetryAfter+wait.Backoff(attempt, firstPause, maxPause)) {
			return err
		}
	}
}

func (c caller) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	opened, err := open(c.outgoing(ctx), desc, conn, method, options...)
	if err != nil {
		return nil, c.errorOf(err)
	}
	return errorStream{opened, c}, nil
}

// outgoing adds the metadata of every call. A call that brings its own keeps that.
func (c caller) outgoing(ctx context.Context) context.Context {
	given, _ := metadata.FromOutgoingContext(ctx)
	if c.key != "" && len(given.Get("authorization")) == 0 {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.key)
	}
	if c.readReplica && len(given.Get("ltb-read")) == 0 {
		ctx = metadata.AppendToOutgoingContext(ctx, "ltb-read", "replica")
	}
	return ctx
}

// withRequestID fills in a request_id that the caller left empty. It copies the message, because the caller
// may send it again as another request, but not what is in it.
func withRequestID(message proto.Message) proto.Message {
	given := message.ProtoReflect()
	field := given.Descriptor().Fields().ByName("request_id")
	if field == nil || !given.IsValid() || given.Has(field) {
		return message
	}
	filled := shallow(given)
	filled.Set(field, protoreflect.ValueOfString(ids.New()))
	return filled.Interface()
}

// shallow copies a message, but not the messages and lists in it.
func shallow(given protoreflect.Message) protoreflect.Message {
	copied := given.New()
	given.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		copied.Set(field, value)
		return true
	})
	return copied
}

// isUndone tells whether the service did nothing: it was too busy to begin, or undid its work.
func isUndone(err *Error) bool {
	switch err.Code {
	case codes.ResourceExhausted:
		return err.RetryAfter > 0
	case codes.Aborted:
		return err.Reason == ReasonConflict
	}
	return false
}

// IsPassing tells whether the same call may succeed a little later, if it is one that may be carried out
// twice: the service could not be reached, was too busy, or undid its work.
func IsPassing(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && (failed.Code == codes.Unavailable || isUndone(failed))
}

// An errorStream turns the errors of a stream into those of this package.
type errorStream struct {
	grpc.ClientStream
	caller caller
}

func (s errorStream) RecvMsg(message any) error { return s.wrap(s.ClientStream.RecvMsg(message)) }

func (s errorStream) SendMsg(message any) error { return s.wrap(s.ClientStream.SendMsg(message)) }

func (s errorStream) wrap(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return s.caller.errorOf(err)
}
