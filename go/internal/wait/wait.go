// Package wait has the pauses between repetitions.
package wait

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff returns the pause before repetition number attempt, from 1 on: doubled each time up to most, less
// a random part of up to a half, so that callers that failed together do not come back together.
func Backoff(attempt int, first, most time.Duration) time.Duration {
	pause := most
	if attempt <= 20 {
		pause = min(most, first<<max(0, attempt-1))
	}
	return time.Duration(float64(pause) * (0.5 + rand.Float64()/2))
}

// Pause waits, but not beyond the end of the context, and tells whether the whole time is over.
func Pause(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// PauseBefore is like Pause, but does not begin to wait if the deadline comes before.
func PauseBefore(ctx context.Context, pause time.Duration) bool {
	if deadline, has := ctx.Deadline(); has && time.Until(deadline) <= pause {
		return false
	}
	return Pause(ctx, pause)
}
