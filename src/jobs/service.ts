import type { Duration } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import * as pb from "../../gen/ltb/v1/job_pb.ts";
import type {
  CancelJobsRequest,
  JobService,
  ListJobsRequest,
  NextClaim,
  RetryJobsRequest,
  UpdateJobRequest,
} from "../../gen/ltb/v1/job_service_pb.ts";
import { snakeCase } from "../database/statement/sql.ts";
import { invalidField, ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { actorIdOf, callOf } from "../rpc/call/call.ts";
import { parseInput } from "../validation.ts";
import {
  clearTo,
  fromTimestamp,
  jsonOf,
  omitEmpty,
  readPatch,
  refuseClearing,
  requestKeyOf,
  wantsText,
} from "../wire/convert.ts";
import { fromDuration, toDuration } from "../wire/duration.ts";
import { checkEnum } from "../wire/enums.ts";
import { decodePageToken, encodePageToken, pageSize } from "../wire/paging.ts";
import { completeJobs, type JobStore } from "./finish/complete.ts";
import {
  type ClaimInput,
  claimInput,
  type JobChanges,
  jobChanges,
  jobPositions,
  lanePosition,
  limitPosition,
  type NewJob,
  pausePosition,
} from "./input.ts";
import type { JobStats } from "./lists/stats.ts";
import {
  endMessage,
  endMessageWithStatus,
  failureGroupMessage,
  historyMessage,
  jobField,
  jobMessage,
  jobStatus,
  laneMessage,
  leaseMessage,
  limitMessage,
  pauseMessage,
  uniqueConflict,
} from "./messages.ts";
import type { JobRepository } from "./repository.ts";

/** Made once: a schema costs more to make than to use. */
const nextInput = claimInput.omit({ workerId: true });

const leaseLength = { min: limits.leaseMinMs, max: limits.leaseMaxMs };

const timeToCome = { min: 1_000, max: limits.delayMs };

const stepLength = { min: 60_000, max: limits.queueHistoryDays * 86_400_000 };

/** JobService. */
export function jobService(store: JobStore) {
  const { jobs } = store;
  return {
    async createJob(request, context) {
      const asText = wantsText(request);
      const permission = { permittedTo: permittedTo(context) };
      const key = requestKeyOf(request, actorIdOf(context));
      const { job, existing } = await jobs.submit(fromMessage(request, context), key, permission);
      return { job: jobMessage(job, asText), existing };
    },

    async batchCreateJobs(request, context) {
      const given = request.jobs.map((job, index) => fromMessage(job, context, `jobs[${index}].`));
      const permission = { permittedTo: permittedTo(context) };
      const submitted = await jobs.submitMany(given, requestKeyOf(request, actorIdOf(context)), permission);
      const brief = { payload: null, metadata: null, result: null };
      return {
        jobs: submitted.map(({ job }) => jobMessage({ ...job, ...brief }, false)),
        existing: submitted.flatMap(({ existing }, index) => (existing ? [index] : [])),
      };
    },

    async getJob(request) {
      const asText = wantsText(request);
      const { attempts, ...job } = await jobs.getWithAttempts(request.id);
      return { job: jobMessage(job, asText, attempts) };
    },

    async listJobs(request) {
      const asText = wantsText(request);
      const filter = {
        ...matchOf(request),
        ...endedOf(request),
        status: jobStatus.parse(request.status, "status"),
        workerId: omitEmpty(request.workerId),
        orderBy: orderOf(request.orderBy),
      };
      const { items, next } = await jobs.list(filter, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, filter, jobPositions[filter.orderBy]),
        full: isFull(request.view),
      });
      const found = items.map((job) => jobMessage(job, asText));
      return { jobs: found, nextPageToken: encodePageToken(next, filter) };
    },

    async claimJobs(request, context) {
      const asText = wantsText(request);
      const waitMs = fromDuration(request.wait, "wait", { max: limits.claimWaitMs }) ?? 0;
      const { leases, drain } = await jobs.claim({
        workerId: request.workerId,
        requestId: omitEmpty(request.requestId),
        maxJobs: request.maxJobs === 0 ? 1 : request.maxJobs,
        jobTypes: request.jobTypes,
        waitMs: Math.floor(Math.min(waitMs, Math.max(timeForLeases(context), 0))),
        leaseMs: fromDuration(request.lease, "lease", leaseLength),
      });
      return { leases: leases.map((lease) => leaseMessage(lease, asText)), drain };
    },

    async completeJobs({ workerId, items, next }, context) {
      const asText = next !== undefined && wantsText(next, "next.json_format");
      const claim = next && nextOf(workerId, next);
      const inTime = timeForLeases(context) < 0 ? undefined : claim;
      const options = { actor: actorIdOf(context), claim: inTime };
      const { results, leases } = await completeJobs(store, workerId, items, options);
      if (leases) return { results, leases: leases.map((lease) => leaseMessage(lease, asText)) };
      return { results, ...(claim && (await claimNext(jobs, claim, asText, context))) };
    },

    async failJobs({ workerId, items, next }, context) {
      const asText = next !== undefined && wantsText(next, "next.json_format");
      const claim = next && nextOf(workerId, next);
      const failures = items.map(({ jobId, epoch, error, retryable, retryAfter, tokensUsed }) => {
        const retryAfterMs = delayOf(retryAfter, "retry_after");
        return { jobId, epoch, error, retryable, retryAfterMs, tokensUsed };
      });
      const results = await jobs.fail(workerId, failures);
      return {
        results: results.map((end, index) => endMessageWithStatus(items[index]?.jobId ?? "", end)),
        ...(claim && (await claimNext(jobs, claim, asText, context))),
      };
    },

    async releaseJobs({ workerId, items }) {
      const releases = items.map(({ jobId, epoch, delay, holdLimitKey }) => {
        return { jobId, epoch, delayMs: delayOf(delay, "delay"), holdLimitKey };
      });
      const results = await jobs.release(workerId, releases);
      return { results: results.map((end, index) => endMessageWithStatus(items[index]?.jobId ?? "", end)) };
    },

    async updateJobProgress({ workerId, items, lease }) {
      const leaseMs = fromDuration(lease, "lease", leaseLength) ?? limits.leaseMs;
      const reports = items.map(({ jobId, epoch, progress, message }) => ({
        jobId,
        epoch,
        progress,
        message,
      }));
      const results = await jobs.progress(workerId, reports, leaseMs);
      return {
        results: results.map((end, index) => ({
          ...endMessage(items[index]?.jobId ?? "", end),
          cancelRequested: end.outcome === "cancelled",
          ...(end.outcome === "ok" && { expiresIn: toDuration(leaseMs) }),
        })),
      };
    },

    async updateJob(request) {
      const asText = wantsText(request);
      const { id, expectedVersion } = request;
      return { job: jobMessage(await jobs.update(id, changesOf(request), { expectedVersion }), asText) };
    },

    async cancelJob(request) {
      const asText = wantsText(request);
      return { job: jobMessage(await jobs.cancel(request.id, request.reason), asText) };
    },

    async retryJob(request) {
      const asText = wantsText(request);
      return { job: jobMessage(await jobs.retry(request.id), asText) };
    },

    async cancelJobs(request, context) {
      const { reason, dryRun } = request;
      return jobs.cancelMany(changeFilterOf(request, context), reason, { dryRun });
    },

    async retryJobs(request, context) {
      const filter = { ...changeFilterOf(request, context), ...endedOf(request) };
      return jobs.retryMany(filter, { dryRun: request.dryRun });
    },

    async deleteJob({ id }) {
      await jobs.delete(id);
      return {};
    },

    async setJobLimit({ limitKey, maxRunning, perMinute, tokensPerMinute }) {
      const given = { limitKey, maxRunning, perMinute, tokensPerMinute };
      return { limit: limitMessage(await jobs.setLimit(given)) };
    },

    async getJobLimit({ limitKey }) {
      return { limit: limitMessage(await jobs.getLimit(limitKey)) };
    },

    async listJobLimits(request) {
      const { items, next } = await jobs.listLimits({
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, {}, limitPosition),
      });
      return { limits: items.map(limitMessage), nextPageToken: encodePageToken(next, {}) };
    },

    async listJobFieldValues({ field, prefix, limit }) {
      const known = jobField.parse(field, "field");
      if (known === undefined) throw invalidField("field", "is required");
      const options = { prefix, limit: limit === 0 ? undefined : limit };
      const { values, more } = await jobs.listFieldValues(known, options);
      return { values: [...values], more };
    },

    async deleteJobLimit({ limitKey }) {
      await jobs.deleteLimit(limitKey);
      return {};
    },

    async pauseJobs({ jobType, limitKey, duration }) {
      const durationMs = fromDuration(duration, "duration", timeToCome);
      return { lanes: (await jobs.pause({ jobType, limitKey, durationMs })).map(laneMessage) };
    },

    async resumeJobs({ jobType, limitKey }) {
      return { lanes: (await jobs.resume({ jobType, limitKey })).map(laneMessage) };
    },

    async listJobPauses(request) {
      const { items, next } = await jobs.listPauses({
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, {}, pausePosition),
      });
      return { pauses: items.map(pauseMessage), nextPageToken: encodePageToken(next, {}) };
    },

    async listJobLanes(request) {
      const filter = { jobType: omitEmpty(request.jobType), limitKey: omitEmpty(request.limitKey) };
      const { items, next } = await jobs.listLanes(filter, {
        limit: pageSize(request.pageSize),
        after: decodePageToken(request.pageToken, filter, lanePosition),
      });
      return { lanes: items.map(laneMessage), nextPageToken: encodePageToken(next, filter) };
    },

    async listJobFailureGroups(request) {
      const { groups, ...read } = await jobs.listFailureGroups({
        jobType: omitEmpty(request.jobType),
        benchmarkId: omitEmpty(request.benchmarkId),
        endedAfter: fromTimestamp(request.endedAfter, "ended_after"),
        endedBefore: fromTimestamp(request.endedBefore, "ended_before"),
        limit: request.limit || undefined,
      });
      return { groups: groups.map(failureGroupMessage), ...read };
    },

    async getJobStats({ jobType, benchmarkId }) {
      const filter = { ...(jobType && { jobType }), ...(benchmarkId && { benchmarkId }) };
      const { byType, ...all } = await jobs.getStats(filter);
      return { ...statsMessage(all), byType: byType.map(statsMessage) };
    },

    async getQueueHistory({ jobType, from, to, step }) {
      const steps = await jobs.history({
        jobType,
        from: fromTimestamp(from, "from"),
        to: fromTimestamp(to, "to"),
        stepMs: fromDuration(step, "step", stepLength),
      });
      return { steps: steps.map(historyMessage) };
    },

    async *watchJobs({ ids, jobType, benchmarkId, afterCursor, view, jsonFormat }, context) {
      const asText = wantsText({ jsonFormat });
      callOf(context).endWithServer();
      const filter = { ids, jobType: omitEmpty(jobType), benchmarkId: omitEmpty(benchmarkId) };
      const options = { after: omitEmpty(afterCursor), full: isFull(view) };
      for await (const { cursor, job, deleted } of jobs.watch(filter, options)) {
        if (job) yield { cursor, job: jobMessage(job, asText) };
        else if (deleted !== undefined) yield { cursor, job: { id: deleted }, deleted: true };
        else yield { cursor };
      }
    },

    async cleanupJobs({ olderThanDays, statuses }) {
      const wanted = statuses.map((status) => jobStatus.parse(status, "statuses") ?? "pending");
      const { affected, more } = await jobs.cleanupOldJobs(
        olderThanDays,
        wanted.length > 0 ? wanted : undefined,
      );
      return { deleted: affected, more };
    },
  } satisfies Partial<ServiceImpl<typeof JobService>>;
}

