import com.google.protobuf.Duration;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.example.ltb.v1.*;

/** Runs jobs of type "arithmetic" until Ctrl-C. docs/clients.md says how to generate org.example.ltb.v1. */
public class Worker {
  static final String ME = "java-" + UUID.randomUUID();
  static final Map<String, Lease> held = new ConcurrentHashMap<>(); // What is told of with each heartbeat.
  static JobServiceGrpc.JobServiceBlockingStub jobs;
  static WorkerServiceGrpc.WorkerServiceBlockingStub workers;
  static volatile boolean stopping;

  public static void main(String[] args) throws Exception {
    var address = System.getenv().getOrDefault("LTB_ADDRESS", "localhost:50052");
    var ca = System.getenv("LTB_TLS_CA_FILE");
    var credentials =
        ca == null
            ? InsecureChannelCredentials.create()
            : TlsChannelCredentials.newBuilder().trustManager(new File(ca)).build();
    var channel = Grpc.newChannelBuilder(address, credentials).build();
    var headers = new Metadata();
    var key = System.getenv().getOrDefault("LTB_API_KEY", "");
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
    Channel calls = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    jobs = JobServiceGrpc.newBlockingStub(calls);
    workers = WorkerServiceGrpc.newBlockingStub(calls);

    var stopped = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(stopped)));
    var me = RegisterWorkerRequest.newBuilder().setWorkerId(ME).setCapacity(4).addJobTypes("arithmetic");
    soon(workers).registerWorker(me.build());
    var timer = Executors.newSingleThreadScheduledExecutor();
    timer.scheduleAtFixedRate(Worker::beat, 5, 5, TimeUnit.SECONDS);
    System.out.println("working; Ctrl-C ends it");
    var pool = Executors.newFixedThreadPool(4);
    while (!stopping) {
      var wait = Duration.newBuilder().setSeconds(2);
      var request = ClaimJobsRequest.newBuilder().setWorkerId(ME).setMaxJobs(4).setWait(wait);
      for (var lease : soon(jobs).claimJobs(request.build()).getLeasesList()) {
        held.put(lease.getJob().getId(), lease);
        pool.submit(() -> run(lease));
      }
    }
    pool.shutdown();
    pool.awaitTermination(30, TimeUnit.SECONDS);
    timer.shutdown();
    soon(workers).deregisterWorker(DeregisterWorkerRequest.newBuilder().setWorkerId(ME).setReason("stopped").build());
    channel.shutdown();
    stopped.countDown();
  }

  static void run(Lease lease) {
    var id = lease.getJob().getId();
    var payload = lease.getJob().getPayload().getFieldsMap();
    String outcome;
    if (payload.containsKey("busy_seconds") && lease.getJob().getSnoozeCount() == 0) {
      // A call of a provider that answers 429 would stand here, with its Retry-After.
      outcome = giveBack(lease, (long) payload.get("busy_seconds").getNumberValue());
    } else if (payload.keySet().containsAll(java.util.List.of("sample", "a", "b"))) {
      double a = payload.get("a").getNumberValue(), b = payload.get("b").getNumberValue(); // Numbers of a Struct are doubles.
      var output = new java.text.DecimalFormat("0.###").format(a + b);
      var result = Value.newBuilder().setStructValue(
          Struct.newBuilder().putFields("output", Value.newBuilder().setStringValue(output).build()));
      var done = CompleteJobsItem.newBuilder().setJobId(id).setEpoch(lease.getEpoch()).setResult(result);
      if (!lease.getJob().getBenchmarkId().isEmpty()) {
        done.addEvaluations(NewEvaluation.newBuilder().setSampleId(payload.get("sample").getStringValue())
            .setInput(a + " + " + b).setOutput(output).setScore(1));
      }
      var answer = soon(jobs).completeJobs(CompleteJobsRequest.newBuilder().setWorkerId(ME).addItems(done).build())
          .getResults(0);
      // A rejected result has failed the job.
      outcome = answer.getOutcome() + " " + answer.getField() + " " + answer.getReason();
    } else {
      outcome = fail(lease, "payload: expected sample, a and b");
    }
    held.remove(id);
    System.out.println(id + " " + outcome);
  }

  static String fail(Lease lease, String error) {
    var failed = FailJobsItem.newBuilder().setJobId(lease.getJob().getId()).setEpoch(lease.getEpoch())
        .setError(error).setRetryable(false);
    return soon(jobs).failJobs(FailJobsRequest.newBuilder().setWorkerId(ME).addItems(failed).build())
        .getResults(0).getOutcome().toString();
  }

  /** Gives a job back for later, at no cost of a retry; until then no other job of its limit key starts. */
  static String giveBack(Lease lease, long seconds) {
    var delay = Duration.newBuilder().setSeconds(seconds);
    var later = ReleaseJobsItem.newBuilder().setJobId(lease.getJob().getId()).setEpoch(lease.getEpoch())
        .setDelay(delay).setHoldLimitKey(!lease.getJob().getLimitKey().isEmpty());
    return soon(jobs).releaseJobs(ReleaseJobsRequest.newBuilder().setWorkerId(ME).addItems(later).build())
        .getResults(0).getOutcome().toString();
  }

  static void beat() {
    var request = HeartbeatRequest.newBuilder().setWorkerId(ME);
    held.forEach((id, lease) -> request.addLeases(LeaseRef.newBuilder().setJobId(id).setEpoch(lease.getEpoch())));
    try {
      var told = soon(workers).heartbeat(request.build());
      // Long work should stop here, because its result would be refused.
      told.getCancelledList().forEach(gone -> held.remove(gone.getJobId()));
      told.getLostList().forEach(gone -> held.remove(gone.getJobId()));
    } catch (StatusRuntimeException error) {
      System.out.println("no heartbeat: " + error.getMessage()); // The next one may come through before the leases expire.
    }
  }

  static <S extends io.grpc.stub.AbstractStub<S>> S soon(S stub) {
    return stub.withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  /** Run by Ctrl-C and SIGTERM; the program would end with 130 or 143 after it. */
  static void stop(CountDownLatch stopped) {
    stopping = true;
    try {
      Runtime.getRuntime().halt(stopped.await(60, TimeUnit.SECONDS) ? 0 : 1);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }
}
