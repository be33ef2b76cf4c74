package recorder

import (
	"testing"
	"time"

	ltb "example.org/llm-test-bench/go"
)

func TestAServiceHasTheSenderWaitWithinBounds(t *testing.T) {
	for asked, most := range map[time.Duration]time.Duration{
		0:               mostPause,
		5 * time.Second: 5*time.Second + mostPause,
		time.Hour:       mostAsked + mostPause,
	} {
		got := pauseAfter(&ltb.Error{RetryAfter: asked}, 100)
		if got < most-mostPause || got > most {
			t.Errorf("asked to wait %v: got %v, want %v at most", asked, got, most)
		}
	}
}