type JobFields = Omit<pb.NewJob, "$typeName" | "$unknown">;

function fromMessage(job: JobFields, context: HandlerContext, path = ""): NewJob {
  // Nearly all jobs say neither.
  const conflict = job.onUniqueConflict || undefined;
  const failure = job.onDependencyFailure || undefined;
  return {
    id: omitEmpty(job.id),
    jobType: job.jobType,
    payload: jsonOf(job.payload, job.payloadJson),
    priority: job.priority,
    maxRetries: job.maxRetries,
    maxSnoozes: job.maxSnoozes,
    timeoutSeconds: job.timeoutSeconds,
    tokens: job.tokens,
    requiredTags: job.requiredTags,
    runAt: fromTimestamp(job.runAt, `${path}run_at`),
    delayMs: job.delay && fromDuration(job.delay, `${path}delay`, { max: limits.delayMs }),
    startWithinMs: job.startWithin && fromDuration(job.startWithin, `${path}start_within`, timeToCome),
    benchmarkId: omitEmpty(job.benchmarkId),
    limitKey: omitEmpty(job.limitKey),
    metadata: jsonOf(job.metadata, job.metadataJson),
    uniqueKey: omitEmpty(job.uniqueKey),
    fairKey: omitEmpty(job.fairKey),
    fairWeight: job.fairWeight,
    onUniqueConflict: conflict && uniqueConflict.parse(conflict, `${path}on_unique_conflict`),
    createdBy: actorIdOf(context),
    dependsOn: job.dependsOn,
    runsAfterFailure:
      failure &&
      checkEnum(pb.DependencyFailureSchema, failure, `${path}on_dependency_failure`) ===
        pb.DependencyFailure.RUN,
  };
}

