import { type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { withoutScope } from "../../call-scope.ts";
import { limits } from "../../limits.ts";
import { callOf, fullName } from "../call/call.ts";
import type { ProvidedMethod, Response } from "../call/handler.ts";
import { readHeader } from "./read-from.ts";

/** Methods that count the queue or the workers, and answer everybody alike who may ask. */
const sharable = new Set([
  "ltb.v1.JobService/GetJobStats",
  "ltb.v1.JobService/GetQueueHistory",
  "ltb.v1.JobService/ListJobLanes",
  "ltb.v1.WorkerService/GetClusterStats",
]);

/** An answer under way or given. */
interface Answer {
  readonly begunAt: number;
  readonly response: Promise<Response>;
}

/**
 * Lets calls with the metadata `ltb-read: shared` share answers, so that ten pages that ask for the same
 * counts every other second cost what one does: the answer of another call that began at most
 * `limits.sharedAnswerMs` ago, or is still under way. A call that got one is told by the trailing metadata.
 */
export function share(provided: ProvidedMethod): ProvidedMethod {
  if (provided.kind !== "unary" || !sharable.has(fullName(provided.method))) return provided;
  const { impl, method } = provided;
  const answers = new Map<string, Answer>();
  return {
    ...provided,
    impl: (request: Message, context: HandlerContext) => {
      if (callOf(context).header(readHeader) !== "shared") return impl(request, context);
      const key = keyOf(method, request);
      const given = answers.get(key);
      if (given) {
        context.responseTrailer.set(readHeader, "shared");
        return given.response;
      }
      const response = withoutScope(async () => impl(request, context));
      const answer = { begunAt: performance.now(), response };
      answers.set(key, answer);
      const forget = () => {
        if (answers.get(key) === answer) answers.delete(key);
      };
      const keep = () => {
        const left = answer.begunAt + limits.sharedAnswerMs - performance.now();
        if (left > 0 && answers.size <= limits.sharedAnswers) setTimeout(forget, left).unref();
        else forget();
      };
      response.then(keep, forget);
      return response;
    },
  };
}

const keyOf = (method: DescMethod, request: Message) =>
  Buffer.from(toBinary(method.input, request)).toString("base64");
