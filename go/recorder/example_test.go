package recorder_test

import (
	"fmt"
	"log"

	ltb "example.org/llm-test-bench/go"
	"example.org/llm-test-bench/go/recorder"
)

func Example() {
	client, err := ltb.Dial(ltb.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	run, err := recorder.Start(client, recorder.Options{Name: "nightly", Model: "openai/gpt-4o", Dataset: "sums", Total: 2})
	if err != nil {
		log.Fatal(err)
	}
	for _, sample := range []struct{ question, expected string }{{"2 + 2", "4"}, {"3 * 3", "9"}} {
		answer := sample.expected // Here the model is asked.
		run.Log(recorder.Evaluation{
			SampleID: sample.question, Input: sample.question, Output: answer, Expected: sample.expected, Score: new(1.0),
		})
	}
	fmt.Println(run.Finish(nil))
	// Output: <nil>
}
