import * as z from "zod/mini";
import type { Pulse } from "../core/cadence.ts";

/** What starts a shift: the schedule, a wake for one round, or a pulse. Anything else is watched like the schedule. */
const wakeEvent = z.object({ wake: z.object({ group: z.string(), round: z.int() }) });

/** A message of the queue, as Lambda hands it over; its times are the queue's own, in milliseconds and as text. */
const pulseEvent = z.object({
  Records: z.tuple([
    z.object({
      eventSource: z.literal("aws:sqs"),
      body: z.string(),
      attributes: z.object({
        SentTimestamp: z.coerce.number(),
        ApproximateFirstReceiveTimestamp: z.coerce.number(),
      }),
    }),
  ]),
});
const pulseBody = z.object({ pulse: z.object({ delayMs: z.int().check(z.minimum(0)) }) });

export function wokenBy(event: unknown): { readonly group: string; readonly round: number } | null {
  const parsed = wakeEvent.safeParse(event);
  return parsed.success ? parsed.data.wake : null;
}

/** null: it was no pulse. */
export function pulseOf(event: unknown): Pulse | null {
  const parsed = pulseEvent.safeParse(event);
  if (!parsed.success) return null;
  const [{ body, attributes }] = parsed.data.Records;
  const said = pulseBody.safeParse(parseJson(body));
  if (!said.success) return null;
  const waitedMs = attributes.ApproximateFirstReceiveTimestamp - attributes.SentTimestamp;
  return { delayMs: said.data.pulse.delayMs, waitedMs };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
