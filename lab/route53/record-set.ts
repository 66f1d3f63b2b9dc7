/** The vocabulary of a hosted zone: record sets, and the changes a batch makes to them. */

/** The record types the stand-in stores and serves, as Route 53 spells them. */
export const recordTypes = ["A", "AAAA", "CNAME", "NS", "SOA", "SRV", "TXT"] as const;
export type RecordType = (typeof recordTypes)[number];

export const changeActions = ["CREATE", "DELETE", "UPSERT"] as const;
export type ChangeAction = (typeof changeActions)[number];

/** One simple record set. Names in requests may have any spelling; stored ones are normalised. */
export interface RecordSet {
  readonly name: string;
  readonly type: RecordType;
  readonly ttlSeconds: number;
  /** The values as the caller wrote them; their order means nothing. */
  readonly values: readonly string[];
}

export interface Change {
  readonly action: ChangeAction;
  readonly recordSet: RecordSet;
}

/** The highest TTL the Route 53 API takes: 2^31 - 1. */
const ttlSecondsMax = 2_147_483_647;

export function isRecordType(text: string): text is RecordType {
  return recordTypes.some((type) => type === text);
}

export function isChangeAction(text: string): text is ChangeAction {
  return changeActions.some((action) => action === text);
}

export function isTtlSeconds(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= ttlSecondsMax;
}
