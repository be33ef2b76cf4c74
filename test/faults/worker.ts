import { clients } from "./server.ts";

// A worker that claims what there is, tells its parent how many jobs it holds and renews them until it is
// killed.
const [address = "", workerId = "", jobType = ""] = process.argv.slice(2);
const { jobs, workers } = clients(address);
const lease = { seconds: 1n, nanos: 500_000_000 };

await workers.registerWorker({ workerId, capacity: 100, jobTypes: [jobType] });
const { leases } = await jobs.claimJobs({ workerId, maxJobs: 100, lease });
const refs = leases.map(({ job, epoch }) => ({ jobId: job?.id ?? "", epoch }));
await workers.heartbeat({ workerId, leases: refs, lease });
process.send?.(refs.length);
setInterval(() => void workers.heartbeat({ workerId, leases: refs, lease }), 300);
