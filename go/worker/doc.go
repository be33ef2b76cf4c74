// Package worker runs jobs of the queue.
//
//	w, err := worker.New(client, worker.Options{WorkerID: "worker-1", Capacity: 8, HandleSignals: true})
//	worker.Handle(w, "benchmark", func(ctx context.Context, job *worker.Job[Payload]) (worker.Result, error) {
//		…
//	})
//	err = w.Run(ctx)
//
// It survives restarts of the service and network failures: jobs keep running, and outcomes are sent until
// the service has accepted or refused them. It does what the runtime for TypeScript does, held by the same
// scenarios.
package worker
