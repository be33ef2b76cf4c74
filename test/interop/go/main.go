// Command interop exercises the service with grpc-go and generated code. One line of JSON on stdout for each thing that was tried.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	ltb "example.org/llm-test-bench/go/ltbv1"
)

const rows = 10_000

var (
	bare       = context.Background()
	ctx        = metadata.AppendToOutgoingContext(bare, "authorization", "Bearer "+os.Getenv("LTB_API_KEY"))
	run        = fmt.Sprintf("%08x", rand.Uint32())
	jobType    = "go-" + run
	me         = jobType + "-1"
	other      = jobType + "-2"
	benchmark  = run + "-ac96-474b-bcce-b30209900001"
	benchmarks ltb.BenchmarkServiceClient
	jobs       ltb.JobServiceClient
	workers    ltb.WorkerServiceClient
	conn       *grpc.ClientConn
)

func main() {
	conn = must(grpc.NewClient(os.Getenv("LTB_ADDRESS"), grpc.WithTransportCredentials(transport()),
		grpc.WithDefaultServiceConfig(string(must(os.ReadFile(os.Getenv("LTB_SERVICE_CONFIG")))))))
	benchmarks, jobs = ltb.NewBenchmarkServiceClient(conn), ltb.NewJobServiceClient(conn)
	workers = ltb.NewWorkerServiceClient(conn)

	check("registers", registers)
	check("claims, and completes with evaluations", completes)
	check("claims in a long poll", longPoll)
	check("renews by heartbeat", renews)
	check("reports progress", progress)
	check("fails, with and without a retry", fails)
	check("is cancelled, as the heartbeat tells", isCancelled)
	check("loses a lease: STALE", losesLease)
	check("streams 10,000 evaluations", streams)
	check("pages through a list", pages)
	check("reads a server stream to its end (export)", exports)
	check("watches jobs and resumes by cursor", watches)
	check("error details by reason", errorDetails)
	check("error details of a method that does not exist", unknownMethod)
	check("request_id makes a create repeatable", requestID)
	check("without a key, with a wrong key", keys)
	check("deadline of a stream; a claim answers before its own", deadlines)
	check("cancels a call that waits", cancels)
	check("a message that is too large", tooLarge)
	check("compressed by gzip", compressed)
	check("numbers of a Struct are doubles", doubles)
	check("numbers of JSON text have all digits", digits)
	check("health", health)
	check("drains and deregisters", drains)
}

func transport() credentials.TransportCredentials {
	if ca := os.Getenv("LTB_TLS_CA_FILE"); ca != "" {
		return must(credentials.NewClientTLSFromFile(ca, ""))
	}
	return insecure.NewCredentials()
}

// check prints whether act went without a panic.
func check(what string, act func()) {
	note := ""
	defer func() {
		failure := recover()
		if failure != nil {
			note = fmt.Sprint(failure)
		}
		line := must(json.Marshal(map[string]any{"what": what, "passed": failure == nil, "note": note}))
		fmt.Println(string(line))
	}()
	act()
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func same[T comparable](what string, got, wanted T) {
	if got != wanted {
		panic(fmt.Sprintf("%s: expected %v, got %v", what, wanted, got))
	}
}

// refused checks code and reason of a failure and returns its details.
func refused(err error, code codes.Code, reason string) (info *errdetails.ErrorInfo, fields []string) {
	found := status.Convert(err)
	same(found.Message(), found.Code(), code)
	for _, detail := range found.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			info = detail
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				fields = append(fields, violation.Field)
			}
		}
	}
	if info == nil {
		panic("there is no ErrorInfo: " + found.Message())
	}
	same("reason", info.Reason, reason)
	same("domain", info.Domain, "llm-test-bench")
	return info, fields
}

func createJob(request *ltb.CreateJobRequest) *ltb.Job {
	request.JobType = jobType
	return must(jobs.CreateJob(ctx, request)).Job
}

func getJob(id string) *ltb.Job {
	return must(jobs.GetJob(ctx, &ltb.GetJobRequest{Id: id})).Job
}

func claim(worker string, count int32, lease, wait time.Duration) []*ltb.Lease {
	request := &ltb.ClaimJobsRequest{WorkerId: worker, MaxJobs: count, Lease: durationpb.New(lease), Wait: durationpb.New(wait)}
	return must(jobs.ClaimJobs(ctx, request)).Leases
}

func claimOne() *ltb.Lease {
	leases := claim(me, 1, time.Minute, 5*time.Second)
	same("leases", len(leases), 1)
	return leases[0]
}

func complete(worker string, lease *ltb.Lease) *ltb.CompleteJobsResult {
	item := &ltb.CompleteJobsItem{JobId: lease.Job.Id, Epoch: lease.Epoch}
	return completeItem(worker, item)
}

