// Package ltb calls an LLM Test Bench service: typed calls with retries, iterators over pages and watches,
// and errors by reason. Package recorder stores evaluations while they happen, and package worker runs jobs.
//
// The messages and stubs are in package ltbv1, which is generated from the contract; docs/api.md of the
// repository describes every method.
package ltb

// Version of this module, which calls carry as their user agent.
const Version = "0.1.0"
