import { z } from "zod";
import { storableError } from "../../error-text.ts";
import { failure, leaseRef } from "../input.ts";

/** Why an item can never be stored as it is: the path of the field at fault, and what is wrong with it. */
export interface Rejection {
  field: string;
  reason: string;
}

/** Begins the error of a job whose result was rejected. */
export const rejectedResult = "result rejected: ";

/** The rejection that such an error tells of, for the answer to a repeat. */
export function rejectionIn(error: string): Rejection {
  const [field = "", ...reason] = error.slice(rejectedResult.length).split(": ");
  return { field, reason: reason.join(": ") };
}

const anyLease = z.object(leaseRef.shape);

/** The end of a job whose result was rejected: a retry would be rejected as well. */
export function endOfCompletion(item: unknown, { field, reason }: Rejection) {
  const { data } = anyLease.safeParse(item);
  const error = storableError(`${rejectedResult}${field}: ${reason}`);
  return data && { ...data, error, retryable: false, retryAfterMs: null };
}

const anyFailure = anyLease.extend({
  error: failure.shape.error.catch(""),
  retryable: failure.shape.retryable.catch(true),
});

/** The end of an attempt whose failure was rejected: with what is right of it, after the usual pause. */
export function endOfFailure(item: unknown, { field, reason }: Rejection) {
  const { data } = anyFailure.safeParse(item);
  const error = storableError(`failure rejected: ${field}: ${reason}\n${data?.error}`);
  return data && { ...data, error, retryAfterMs: null };
}
