import type { Account, HostedZone } from "./account.ts";
import {
  ApiError,
  invalidChangeBatch,
  invalidInput,
  noSuchChange,
  noSuchHostedZone,
  priorRequestNotComplete,
} from "./api-error.ts";
import { assertNever } from "./assert-never.ts";
import { compareNames, readName } from "./names.ts";
import { type Change, isRecordType, type RecordSet } from "./record-set.ts";
import { parseChangeBatch, parseNewHostedZone } from "./requests.ts";
import * as responses from "./responses.ts";
import type { Route } from "./routes.ts";
import { compareRecordSets } from "./zone.ts";

/** How long things take. May be changed while the stand-in runs; read once per request. */
export interface Timings {
  /** From the acceptance of a change until GetChange says INSYNC. */
  insyncAfterMs: number;
  /** From the acceptance of a change until DNS shows it. */
  appearAfterMs: number;
  /** How long a change request keeps its zone busy before it is judged and answered. */
  changeHandlingMs: number;
}

/** What the operations work on. */
export interface OperationContext {
  readonly account: Account;
  readonly timings: Timings;
  readonly now: () => number;
  /** Resolves after so many milliseconds; rejects when the stand-in is being closed. */
  readonly wait: (durationMs: number) => Promise<void>;
  /** Called with the changes of a batch as soon as they are known, for the access log. */
  readonly onChanges: (changes: readonly Change[]) => void;
}

/** A successful answer. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Path of a resource that was created. */
  readonly location?: string;
}

/** Route 53 API reference: the most items one page can hold. */
const recordSetsPerPageMax = 300;
const zonesPerPageMax = 100;

/**
 * Performs one operation.
 *
 * @throws ApiError for every refusal that the caller is to read.
 */
export async function perform(
  route: Route,
  body: string,
  context: OperationContext,
): Promise<Answer> {
  switch (route.action) {
    case "ChangeResourceRecordSets":
      return await changeRecordSets(route.zoneId, body, context);
    case "ListResourceRecordSets":
      return listRecordSets(route.zoneId, route.query, context);
    case "GetChange":
      return getChange(route.changeId, context);
    case "GetHostedZone":
      return ok(responses.renderHostedZone(zoneOf(route.zoneId, context)));
    case "ListHostedZones":
      return listZones(route.query, context);
    case "ListHostedZonesByName":
      return listZonesByName(route.query, context);
    case "CreateHostedZone":
      return createHostedZone(body, context);
    case "DeleteHostedZone":
      return deleteHostedZone(route.zoneId, context);
    default:
      return assertNever(route);
  }
}

async function changeRecordSets(
  zoneId: string,
  body: string,
  context: OperationContext,
): Promise<Answer> {
  const { account, timings, now, wait, onChanges } = context;
  const hosted = zoneOf(zoneId, context);
  const { comment, changes } = parseChangeBatch(body);
  onChanges(changes);
  if (hosted.isBusy) throw priorRequestNotComplete();
  hosted.isBusy = true;
  try {
    if (timings.changeHandlingMs > 0) await wait(timings.changeHandlingMs);
    const submittedAtMs = now();
    const outcome = hosted.zone.applyBatch(changes, submittedAtMs + timings.appearAfterMs);
    if (outcome.kind === "refused") throw invalidChangeBatch(outcome.problems);
    const insyncAtMs = submittedAtMs + timings.insyncAfterMs;
    const change = account.acceptChange({ comment, submittedAtMs, insyncAtMs });
    return ok(responses.renderChange("ChangeResourceRecordSetsResponse", change, "PENDING"));
  } finally {
    hosted.isBusy = false;
  }
}

function listRecordSets(zoneId: string, query: URLSearchParams, context: OperationContext): Answer {
  const { zone } = zoneOf(zoneId, context);
  const start = readStart(query);
  const all = zone.recordSets();
  const from = start === undefined ? all : all.filter((set) => compareRecordSets(set, start) >= 0);
  const maxItems = readMaxItems(query, recordSetsPerPageMax);
  return ok(
    responses.renderRecordSetPage({
      recordSets: from.slice(0, maxItems),
      maxItems,
      next: from[maxItems],
    }),
  );
}

/** Where a listing starts. Without a type it is the first type at that name. */
function readStart(query: URLSearchParams): Pick<RecordSet, "name" | "type"> | undefined {
  const nameText = query.get("name");
  const typeText = query.get("type");
  if (nameText === null) {
    if (typeText !== null) throw invalidInput("Expected a name together with the type, got none");
    return undefined;
  }
  const name = readNameParameter(nameText);
  if (typeText === null) return { name, type: "A" };
  if (!isRecordType(typeText)) {
    throw invalidInput(`Expected a type the stand-in knows, got '${typeText}'`);
  }
  return { name, type: typeText };
}

