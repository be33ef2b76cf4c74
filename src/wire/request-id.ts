/**
 * The key that makes a create safe to repeat, if its request has a request id.
 * @param actor who calls: a user's id
 */
export function requestKeyOf({ requestId }: { requestId: string }, actor: string | undefined) {
  if (requestId === "") return undefined;
  return actor === undefined ? { requestId } : { requestId, actor };
}