const updatable = [...Object.keys(jobChanges.shape).map(snakeCase), "payload_json", "metadata_json"].map(
  (name) => (name === "delay_ms" ? "delay" : name),
);

function changesOf(request: UpdateJobRequest): JobChanges {
  const patch = readPatch(request.updateMask, updatable);
  const { requiredTags, limitKey, delay } = request;
  const tags = requiredTags.length > 0 ? requiredTags : undefined;
  return {
    payload: clearTo({}, patch("payload", jsonOf(request.payload, request.payloadJson) ?? undefined)),
    priority: clearTo(0, patch("priority", request.priority)),
    maxRetries: refuseClearing("max_retries", patch("max_retries", request.maxRetries)),
    timeoutSeconds: clearTo(0, patch("timeout_seconds", request.timeoutSeconds)),
    tokens: clearTo(0, patch("tokens", request.tokens)),
    requiredTags: clearTo([], patch("required_tags", tags)),
    runAt: patch("run_at", fromTimestamp(request.runAt, "run_at")),
    delayMs: clearTo(0, patch("delay", fromDuration(delay, "delay", { max: limits.delayMs }))),
    limitKey: limitKey === "" ? null : patch("limit_key", limitKey),
    metadata: patch("metadata", jsonOf(request.metadata, request.metadataJson)),
  };
}