func completeItem(worker string, item *ltb.CompleteJobsItem) *ltb.CompleteJobsResult {
	request := &ltb.CompleteJobsRequest{WorkerId: worker, Items: []*ltb.CompleteJobsItem{item}}
	return must(jobs.CompleteJobs(ctx, request)).Results[0]
}

func heartbeat(lease time.Duration, held ...*ltb.Lease) *ltb.HeartbeatResponse {
	request := &ltb.HeartbeatRequest{WorkerId: me, Lease: durationpb.New(lease)}
	for _, one := range held {
		request.Leases = append(request.Leases, &ltb.LeaseRef{JobId: one.Job.Id, Epoch: one.Epoch})
	}
	return must(workers.Heartbeat(ctx, request))
}

func registers() {
	for _, name := range []string{me, other} {
		answer := must(workers.RegisterWorker(ctx, &ltb.RegisterWorkerRequest{
			WorkerId: name, Capacity: proto.Int32(8), JobTypes: []string{jobType}, Tags: []string{"go"},
		}))
		same("interval", answer.HeartbeatInterval.AsDuration(), 5*time.Second)
		same("worker", answer.Worker.WorkerId, name)
	}
}

func completes() {
	must(benchmarks.CreateBenchmark(ctx, &ltb.CreateBenchmarkRequest{
		Id: benchmark, Name: jobType, Provider: "p", Model: "m", Dataset: jobType,
	}))
	payload := must(structpb.NewStruct(map[string]any{"a": 1}))
	job := createJob(&ltb.CreateJobRequest{BenchmarkId: benchmark, Payload: payload})
	lease := claimOne()
	same("job", lease.Job.Id, job.Id)
	same("epoch", lease.Epoch, 1)
	same("payload", lease.Job.Payload.AsMap()["a"].(float64), 1)
	item := &ltb.CompleteJobsItem{JobId: job.Id, Epoch: lease.Epoch, Result: must(structpb.NewValue([]any{1, nil, "x"}))}
	for n := range 2 {
		item.Evaluations = append(item.Evaluations, &ltb.NewEvaluation{
			SampleId: fmt.Sprintf("job-%d", n), Input: "?", Output: proto.String("!"), Score: proto.Float64(float64(n)),
		})
	}
	first := completeItem(me, item)
	same("outcome", first.Outcome, ltb.LeaseOutcome_LEASE_OUTCOME_OK)
	same("inserted", first.EvaluationsInserted, 2)
	same("again", completeItem(me, item).Outcome, ltb.LeaseOutcome_LEASE_OUTCOME_OK)
	same("status", getJob(job.Id).Status, ltb.JobStatus_JOB_STATUS_COMPLETED)
}

func longPoll() {
	began := time.Now()
	time.AfterFunc(500*time.Millisecond, func() { createJob(&ltb.CreateJobRequest{}) })
	leases := claim(me, 1, time.Minute, 10*time.Second)
	took := time.Since(began)
	same("leases", len(leases), 1)
	same(fmt.Sprintf("took %v", took), took > 300*time.Millisecond && took < 5*time.Second, true)
	complete(me, leases[0])
}

func renews() {
	createJob(&ltb.CreateJobRequest{})
	lease := claim(me, 1, 2*time.Second, 5*time.Second)[0]
	for range 3 {
		time.Sleep(time.Second)
		answer := heartbeat(2*time.Second, lease)
		same("lost", len(answer.Lost), 0)
		same("renewed", answer.ExpiresIn.AsDuration() > 0, true)
	}
	same("outcome", complete(me, lease).Outcome, ltb.LeaseOutcome_LEASE_OUTCOME_OK)
}

func progress() {
	createJob(&ltb.CreateJobRequest{})
	lease := claimOne()
	item := &ltb.UpdateJobProgressItem{
		JobId: lease.Job.Id, Epoch: lease.Epoch, Progress: proto.Float64(0.5), Message: proto.String("half"),
	}
	must(jobs.UpdateJobProgress(ctx, &ltb.UpdateJobProgressRequest{WorkerId: me, Items: []*ltb.UpdateJobProgressItem{item}}))
	same("progress", getJob(lease.Job.Id).Progress, 0.5)
	same("message", getJob(lease.Job.Id).ProgressMessage, "half")
	complete(me, lease)
}

func fails() {
	createJob(&ltb.CreateJobRequest{})
	createJob(&ltb.CreateJobRequest{})
	leases := claim(me, 2, time.Minute, 5*time.Second)
	same("leases", len(leases), 2)
	results := must(jobs.FailJobs(ctx, &ltb.FailJobsRequest{WorkerId: me, Items: []*ltb.FailJobsItem{
		{JobId: leases[0].Job.Id, Epoch: leases[0].Epoch, Error: "later", RetryAfter: durationpb.New(time.Hour)},
		{JobId: leases[1].Job.Id, Epoch: leases[1].Epoch, Error: "never", Retryable: proto.Bool(false)},
	}})).Results
	same("retried", results[0].Status, ltb.JobStatus_JOB_STATUS_PENDING)
	same("failed", results[1].Status, ltb.JobStatus_JOB_STATUS_FAILED)
}

