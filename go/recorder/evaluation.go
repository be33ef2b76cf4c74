package recorder

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"example.org/llm-test-bench/go/internal/ids"
	"example.org/llm-test-bench/go/internal/texts"
	"example.org/llm-test-bench/go/ltbv1"
)

// An Evaluation is one sample of a run.
type Evaluation struct {
	// SampleID is the id of the sample in the dataset. With it, and the repetition, an evaluation is stored
	// once however often it is recorded; the first result stands.
	SampleID string
	// Repetition of the sample, from 0.
	Repetition int
	// Input is what the model was given: text, or anything that becomes JSON, such as a list of messages.
	Input any
	// Output is what it answered. Default: empty, or none if there is an Err.
	Output any
	// Expected is what was expected. Default: nothing.
	Expected any
	// Score is the main score.
	Score *float64
	// Metrics are further metrics by name.
	Metrics map[string]any
	// Err says why the sample failed.
	Err error
	// Latency is the time that the model took. 0: not measured.
	Latency time.Duration
	// InputTokens and OutputTokens are the tokens that it read and wrote.
	InputTokens, OutputTokens *int
	// CostUSD is the cost in US dollars.
	CostUSD *float64
	// Metadata is further data, as JSON.
	Metadata map[string]any
	// CreatedAt is when the sample was evaluated. Default: now.
	CreatedAt time.Time
	// ID is a UUID. Default: none with a SampleID, else a new one.
	ID string
}

// message makes what is sent. Its errors begin with the name of the field.
func (e Evaluation) message(benchmarkID string) (*ltbv1.NewEvaluation, error) {
	at := e.CreatedAt
	if at.IsZero() {
		at = time.Now()
	}
	made := &ltbv1.NewEvaluation{
		Id: texts.Clean(e.ID), BenchmarkId: benchmarkID,
		Score: e.Score, CostUsd: e.CostUSD, CreatedAt: timestamppb.New(at),
	}
	if e.SampleID == "" {
		made.Id = cmp.Or(made.Id, ids.New())
	}
	if e.Latency > 0 {
		made.LatencyMs = new(float64(e.Latency) / float64(time.Millisecond))
	}
	if e.Err != nil {
		made.Error = texts.Error(e.Err.Error(), "error")
	}
	var problem error
	check := func(err error) { problem = cmp.Or(problem, err) }
	text := func(field string, value any) string {
		written, err := textOf(field, value)
		check(err)
		return written
	}
	count := func(field string, value int) int32 {
		counted, err := countOf(field, value)
		check(err)
		return counted
	}
	if e.ID != "" && !ids.IsUUID(e.ID) {
		check(fmt.Errorf("ID: expected a UUID, got %.80q", e.ID))
	}
	made.SampleId = text("SampleID", e.SampleID)
	made.Repetition = count("Repetition", e.Repetition)
	if e.InputTokens != nil {
		made.InputTokens = new(count("InputTokens", *e.InputTokens))
	}
	if e.OutputTokens != nil {
		made.OutputTokens = new(count("OutputTokens", *e.OutputTokens))
	}
	if made.CreatedAt.CheckValid() != nil {
		made.CreatedAt = nil
		check(fmt.Errorf("CreatedAt: expected a year from 1 to 9999, got %d", at.UTC().Year()))
	}
	if e.Input != nil {
		made.Input = text("Input", e.Input)
	}
	if e.Err == nil {
		made.Output = new("")
	}
	if e.Output != nil {
		made.Output = new(text("Output", e.Output))
	}
	if e.Expected != nil {
		made.Expected = new(text("Expected", e.Expected))
	}
	if len(e.Metrics) > 0 {
		made.MetricsJson = text("Metrics", e.Metrics)
	}
	if len(e.Metadata) > 0 {
		made.MetadataJson = text("Metadata", e.Metadata)
	}
	return made, problem
}

// textOf returns a text as it is, and anything else as JSON. With an error it returns what can be kept of it.
func textOf(field string, value any) (string, error) {
	text, isText := value.(string)
	if !isText {
		written, err := json.Marshal(value)
		if err != nil {
			return "", fmt.Errorf("%s: %w", field, err)
		}
		text = string(written)
	}
	if !utf8.ValidString(text) {
		return texts.Clean(text), fmt.Errorf("%s: expected text in UTF-8, got a byte that is none in %.80q", field, text)
	}
	return text, nil
}

// countOf returns a count as it is sent.
func countOf(field string, count int) (int32, error) {
	if count < 0 || count > math.MaxInt32 {
		return 0, fmt.Errorf("%s: expected 0 to %d, got %d", field, math.MaxInt32, count)
	}
	return int32(count), nil
}
