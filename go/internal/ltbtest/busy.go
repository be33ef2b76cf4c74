package ltbtest

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// BusyOnce answers the first call of a method with an error that asks to wait for an hour, once then returns.
func BusyOnce(method string, then func()) grpc.DialOption {
	var calls atomic.Int32
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, called string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		if !strings.HasSuffix(called, "/"+method) || calls.Add(1) > 1 {
			return invoke(ctx, called, request, reply, conn, options...)
		}
		then()
		busy, err := status.New(codes.ResourceExhausted, "busy").WithDetails(
			&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Hour)})
		if err != nil {
			return err
		}
		return busy.Err()
	})
}
