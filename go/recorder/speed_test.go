//go:build !race

package recorder_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/recorder"
)

// The race detector slows calls down many times, so that the bound would say nothing of them.
func TestLogTakesMicroseconds(t *testing.T) {
	client := here(t, ltb.Options{})
	run := start(t, client, recorder.Options{ExitTimeout: time.Minute})
	took := make([]time.Duration, 20_000)
	input := strings.Repeat("x", 1_000)
	for at := range took {
		begin := time.Now()
		run.Log(recorder.Evaluation{SampleID: strconv.Itoa(at), Input: input, Output: "o", Score: new(1.0)})
		took[at] = time.Since(begin)
	}
	slices.Sort(took)
	t.Logf("median %v", took[len(took)/2])
	if took[len(took)/2] > 20*time.Microsecond {
		t.Errorf("the median is %v, more than 20 µs", took[len(took)/2])
	}
	if err := run.Finish(nil); err != nil {
		t.Fatal(err)
	}
	if found := statusOf(t, client, run.ID); int(found.CompletedIterations) != len(took) {
		t.Errorf("got %d", found.CompletedIterations)
	}
}
