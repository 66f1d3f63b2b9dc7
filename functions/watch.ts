import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { readEnvironment } from "../lib/shift/environment.ts";
import { pulseOf, wokenBy } from "../lib/shift/event.ts";
import { handOver, type ShiftReport, startShift, watchGroups } from "../lib/shift/shift.ts";
import { wireWatch } from "../lib/wiring/watch-ports.ts";

const environment = readEnvironment(process.env);
const { logger, ports } = wireWatch(environment);

/** What the runtime keeps back for the answer itself when a shift overruns. */
const timeoutEarlyInMillis = 1_000;

/**
 * One shift of one observer: begin, watch every group (observe, decide, execute, look again) until the successor has
 * taken over, or in another cadence than `loop` until all is well, hand over. A time-out of the invocation aborts the
 * signal, and no effect starts after that.
 */
async function watch(
  event: unknown,
  context: Context,
  { signal }: { signal: AbortSignal },
): Promise<ShiftReport> {
  const shift = await startShift(ports, {
    ...environment,
    requestId: context.awsRequestId,
    woken: wokenBy(event),
    pulse: pulseOf(event),
    remainingMs: context.getRemainingTimeInMillis() - timeoutEarlyInMillis,
    signal,
  });
  const report = await watchGroups(shift);
  return handOver(shift, report);
}

export const handler = middy<unknown, ShiftReport>({ timeoutEarlyInMillis })
  .use(injectLambdaContext(logger))
  .handler(watch);
