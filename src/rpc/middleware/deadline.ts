import type { Middleware } from "./hooks.ts";

/**
 * Stops a call at its deadline and when its caller goes, which also cancels the queries that it has running
 * in the database. `Pump` answers for it then.
 */
export const deadline: Middleware = (method) => {
  // The caller of a unary call is watched only once something asks for the call's signal.
  const watches = method.methodKind !== "unary";
  return {
    start({ call }) {
      call.scope.source = call;
      call.startTimer();
      if (watches) call.watchCaller();
      if (call.stopReason) throw call.stopReason;
      return undefined;
    },
  };
};