func isCancelled() {
	job := createJob(&ltb.CreateJobRequest{})
	lease := claimOne()
	must(jobs.CancelJob(ctx, &ltb.CancelJobRequest{Id: job.Id, Reason: "enough"}))
	told := heartbeat(time.Minute, lease).Cancelled
	same("told", len(told), 1)
	same("told", told[0].JobId, job.Id)
	same("outcome", complete(me, lease).Outcome, ltb.LeaseOutcome_LEASE_OUTCOME_CANCELLED)
}

func losesLease() {
	createJob(&ltb.CreateJobRequest{})
	lease := claim(me, 1, time.Second, 5*time.Second)[0]
	time.Sleep(1500 * time.Millisecond)
	taken := claim(other, 1, time.Minute, 20*time.Second)
	same("leases", len(taken), 1)
	same("job", taken[0].Job.Id, lease.Job.Id)
	same("lost", len(heartbeat(time.Minute, lease).Lost), 1)
	same("outcome", complete(me, lease).Outcome, ltb.LeaseOutcome_LEASE_OUTCOME_STALE)
	same("outcome", complete(other, taken[0]).Outcome, ltb.LeaseOutcome_LEASE_OUTCOME_OK)
}

func streams() {
	stream := must(benchmarks.StreamEvaluations(ctx))
	for start := 0; start < rows; start += 500 {
		message := &ltb.StreamEvaluationsRequest{BenchmarkId: benchmark}
		for n := start; n < start+500; n++ {
			message.Evaluations = append(message.Evaluations, &ltb.NewEvaluation{
				SampleId: fmt.Sprintf("s%d", n), Input: "in", Output: proto.String("out"), Score: proto.Float64(float64(n)),
			})
		}
		if err := stream.Send(message); err != nil {
			panic(err)
		}
	}
	total := must(stream.CloseAndRecv())
	same("received", total.Received, rows)
	same("inserted", total.Inserted, rows)
}

func pages() {
	seen, token := map[string]bool{}, ""
	for {
		page := must(benchmarks.ListEvaluations(ctx, &ltb.ListEvaluationsRequest{BenchmarkId: benchmark, PageSize: 1000, PageToken: token}))
		for _, evaluation := range page.Evaluations {
			seen[evaluation.Id] = true
		}
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	same("evaluations", len(seen), rows+2)
}

func exports() {
	stream := must(benchmarks.ExportEvaluations(ctx, &ltb.ExportEvaluationsRequest{BenchmarkId: benchmark}))
	count := 0
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		count += len(must(chunk, err).Evaluations)
	}
	same("evaluations", count, rows+2)
}

func watches() {
	watching, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	watch := must(jobs.WatchJobs(watching, &ltb.WatchJobsRequest{JobType: jobType}))
	must(watch.Recv())
	job := createJob(&ltb.CreateJobRequest{})
	change := must(watch.Recv())
	same("watched", change.GetJob().GetId(), job.Id)
	stop()
	complete(me, claimOne())
	resuming, end := context.WithTimeout(ctx, 30*time.Second)
	defer end()
	resumed := must(jobs.WatchJobs(resuming, &ltb.WatchJobsRequest{JobType: jobType, AfterCursor: change.Cursor}))
	for {
		seen := must(resumed.Recv()).GetJob()
		if seen.GetId() == job.Id && seen.Status == ltb.JobStatus_JOB_STATUS_COMPLETED {
			return
		}
	}
}

func errorDetails() {
	_, err := jobs.GetJob(ctx, &ltb.GetJobRequest{Id: "01890a5d-ac96-774b-bcce-b302099affff"})
	info, _ := refused(err, codes.NotFound, "NOT_FOUND")
	same("entity", info.Metadata["entity"], "job")
	_, err = jobs.CreateJob(ctx, &ltb.CreateJobRequest{JobType: jobType, MaxRetries: proto.Int32(101)})
	_, fields := refused(err, codes.InvalidArgument, "INVALID_ARGUMENT")
	same("fields", strings.Join(fields, " "), "max_retries")
	createJob(&ltb.CreateJobRequest{UniqueKey: "once"})
	_, err = jobs.CreateJob(ctx, &ltb.CreateJobRequest{JobType: jobType, UniqueKey: "once"})
	refused(err, codes.AlreadyExists, "UNIQUE_KEY_TAKEN")
	_, err = jobs.DeleteJobLimit(ctx, &ltb.DeleteJobLimitRequest{LimitKey: "schlüssel % ✓"})
	info, _ = refused(err, codes.NotFound, "NOT_FOUND")
	same("id", info.Metadata["id"], "schlüssel % ✓")
}

