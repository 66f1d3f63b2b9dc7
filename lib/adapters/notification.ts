import type { Notification } from "../ports/notifier.ts";
import type { ReportedEvent } from "../ports/reporter.ts";

/** Who tells, and when: what an event does not say of itself. */
export interface Teller {
  readonly deployment: string;
  readonly observer: string;
  readonly at: string;
}

/** What somebody is told of: every event of warning level, and a test. +switch-master is of warning level. */
export function isTold(event: ReportedEvent): boolean {
  return event.level === "warning" || event.name === "+notify-test";
}

/** The fields of an event, one by one: what an event may carry one day is not sent unless somebody decides so. */
export function notificationOf(event: ReportedEvent, teller: Teller): Notification {
  const { group, epoch, round, name, node } = event;
  return {
    schema: 1,
    key: `${teller.deployment}/${group}/${epoch}/${round}/${name}/${node ?? "-"}`,
    deployment: teller.deployment,
    group,
    observer: teller.observer,
    at: teller.at,
    event: name,
    level: event.level,
    rule: event.rule,
    epoch,
    round,
    rev: event.rev,
    node,
    message: event.message,
    evidence: event.evidence ?? {},
    durationsMs: event.durationsMs ?? {},
  };
}
