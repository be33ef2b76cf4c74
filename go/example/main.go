// Command example runs jobs of type "arithmetic" until Ctrl-C.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	ltb "example.org/llm-test-bench/go/ltbv1"
)

var (
	jobs    ltb.JobServiceClient
	workers ltb.WorkerServiceClient
	me      = fmt.Sprintf("go-%d", os.Getpid())
	held    sync.Map // Cancel functions of the jobs that run, by their lease.
)

type lease struct {
	job   string
	epoch int32
}

func main() {
	config, err := os.ReadFile("service-config.json")
	check(err)
	transport := insecure.NewCredentials()
	if ca := os.Getenv("LTB_TLS_CA_FILE"); ca != "" {
		transport, err = credentials.NewClientTLSFromFile(ca, "")
		check(err)
	}
	conn, err := grpc.NewClient(cmp.Or(os.Getenv("LTB_ADDRESS"), "localhost:50052"),
		grpc.WithTransportCredentials(transport), grpc.WithDefaultServiceConfig(string(config)))
	check(err)
	jobs, workers = ltb.NewJobServiceClient(conn), ltb.NewWorkerServiceClient(conn)
	// Two contexts: running jobs are finished, and their results sent, after the signal to stop.
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+os.Getenv("LTB_API_KEY"))
	claiming, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()

	capacity := int32(4)
	_, err = workers.RegisterWorker(ctx, &ltb.RegisterWorkerRequest{WorkerId: me, Capacity: &capacity, JobTypes: []string{"arithmetic"}})
	check(err)
	go beat(ctx)
	log.Print("working; Ctrl-C ends it")
	var running sync.WaitGroup
	for claiming.Err() == nil {
		// The wait ends this call, not the signal: leases of an answer that nobody reads would have to expire.
		claimed, err := jobs.ClaimJobs(ctx, &ltb.ClaimJobsRequest{WorkerId: me, MaxJobs: capacity, Wait: durationpb.New(2 * time.Second)})
		check(err)
		for _, granted := range claimed.Leases {
			job, cancel := context.WithCancel(ctx)
			key := lease{granted.Job.Id, granted.Epoch}
			held.Store(key, cancel)
			running.Go(func() {
				defer held.Delete(key)
				defer cancel()
				run(job, granted)
			})
		}
	}
	running.Wait()
	_, err = workers.DeregisterWorker(ctx, &ltb.DeregisterWorkerRequest{WorkerId: me, Reason: "stopped"})
	check(err)
}

// beat renews the leases of the running jobs, and stops jobs that were cancelled or lost.
func beat(ctx context.Context) {
	for range time.Tick(5 * time.Second) {
		request := &ltb.HeartbeatRequest{WorkerId: me}
		held.Range(func(key, _ any) bool {
			request.Leases = append(request.Leases, &ltb.LeaseRef{JobId: key.(lease).job, Epoch: key.(lease).epoch})
			return true
		})
		told, err := workers.Heartbeat(ctx, request)
		if err != nil {
			log.Print("no heartbeat: ", err) // The next one may come through before the leases expire.
			continue
		}
		for _, gone := range append(told.Cancelled, told.Lost...) {
			if cancel, ok := held.Load(lease{gone.JobId, gone.Epoch}); ok {
				cancel.(context.CancelFunc)()
			}
		}
	}
}

func run(ctx context.Context, granted *ltb.Lease) {
	job := granted.Job
	payload := job.Payload.AsMap()
	sample, isText := payload["sample"].(string)
	a, isNumber := payload["a"].(float64) // Numbers of a Struct are doubles.
	b, isNumberToo := payload["b"].(float64)
	if !isText || !isNumber || !isNumberToo {
		fail(ctx, granted, "payload: expected sample, a and b")
		return
	}
	output, score := fmt.Sprint(a+b), 1.0
	item := &ltb.CompleteJobsItem{JobId: job.Id, Epoch: granted.Epoch, Result: structpb.NewStringValue(output)}
	if job.BenchmarkId != "" {
		item.Evaluations = []*ltb.NewEvaluation{{SampleId: sample, Input: fmt.Sprintf("%v + %v", a, b), Output: &output, Score: &score}}
	}
	done, err := jobs.CompleteJobs(ctx, &ltb.CompleteJobsRequest{WorkerId: me, Items: []*ltb.CompleteJobsItem{item}})
	if err != nil {
		log.Print(job.Id, ": ", err)
		return
	}
	result := done.Results[0]
	log.Print(job.Id, " ", result.Outcome, " ", result.Field, " ", result.Reason) // A rejected result has failed the job.
}

func fail(ctx context.Context, granted *ltb.Lease, why string) {
	never := false
	item := &ltb.FailJobsItem{JobId: granted.Job.Id, Epoch: granted.Epoch, Error: why, Retryable: &never}
	_, err := jobs.FailJobs(ctx, &ltb.FailJobsRequest{WorkerId: me, Items: []*ltb.FailJobsItem{item}})
	log.Print(granted.Job.Id, " failed: ", why, " ", err)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