func unknownMethod() {
	err := conn.Invoke(ctx, "/ltb.v1.JobService/Nothing", &ltb.GetJobRequest{}, &ltb.GetJobResponse{})
	refused(err, codes.Unimplemented, "UNIMPLEMENTED")
}

func requestID() {
	request := func(a float64) *ltb.CreateJobRequest {
		payload := must(structpb.NewStruct(map[string]any{"a": a}))
		return &ltb.CreateJobRequest{JobType: jobType, RequestId: run + "-create", Payload: payload}
	}
	first := createJob(request(1))
	same("id", createJob(request(1)).Id, first.Id)
	_, err := jobs.CreateJob(ctx, request(2))
	refused(err, codes.AlreadyExists, "REQUEST_ID_REUSED")
}

func keys() {
	_, err := jobs.GetJobStats(bare, &ltb.GetJobStatsRequest{})
	refused(err, codes.Unauthenticated, "CREDENTIAL_MISSING")
	wrong := metadata.AppendToOutgoingContext(bare, "authorization", "Bearer no")
	_, err = jobs.GetJobStats(wrong, &ltb.GetJobStatsRequest{})
	refused(err, codes.Unauthenticated, "CREDENTIAL_INVALID")
}

func deadlines() {
	short, end := context.WithTimeout(ctx, time.Second)
	defer end()
	watch := must(jobs.WatchJobs(short, &ltb.WatchJobsRequest{JobType: "none"}))
	for {
		if _, err := watch.Recv(); err != nil {
			same("code", status.Code(err), codes.DeadlineExceeded)
			break
		}
	}
	claiming, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	request := &ltb.ClaimJobsRequest{WorkerId: other, JobTypes: []string{"none"}, Wait: durationpb.New(20 * time.Second)}
	same("leases", len(must(jobs.ClaimJobs(claiming, request)).Leases), 0)
}

func cancels() {
	waiting, cancel := context.WithCancel(ctx)
	time.AfterFunc(300*time.Millisecond, cancel)
	request := &ltb.ClaimJobsRequest{WorkerId: other, JobTypes: []string{"none"}, Wait: durationpb.New(20 * time.Second)}
	_, err := jobs.ClaimJobs(waiting, request)
	same("code", status.Code(err), codes.Canceled)
}

func tooLarge() {
	payload := must(structpb.NewStruct(map[string]any{"text": strings.Repeat("x", 5_000_000)}))
	_, err := jobs.CreateJob(ctx, &ltb.CreateJobRequest{JobType: jobType, Payload: payload})
	refused(err, codes.ResourceExhausted, "MESSAGE_TOO_LARGE")
}

func compressed() {
	payload := must(structpb.NewStruct(map[string]any{"text": strings.Repeat("x", 100_000)}))
	must(jobs.CreateJob(ctx, &ltb.CreateJobRequest{JobType: jobType, Payload: payload}, grpc.UseCompressor(gzip.Name)))
}

func doubles() {
	payload := must(structpb.NewStruct(map[string]any{"n": int64(1<<53 + 1)}))
	job := createJob(&ltb.CreateJobRequest{Payload: payload})
	same("n", getJob(job.Id).Payload.AsMap()["n"].(float64), 1<<53)
}

func digits() {
	job := createJob(&ltb.CreateJobRequest{PayloadJson: `{"n": 9007199254740993, "d": 1.50}`})
	same("n", getJob(job.Id).Payload.AsMap()["n"].(float64), 1<<53)
	asked := &ltb.GetJobRequest{Id: job.Id, JsonFormat: ltb.JsonFormat_JSON_FORMAT_TEXT}
	same("text", must(jobs.GetJob(ctx, asked)).Job.PayloadJson, `{"d": 1.50, "n": 9007199254740993}`)
}

func health() {
	client := grpc_health_v1.NewHealthClient(conn)
	answer := must(client.Check(bare, &grpc_health_v1.HealthCheckRequest{Service: "ltb.v1.JobService"}))
	same("status", answer.Status, grpc_health_v1.HealthCheckResponse_SERVING)
}

func drains() {
	must(jobs.CancelJobs(ctx, &ltb.CancelJobsRequest{JobType: jobType}))
	must(workers.DrainWorker(ctx, &ltb.DrainWorkerRequest{WorkerId: me}))
	same("drain", heartbeat(time.Minute).Drain, true)
	for _, name := range []string{me, other} {
		must(workers.DeregisterWorker(ctx, &ltb.DeregisterWorkerRequest{WorkerId: name}))
	}
	_, err := workers.Heartbeat(ctx, &ltb.HeartbeatRequest{WorkerId: me})
	refused(err, codes.NotFound, "NOT_FOUND")
}