function getChange(changeId: string, { account, now }: OperationContext): Answer {
  const change = account.changeById(changeId);
  if (change === undefined) throw noSuchChange(changeId);
  const status = now() >= change.insyncAtMs ? "INSYNC" : "PENDING";
  return ok(responses.renderChange("GetChangeResponse", change, status));
}

function listZones(query: URLSearchParams, { account }: OperationContext): Answer {
  const all = account.hostedZones();
  const marker = query.get("marker");
  const first = marker === null ? 0 : all.findIndex(({ id }) => id === marker);
  if (first < 0) throw invalidInput(`Expected a marker from an earlier page, got '${marker}'`);
  const maxItems = readMaxItems(query, zonesPerPageMax);
  const from = all.slice(first);
  const page = { zones: from.slice(0, maxItems), maxItems, next: from[maxItems] };
  return ok(responses.renderZonePage(page));
}

/** The name is where the list starts, not a filter: zones sorted after it follow. */
function listZonesByName(query: URLSearchParams, { account }: OperationContext): Answer {
  const nameText = query.get("dnsname");
  const startId = query.get("hostedzoneid") ?? "";
  const startName = nameText === null ? undefined : readNameParameter(nameText);
  const all = [...account.hostedZones()].sort(compareZones);
  const from = all.filter(({ id, zone }) => {
    if (startName === undefined) return true;
    const order = compareNames(zone.name, startName);
    return order > 0 || (order === 0 && id >= startId);
  });
  const maxItems = readMaxItems(query, zonesPerPageMax);
  const page = { zones: from.slice(0, maxItems), maxItems, next: from[maxItems] };
  return ok(responses.renderZonesByName(page, startName));
}

function createHostedZone(body: string, context: OperationContext): Answer {
  const { account, timings, now } = context;
  const { name, callerReference } = parseNewHostedZone(body);
  const reading = readName(name);
  if (reading.kind === "invalid") {
    throw new ApiError(400, "InvalidDomainName", reading.problem);
  }
  if (account.hostedZones().some((zone) => zone.callerReference === callerReference)) {
    throw new ApiError(
      409,
      "HostedZoneAlreadyExists",
      `A hosted zone has already been created with the caller reference: ${callerReference}`,
    );
  }
  const hosted = account.addZone({ name: reading.name, callerReference });
  const submittedAtMs = now();
  const insyncAtMs = submittedAtMs + timings.insyncAfterMs;
  const change = account.acceptChange({ comment: "", submittedAtMs, insyncAtMs });
  const location = `/2013-04-01/hostedzone/${hosted.id}`;
  return { status: 201, body: responses.renderCreatedZone(hosted, change), location };
}

function deleteHostedZone(zoneId: string, context: OperationContext): Answer {
  const { account, timings, now } = context;
  const hosted = zoneOf(zoneId, context);
  if (hosted.isBusy) throw priorRequestNotComplete();
  const others = hosted.zone.recordSets().filter(({ type }) => type !== "SOA" && type !== "NS");
  if (others.length > 0) {
    throw new ApiError(
      400,
      "HostedZoneNotEmpty",
      `Expected SOA and NS records only, got ${others.length} other record sets`,
    );
  }
  account.removeZone(zoneId);
  const submittedAtMs = now();
  const insyncAtMs = submittedAtMs + timings.insyncAfterMs;
  const change = account.acceptChange({ comment: "", submittedAtMs, insyncAtMs });
  return ok(responses.renderChange("DeleteHostedZoneResponse", change, "PENDING"));
}

function zoneOf(zoneId: string, { account }: OperationContext): HostedZone {
  const hosted = account.zoneById(zoneId);
  if (hosted === undefined) throw noSuchHostedZone(zoneId);
  return hosted;
}

function compareZones(left: HostedZone, right: HostedZone): number {
  const byName = compareNames(left.zone.name, right.zone.name);
  if (byName !== 0) return byName;
  return left.id < right.id ? -1 : 1;
}

function readNameParameter(text: string): string {
  const reading = readName(text);
  if (reading.kind === "invalid") throw invalidInput(reading.problem);
  return reading.name;
}

function readMaxItems(query: URLSearchParams, max: number): number {
  const text = query.get("maxitems");
  if (text === null) return max;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw invalidInput(`Expected maxitems to be a positive number, got '${text}'`);
  }
  return Math.min(Number(text), max);
}

function ok(body: string): Answer {
  return { status: 200, body };
}
