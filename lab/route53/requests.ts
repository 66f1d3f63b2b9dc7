import { invalidInput } from "./api-error.ts";
import { type Change, isChangeAction, isRecordType, isTtlSeconds } from "./record-set.ts";
import {
  childNames,
  children,
  onlyChild,
  optionalChild,
  parseDocument,
  textOf,
  type XmlElement,
} from "./xml.ts";

/** The checked body of a ChangeResourceRecordSets request. */
export interface ChangeBatch {
  readonly comment: string;
  readonly changes: readonly Change[];
}

/** The checked body of a CreateHostedZone request. */
export interface NewHostedZone {
  readonly name: string;
  readonly callerReference: string;
}

const recordSetElements = ["Name", "Type", "TTL", "ResourceRecords"];

/**
 * Reads the body of a ChangeResourceRecordSets request. What the stand-in does not know is
 * refused rather than passed over, so that no test leans on it.
 *
 * @throws ApiError InvalidInput when the document is not of that form.
 */
export function parseChangeBatch(body: string): ChangeBatch {
  const batch = onlyChild(parseDocument(body, "ChangeResourceRecordSetsRequest"), "ChangeBatch");
  const comment = optionalChild(batch, "Comment");
  return {
    comment: comment === undefined ? "" : textOf(comment),
    changes: children(onlyChild(batch, "Changes"), "Change").map(readChange),
  };
}

/**
 * Reads the body of a CreateHostedZone request.
 *
 * @throws ApiError InvalidInput when the document is not of that form.
 */
export function parseNewHostedZone(body: string): NewHostedZone {
  const root = parseDocument(body, "CreateHostedZoneRequest");
  return {
    name: textOf(onlyChild(root, "Name")),
    callerReference: textOf(onlyChild(root, "CallerReference")),
  };
}

function readChange(element: XmlElement): Change {
  const action = textOf(onlyChild(element, "Action"));
  if (!isChangeAction(action)) {
    throw invalidInput(`Expected Action to be CREATE, DELETE or UPSERT, got '${action}'`);
  }
  const recordSet = onlyChild(element, "ResourceRecordSet");
  const strange = childNames(recordSet).filter((name) => !recordSetElements.includes(name));
  if (strange.length > 0) {
    throw invalidInput(`Expected a simple record set, got one with ${strange.join(", ")}`);
  }
  const type = textOf(onlyChild(recordSet, "Type"));
  if (!isRecordType(type)) {
    throw invalidInput(`Expected Type to be one the stand-in knows, got '${type}'`);
  }
  const records = children(onlyChild(recordSet, "ResourceRecords"), "ResourceRecord");
  return {
    action,
    recordSet: {
      name: textOf(onlyChild(recordSet, "Name")),
      type,
      ttlSeconds: readTtlSeconds(textOf(onlyChild(recordSet, "TTL"))),
      values: records.map((record) => textOf(onlyChild(record, "Value"))),
    },
  };
}

function readTtlSeconds(text: string): number {
  const ttlSeconds = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!isTtlSeconds(ttlSeconds)) {
    throw invalidInput(`Expected TTL from 0 to 2147483647 seconds, got '${text}'`);
  }
  return ttlSeconds;
}
