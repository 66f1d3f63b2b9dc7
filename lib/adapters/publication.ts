import type { DnsConfig } from "../core/config.ts";
import { planPublication, type RecordChange, type RecordSet } from "../core/records.ts";
import type { PublishRequest } from "../ports/dns.ts";
import { type Failure, failure, type Result, success } from "../ports/errors.ts";

export type Submit = (
  zoneId: string,
  changes: readonly RecordChange[],
  isCurrent: () => boolean,
) => Promise<Result<void>>;

/**
 * Reads, sends what differs, reads back. A batch that failed or whose answer was lost is judged by the read alone: what
 * is wanted and there is done, whoever wrote it (fault R4).
 */
export async function publish(
  read: (dns: DnsConfig) => Promise<Result<readonly RecordSet[]>>,
  submit: Submit,
  request: PublishRequest,
): Promise<Result<{ readonly isChanged: boolean }>> {
  const before = request.known === null ? await read(request.dns) : success(request.known);
  if (!before.ok) return before;
  const plan = planPublication(before.value, request.wanted, request.owner);
  if (plan.kind === "refused") {
    // What was read ahead may be old: only a fresh read refuses.
    if (request.known !== null) return publish(read, submit, { ...request, known: null });
    return failure("refused", plan.why);
  }
  if (plan.kind === "done" && request.known === null) return success({ isChanged: false });
  const sent: Result<void> =
    plan.kind === "change"
      ? await submit(request.dns.zoneId, plan.changes, request.isCurrent)
      : success(undefined);
  const after = await read(request.dns);
  // A stale batch is refused as a whole; only a read can tell whether the name is somebody else's.
  if (!after.ok) return sent.ok ? after : unfinished(sent);
  const rest = planPublication(after.value, request.wanted, request.owner);
  switch (rest.kind) {
    case "done":
      return success({ isChanged: plan.kind === "change" });
    case "refused":
      return failure("refused", rest.why);
    case "change":
      return unfinished(sent);
  }
}

/** The batch did not leave what was wanted: another try starts from a fresh read, so the outcome is known. */
function unfinished(sent: Result<void>): Failure {
  // Rights that are missing don't come back by trying: people have to be told.
  if (!sent.ok && sent.kind === "denied") return sent;
  const why = sent.ok ? "the record was changed by somebody else meanwhile" : sent.why;
  return failure("throttled", why);
}