/** Milliseconds in which leases still reach their worker. What comes later would be run by nobody. */
function timeForLeases(context: HandlerContext): number {
  return (context.timeoutMs() ?? Number.POSITIVE_INFINITY) - limits.claimMarginMs;
}

/** @throws INVALID_ARGUMENT, before anything of its call is written */
function nextOf(workerId: string, { requestId, maxJobs, jobTypes, lease }: NextClaim): ClaimInput {
  const claim = {
    requestId: omitEmpty(requestId),
    maxJobs: maxJobs === 0 ? 1 : maxJobs,
    jobTypes,
    leaseMs: fromDuration(lease, "next.lease", leaseLength),
  };
  return { ...parseInput(nextInput, claim, "next"), workerId };
}

/**
 * Claims what a worker wants along with the answer to its report. That is written by now: a claim that cannot
 * be served takes nothing from its answer.
 */
async function claimNext(jobs: JobRepository, claim: ClaimInput, asText: boolean, context: HandlerContext) {
  if (timeForLeases(context) < 0) return undefined;
  try {
    const { leases, drain } = await jobs.claim(claim);
    return { leases: leases.map((lease) => leaseMessage(lease, asText)), drain };
  } catch (error) {
    if (error instanceof ServiceError) return undefined;
    throw error;
  }
}

/** A bad duration stays invalid until its item is checked: an error here would refuse the whole call. */
function delayOf(sent: Duration | undefined, field: string): number | undefined {
  try {
    return fromDuration(sent, field);
  } catch {
    return -1;
  }
}

function isFull(view: pb.JobView): boolean {
  return checkEnum(pb.JobViewSchema, view, "view") === pb.JobView.FULL;
}

function orderOf(order: pb.JobOrder): keyof typeof jobPositions {
  const checked = checkEnum(pb.JobOrderSchema, order, "order_by");
  if (checked === pb.JobOrder.PRIORITY) return "priority";
  return checked === pb.JobOrder.ENDED_AT ? "ended" : "newest";
}

/** The filter that lists and bulk changes have in common. */
function matchOf(request: ListJobsRequest | CancelJobsRequest | RetryJobsRequest) {
  return {
    jobType: omitEmpty(request.jobType),
    benchmarkId: omitEmpty(request.benchmarkId),
    limitKey: omitEmpty(request.limitKey),
    fairKey: omitEmpty(request.fairKey),
    createdAfter: fromTimestamp(request.createdAfter, "created_after"),
    createdBefore: fromTimestamp(request.createdBefore, "created_before"),
    createdBy: omitEmpty(request.createdBy),
    requiredTags: request.requiredTags.length > 0 ? request.requiredTags : undefined,
    errorContains: omitEmpty(request.errorContains),
    metadata: request.metadata,
    ids: request.ids.length > 0 ? request.ids : undefined,
  };
}

function endedOf({ endedAfter, endedBefore }: ListJobsRequest | RetryJobsRequest) {
  return {
    endedAfter: fromTimestamp(endedAfter, "ended_after"),
    endedBefore: fromTimestamp(endedBefore, "ended_before"),
  };
}

function changeFilterOf(request: CancelJobsRequest | RetryJobsRequest, context: HandlerContext) {
  const status = jobStatus.parse(request.status, "status");
  return { ...matchOf(request), statuses: status && [status], permittedTo: permittedTo(context) };
}

/** A caller who is no admin changes only its own jobs by a filter; undefined: everybody's. */
function permittedTo(context: HandlerContext): string | undefined {
  const { principal } = callOf(context);
  return principal && principal.role !== "admin" ? principal.userId : undefined;
}

function statsMessage<Stats extends JobStats>({ oldestPendingAgeMs, ...counts }: Stats) {
  if (oldestPendingAgeMs === null) return counts;
  return { ...counts, oldestPendingAge: toDuration(oldestPendingAgeMs) };
}
