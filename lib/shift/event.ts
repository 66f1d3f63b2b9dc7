import * as z from "zod";

/** What starts a shift: the schedule, or a wake for one round. Anything else is watched like the schedule. */
const wakeEvent = z.object({ wake: z.object({ group: z.string(), round: z.number().int() }) });

export function wokenBy(event: unknown): { readonly group: string; readonly round: number } | null {
  const parsed = wakeEvent.safeParse(event);
  return parsed.success ? parsed.data.wake : null;
}
