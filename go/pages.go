package ltb

import (
	"context"
	"errors"
	"io"
	"iter"

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
		place := func(chunk *Message) (protoreflect.Name, string, bool) {
			token := Response(chunk).GetNextPageToken()
			return "page_token", token, token == ""
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
	place := func(message *Message) (protoreflect.Name, string, bool) {
		return "after_cursor", Response(message).GetCursor(), false
	}
	return resumed(ctx, request, open, place, 0)
}

// resumed yields the messages of a stream that begins again where it broke. place returns the field of the
// request, and its value, by which the stream begins after a message, and whether that message is the last.
// attempts is how many failures in a row are too many; 0: none are.
func resumed[Request proto.Message, Message any](
	ctx context.Context, request Request, open open[Request, Message],
	place func(*Message) (protoreflect.Name, string, bool), attempts int,
) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		request, failures, isWhole := request, 0, false
		for {
			err := read(ctx, request, open, func(message *Message) bool {
				failures = 0
				field, value, isLast := place(message)
				request, isWhole = with(request, field, value), isLast
				return yield(message, nil)
			})
			// What breaks behind the last message has lost nothing.
			if err == nil || isWhole || errors.Is(err, errStopped) {
				return
			}
			failures++
			isLast := attempts > 0 && failures >= attempts
			if isLast || !IsPassing(err) || !wait.PauseBefore(ctx, RetryAfter(err)+wait.Backoff(failures, firstPause, maxPause)) {
				yield(nil, err)
				return
			}
		}
	}
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
