package ltb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Reason is the stable cause of an error. It is an error itself, so that
//
//	errors.Is(err, ltb.ReasonUniqueKeyTaken)
//
// tells whether a call failed for that reason.
type Reason string

func (r Reason) Error() string { return string(r) }

// mostRetryAfter is what a call may be asked to wait at most, as jobs may. Longer ones, to which a pause is
// added, would not be a Duration.
const mostRetryAfter = 7 * 24 * time.Hour

// A Violation is a field of a request that is wrong.
type Violation struct {
	// Field is its path as the contract spells it, for example evaluations[3].sample_id.
	Field string
	// Description says what is wrong.
	Description string
}

// An Error is what a call failed with. Decide by code and reason, not by the message: docs/errors.md has all
// reasons, and what to do about each. Of one that ended with its context, errors.Is also tells
// [context.Canceled] and [context.DeadlineExceeded].
type Error struct {
	// Code of gRPC; Unavailable also if the service could not be reached.
	Code codes.Code
	// Reason is empty if the service did not answer.
	Reason Reason
	// Message says what happened, for people.
	Message string
	// Metadata has facts of the reason, for example "entity" and "id".
	Metadata map[string]string
	// Violations are the wrong fields, if the service named some.
	Violations []Violation
	// RetryAfter is how long the service asks to wait before a repetition, 7 days at most. 0: it does not ask.
	RetryAfter time.Duration
	// RequestID names the call in the service's log.
	RequestID string

	status *status.Status
}

func (e *Error) Error() string {
	text := e.Code.String()
	if e.Reason != "" {
		text = string(e.Reason)
	}
	text += ": " + e.Message
	for _, wrong := range e.Violations {
		// The message of most errors names them already.
		if !strings.Contains(e.Message, wrong.Description) {
			text += fmt.Sprintf("; %s: %s", wrong.Field, wrong.Description)
		}
	}
	if e.Code == codes.Internal && e.RequestID != "" {
		text += fmt.Sprintf(" (request %s)", e.RequestID)
	}
	return text
}

// Is tells whether it has that reason, or ended with its context.
func (e *Error) Is(target error) bool {
	switch target {
	case context.Canceled:
		return e.Code == codes.Canceled
	case context.DeadlineExceeded:
		return e.Code == codes.DeadlineExceeded
	}
	reason, ok := target.(Reason)
	return ok && e.Reason != "" && e.Reason == reason
}

// RetryAfter is how long the service asks to wait before the call that failed is repeated; 0 if it does not
// ask, or err is another error.
func RetryAfter(err error) time.Duration {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.RetryAfter
	}
	return 0
}

// GRPCStatus returns the status that the call ended with, for [status.FromError] and the like.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// errorOf reads the details of a call's error; nil of none.
func (c caller) errorOf(err error) *Error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	ended := status.Convert(err)
	failed := &Error{Code: ended.Code(), Message: ended.Message(), status: ended}
	details := ended.Details()
	for _, detail := range details {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			failed.Reason, failed.Metadata = Reason(detail.Reason), detail.Metadata
		case *errdetails.BadRequest:
			for _, wrong := range detail.FieldViolations {
				failed.Violations = append(failed.Violations, Violation{wrong.Field, wrong.Description})
			}
		case *errdetails.RetryInfo:
			failed.RetryAfter = min(max(0, detail.RetryDelay.AsDuration()), mostRetryAfter)
		case *errdetails.RequestInfo:
			failed.RequestID = detail.RequestId
		}
	}
	if failed.Code == codes.Unavailable && len(details) == 0 {
		failed.Message = fmt.Sprintf("cannot reach %s: %s", c.url, failed.Message)
	}
	return failed
}
