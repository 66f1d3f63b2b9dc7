import type { Failure, Result } from "../../lib/ports/errors.ts";

/** What a call brought; throws with the failure when it brought none. */
export function gotFrom<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`expected success, got ${result.kind}: ${result.why}`);
}

export function failureOf(result: Result<unknown>): Failure {
  if (!result.ok) return result;
  throw new Error("expected a failure, got success");
}
