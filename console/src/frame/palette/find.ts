import { Code, ConnectError } from "@connectrpc/connect";
import { createQueryOptions } from "@connectrpc/connect-query";
import { EvaluationView } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { WorkerService } from "../../../../gen/ltb/v1/worker_service_pb.ts";
import { auditClient, benchmarkClient, jobClient, userClient, workerClient } from "../../data/clients.ts";
import { isUuid } from "../../data/isUuid.ts";
import { hrefOf } from "../../data/links.ts";
import { queryClient } from "../../data/queries.ts";
import { transport } from "../../data/transport.ts";
import type { Visited } from "../../data/visited.ts";

/** What an id, or the name of a worker, may stand for: all are asked at once. */
const kinds: readonly ((id: string) => Promise<Visited | undefined>)[] = [
  async (id) => {
    const { benchmark } = await benchmarkClient.getBenchmark({ id });
    return benchmark && { kind: "benchmark", name: benchmark.name, href: hrefOf(`/benchmarks/${id}`) };
  },
  async (id) => {
    const { job } = await jobClient.getJob({ id });
    return job && { kind: "job", name: job.jobType, href: hrefOf(`/jobs/${id}`) };
  },
  async (id) => {
    const { evaluations } = await benchmarkClient.batchGetEvaluations({
      ids: [id],
      view: EvaluationView.BASIC,
    });
    const [found] = evaluations;
    if (!found) return undefined;
    const path = `/benchmarks/${found.benchmarkId}/samples/${found.id}`;
    return { kind: "sample", name: found.sampleId || id, href: hrefOf(path) };
  },
  async (id) => {
    const { auditLog } = await auditClient.getAuditLog({ id });
    if (!auditLog) return undefined;
    const name = `${auditLog.entityType} ${auditLog.action}`.replaceAll("_", " ");
    return { kind: "audit entry", name, href: hrefOf(`/audit/${id}`) };
  },
  async (id) => {
    const { user } = await userClient.getUser({ key: { case: "id", value: id } });
    return user && { kind: "user", name: user.username, href: hrefOf(`/users/${id}`) };
  },
];

const worker = async (workerId: string): Promise<Visited> => {
  await workerClient.getWorker({ workerId });
  return { kind: "worker", name: workerId, href: hrefOf(`/workers/${encodeURIComponent(workerId)}`) };
};

/** The service finds no worker by a part of its name, so all are asked for, and not again for every word. */
const workersQuery = {
  ...createQueryOptions(WorkerService.method.listWorkers, { pageSize: 1_000 }, { transport }),
  staleTime: 30_000,
};

/** That there is no such thing, or none that the reader may see, is an answer. */
const answers = new Set([Code.NotFound, Code.PermissionDenied, Code.InvalidArgument]);

/**
 * What has this id: a benchmark, job, evaluation, audit entry or user, or a worker of this name.
 * @throws ConnectError if the service could not be asked
 */
async function findById(id: string): Promise<Visited[]> {
  const asked = [...(isUuid(id) ? kinds : []), worker].map((ask) =>
    ask(id).catch((error: unknown) => {
      if (answers.has(ConnectError.from(error).code)) return undefined;
      throw error;
    }),
  );
  return (await Promise.all(asked)).filter((found) => found !== undefined);
}

/** How what has an id is asked for, once on all pages. */
export function idQuery(id: string) {
  return { queryKey: ["find", "id", id], queryFn: () => findById(id), retry: false };
}

/** How things with this text in their names are asked for. */
export function nameQuery(text: string) {
  return { queryKey: ["find", "name", text], queryFn: () => findByName(text), retry: false };
}

/** Benchmarks and workers with this text in their names, a few of each. */
async function findByName(text: string): Promise<Visited[]> {
  const [{ benchmarks }, { workers }] = await Promise.all([
    benchmarkClient.listBenchmarks({ nameContains: text, pageSize: 6 }),
    queryClient.fetchQuery(workersQuery),
  ]);
  const named = benchmarks.map(({ id, name }) => ({
    kind: "benchmark",
    name,
    href: hrefOf(`/benchmarks/${id}`),
  }));
  const wanted = text.toLowerCase();
  const those = workers.filter(({ workerId }) => workerId.toLowerCase().includes(wanted)).slice(0, 6);
  return [
    ...named,
    ...those.map(({ workerId }) => ({
      kind: "worker",
      name: workerId,
      href: hrefOf(`/workers/${encodeURIComponent(workerId)}`),
    })),
  ];
}
