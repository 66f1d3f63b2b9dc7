import type { AcceptedChange, HostedZone } from "./account.ts";
import type { RecordSet } from "./record-set.ts";
import { document, group, leaf } from "./xml.ts";

/** One page of ListResourceRecordSets. */
export interface RecordSetPage {
  readonly recordSets: readonly RecordSet[];
  readonly maxItems: number;
  /** The first record set of the next page; undefined on the last one. */
  readonly next: RecordSet | undefined;
}

/** One page of ListHostedZones or ListHostedZonesByName. */
export interface ZonePage {
  readonly zones: readonly HostedZone[];
  readonly maxItems: number;
  readonly next: HostedZone | undefined;
}

export type ChangeStatus = "PENDING" | "INSYNC";

export function renderError(
  status: number,
  code: string,
  message: string,
  requestId: string,
): string {
  const type = leaf("Type", status >= 500 ? "Receiver" : "Sender");
  const error = group("Error", [type, leaf("Code", code), leaf("Message", message)]);
  return document("ErrorResponse", [error, leaf("RequestId", requestId)]);
}

/** The answer to a change (`ChangeResourceRecordSets`), a GetChange or a DeleteHostedZone. */
export function renderChange(
  rootName: string,
  change: AcceptedChange,
  status: ChangeStatus,
): string {
  return document(rootName, [changeInfo(change, status)]);
}

export function renderRecordSetPage({ recordSets, maxItems, next }: RecordSetPage): string {
  const tail =
    next === undefined
      ? []
      : [leaf("NextRecordName", next.name), leaf("NextRecordType", next.type)];
  return document("ListResourceRecordSetsResponse", [
    group("ResourceRecordSets", recordSets.map(recordSetElement)),
    leaf("IsTruncated", next !== undefined),
    ...tail,
    leaf("MaxItems", maxItems),
  ]);
}

export function renderHostedZone(hosted: HostedZone): string {
  return document("GetHostedZoneResponse", [hostedZoneElement(hosted), delegationSet(hosted)]);
}

export function renderCreatedZone(hosted: HostedZone, change: AcceptedChange): string {
  return document("CreateHostedZoneResponse", [
    hostedZoneElement(hosted),
    changeInfo(change, "PENDING"),
    delegationSet(hosted),
  ]);
}

export function renderZonePage({ zones, maxItems, next }: ZonePage): string {
  return document("ListHostedZonesResponse", [
    group("HostedZones", zones.map(hostedZoneElement)),
    leaf("IsTruncated", next !== undefined),
    ...(next === undefined ? [] : [leaf("NextMarker", next.id)]),
    leaf("MaxItems", maxItems),
  ]);
}

export function renderZonesByName(page: ZonePage, startName: string | undefined): string {
  const { zones, maxItems, next } = page;
  const tail =
    next === undefined
      ? []
      : [leaf("NextDNSName", next.zone.name), leaf("NextHostedZoneId", next.id)];
  return document("ListHostedZonesByNameResponse", [
    group("HostedZones", zones.map(hostedZoneElement)),
    ...(startName === undefined ? [] : [leaf("DNSName", startName)]),
    leaf("IsTruncated", next !== undefined),
    ...tail,
    leaf("MaxItems", maxItems),
  ]);
}

function changeInfo({ id, comment, submittedAtMs }: AcceptedChange, status: ChangeStatus): string {
  return group("ChangeInfo", [
    leaf("Id", `/change/${id}`),
    leaf("Status", status),
    leaf("SubmittedAt", new Date(submittedAtMs).toISOString()),
    ...(comment === "" ? [] : [leaf("Comment", comment)]),
  ]);
}

function recordSetElement({ name, type, ttlSeconds, values }: RecordSet): string {
  const records = values.map((value) => group("ResourceRecord", [leaf("Value", value)]));
  return group("ResourceRecordSet", [
    leaf("Name", name),
    leaf("Type", type),
    leaf("TTL", ttlSeconds),
    group("ResourceRecords", records),
  ]);
}

function hostedZoneElement({ id, callerReference, zone }: HostedZone): string {
  return group("HostedZone", [
    leaf("Id", `/hostedzone/${id}`),
    leaf("Name", zone.name),
    leaf("CallerReference", callerReference),
    group("Config", [leaf("PrivateZone", false)]),
    leaf("ResourceRecordSetCount", zone.recordSets().length),
  ]);
}

function delegationSet({ zone }: HostedZone): string {
  const servers = zone.find(zone.name, "NS")?.values ?? [];
  // The API names servers without the trailing dot that the NS record has.
  const names = servers.map((server) => leaf("NameServer", server.replace(/\.$/, "")));
  return group("DelegationSet", [group("NameServers", names)]);
}
