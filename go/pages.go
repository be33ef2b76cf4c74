package ltb

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"example.org/llm-test-bench/go/internal/wait"
)

type page interface {
	proto.Message
	GetNextPageToken() string
}

type change interface {
	proto.Message
	GetCursor() string
}

type list[Request, Response any] func(context.Context, Request, ...grpc.CallOption) (Response, error)

type open[Request, Response any] func(context.Context, Request, ...grpc.CallOption) (grpc.ServerStreamingClient[Response], error)

// pages yields the items of page after page.
func pages[Request proto.Message, Response page, Item any](
	ctx context.Context, request Request, list list[Request, Response], items func(Response) []Item,
) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		request := request
		for {
			found, err := list(ctx, request)
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range items(found) {
				if !yield(item, nil) {
					return
				}
			}
			if found.GetNextPageToken() == "" {
				return
			}
			request = with(request, "page_token", found.GetNextPageToken())
		}
	}
}

// export yields the items of a stream of chunks, and resumes it after the last one. It gives up after as
// many failures in a row as a call has attempts.
func export[Request proto.Message, Message any, Response interface {
	*Message
	page
}, Item any](
	ctx context.Context, request Request, open open[Request, Message], items func(Response) []Item,
) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		place := func(chunk *Message) (protoreflect.Name, string) {
			return "page_token", Response(chunk).GetNextPageToken()
		}
		for chunk, err := range resumed(ctx, request, open, place, maxAttempts) {
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range items(chunk) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// watch yields the messages of a stream of changes, and resumes it after the last one.
func watch[Request proto.Message, Message any, Response interface {
	*Message
	change
}](ctx context.Context, request Request, open open[Request, Message]) iter.Seq2[*Message, error] {
	place := func(message *Message) (protoreflect.Name, string) {
		return "after_cursor", Response(message).GetCursor()
	}
	return resumed(ctx, request, open, place, 0)
}

// resumed yields the messages of a stream that begins again where it broke. attempts is how many failures in
// a row are too many; 0: none are.
func resumed[Request proto.Message, Message any](
	ctx context.Context, request Request, open open[Request, Message],
	place func(*Message) (protoreflect.Name, string), attempts int,
) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		request, failures := request, 0
		for {
			err := read(ctx, request, open, func(message *Message) bool {
				failures = 0
				field, value := place(message)
				request = with(request, field, value)
				return yield(message, nil)
			})
			if err == nil || errors.Is(err, errStopped) {
				return
			}
			failures++
			isLast := attempts > 0 && failures >= attempts
			if isLast || !IsPassing(err) || !wait.PauseBefore(ctx, retryAfter(err)+wait.Backoff(failures, firstPause, maxPause)) {
				yield(nil, err)
				return
			}
		}
	}
}

func retryAfter(err error) time.Duration {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.RetryAfter
	}
	return 0
}

var errStopped = errors.New("the loop has ended")

// read reads one stream to its end.
func read[Request, Message any](ctx context.Context, request Request, open open[Request, Message], each func(*Message) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := open(ctx, request)
	if err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !each(message) {
			return errStopped
		}
	}
}

// with returns a request that differs in one field.
func with[Request proto.Message](request Request, name protoreflect.Name, value string) Request {
	changed := shallow(request.ProtoReflect())
	changed.Set(changed.Descriptor().Fields().ByName(name), protoreflect.ValueOfString(value))
	return changed.Interface().(Request)
}
