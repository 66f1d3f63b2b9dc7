import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Change, ChangeAction, RecordType } from "../../lab/route53/record-set.ts";
import { createZone, type Zone } from "../../lab/route53/zone.ts";

let zone: Zone;

beforeEach(() => {
  zone = createZone("Redis.test");
  apply(create("a", "A", "10.0.0.1|10.0.0.2"), create("c", "CNAME", "b.test."));
});

describe("a batch is refused for", () => {
  const manyAddresses = Array.from({ length: 501 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  const manyTexts = Array.from({ length: 9 }, (_, i) => `"${i}${"x".repeat(250)}"`);

  test.each<[string, readonly Change[], string]>([
    ["a DELETE of nothing", [remove("no", "A", "10.0.0.1")], "but it was not found"],
    ["another TTL", [remove("a", "A", "10.0.0.1|10.0.0.2", 61)], "do not match the current values"],
    ["part of the values", [remove("a", "A", "10.0.0.1")], "do not match the current values"],
    ["a CREATE of what exists", [create("a", "A", "10.0.0.1")], "but it already exists"],
    [
      "a CNAME beside an A",
      [create("a", "CNAME", "b.test.")],
      "RRSet of type CNAME with DNS name a.redis.test. is not permitted as it conflicts with " +
        "other records with the same DNS name in zone redis.test.",
    ],
    ["an A beside a CNAME", [upsert("c", "A", "10.0.0.1")], "a conflicting RRSet of type CNAME"],
    [
      "a CNAME at the apex",
      [create("@", "CNAME", "b.test.")],
      "RRSet of type CNAME with DNS name redis.test. is not permitted at apex in zone redis.test.",
    ],
    ["two CNAME values", [upsert("c", "CNAME", "a.test.|b.test.")], "permitted one value, got 2"],
    [
      "a name outside",
      [create("x.example.", "A", "10.0.0.1")],
      "RRSet with DNS name x.example. is not permitted in zone redis.test.",
    ],
    ["a name that only ends alike", [create("xredis.test.", "A", "10.0.0.1")], "not permitted in"],
    ["a delegation", [create("sub", "NS", "ns.test.")], "the stand-in has no delegations"],
    ["a second SOA", [create("sub", "SOA", "a.")], "is not permitted below apex"],
    [
      "duplicates",
      [create("d", "A", "10.0.0.1|10.0.0.1")],
      "Duplicate Resource Record: '10.0.0.1'",
    ],
    [
      "two changes to one record set",
      [upsert("d", "A", "10.0.0.1"), upsert("d", "A", "10.0.0.2")],
      "an invalid set of changes for a resource record set 'A d.redis.test.'",
    ],
    ["no values", [create("d", "A", "")], "at least one value"],
    ["a TTL below 0", [create("d", "A", "10.0.0.1", -1)], "from 0 to 2147483647 seconds, got -1"],
    ["a TTL above 2^31-1", [create("d", "A", "10.0.0.1", 2 ** 31)], "got 2147483648"],
    ["no IPv4", [create("d", "A", "10.0.0.256")], "encountered with '10.0.0.256'"],
    ["no IPv6", [create("d", "AAAA", "fe80::1%eth0")], "not a valid IPv6 address"],
    ["a bare TXT", [create("d", "TXT", "plain")], "enclosed in quotation marks"],
    ["an open TXT", [create("d", "TXT", '"a"x')], "enclosed in quotation marks"],
    ["a TXT escape", [create("d", "TXT", '"\\x"')], "unsupported characters"],
    ["a long TXT", [create("d", "TXT", `"${"x".repeat(256)}"`)], "CharacterStringTooLong"],
    ["a longer TXT", [create("d", "TXT", '"x" '.repeat(1001))], "TXTRDATATooLong"],
    ["an SRV to no name", [create("d", "SRV", "1 2 3 a..b")], "DomainLabelEmpty"],
    ["a malformed SRV", [create("d", "SRV", "1")], "priority, weight, port and target"],
    ["a malformed SOA", [upsert("@", "SOA", "a.b.")], "two names and five numbers"],
    ["a CNAME to no name", [create("d", "CNAME", "a..b.")], "DomainLabelEmpty"],
    ["a long label", [create("x".repeat(64), "A", "10.0.0.1")], "DomainLabelTooLong"],
    ["a long name", [create(`${"x.".repeat(123)}y`, "A", "10.0.0.1")], "DomainNameTooLong"],
    ["a letter outside ASCII", [create("ä", "A", "10.0.0.1")], "UnsupportedCharacter"],
    ["a half escape", [create("\\05", "A", "10.0.0.1")], "UnsupportedCharacter"],
    [
      "more than 1000 records",
      [upsert("d", "A", manyAddresses.join("|"))],
      "limit of 1000 exceeded, got 1003",
    ],
    [
      "more than 32000 characters",
      Array.from({ length: 15 }, (_, i) => create(`t${i}`, "TXT", manyTexts.join("|"))),
      "limit of 32000 exceeded, got 34163",
    ],
  ])("%s", (_title, changes, text) => {
    const before = zone.recordSets();
    // The good change before the bad ones must not be applied either.
    expect(zone.applyBatch([create("fine", "A", "10.0.0.9"), ...changes])).toEqual({
      kind: "refused",
      problems: expect.arrayContaining([expect.stringContaining(text)]),
    });
    expect(zone.recordSets()).toEqual(before);
  });

  test("no changes at all", () => {
    expect(zone.applyBatch([])).toMatchObject({ kind: "refused" });
  });

  test("every reason at once, in the order of the changes", () => {
    const batch = [remove("a", "A", "10.0.0.9"), create("a", "A", "x"), remove("no", "TXT", '""')];
    const subject = "resource record set [name='a.redis.test.', type='A'] but";
    expect(zone.applyBatch(batch)).toEqual({
      kind: "refused",
      problems: [
        `Tried to delete ${subject} the values provided do not match the current values`,
        `Tried to create ${subject} it already exists`,
        "Tried to delete resource record set [name='no.redis.test.', type='TXT'] " +
          "but it was not found",
      ],
    });
  });

  test("a DELETE of the apex SOA or NS", () => {
    for (const type of ["SOA", "NS"] as const) {
      const current = zone.find("redis.test", type)?.values.join("|") ?? "";
      const ttlSeconds = type === "SOA" ? 900 : 172_800;
      const outcome = zone.applyBatch([remove("@", type, current, ttlSeconds)]);
      const problems = [expect.stringContaining(`${type} record`)];
      expect(outcome).toEqual({ kind: "refused", problems });
    }
  });
});

describe("a batch may", () => {
  test("replace a record by DELETE and CREATE, or the apex NS by UPSERT", () => {
    apply(remove("c", "CNAME", "b.test."), create("c", "A", "10.0.0.3"));
    apply(upsert("@", "NS", "ns.example."));
    expect(zone.find("c.redis.test", "CNAME")).toBeUndefined();
    expect(zone.find("c.redis.test", "A")?.values).toEqual(["10.0.0.3"]);
    expect(zone.find("redis.test", "NS")?.values).toEqual(["ns.example."]);
  });

  test("name records in any case, and values to delete in any order", () => {
    apply(upsert("A", "A", "10.0.0.5|10.0.0.6", 0));
    expect(zone.find("a.redis.test.", "A")).toEqual({
      name: "a.redis.test.",
      type: "A",
      ttlSeconds: 0,
      values: ["10.0.0.5", "10.0.0.6"],
    });
    apply(remove("\\101", "A", "10.0.0.6|10.0.0.5", 0));
    expect(zone.find("a.redis.test", "A")).toBeUndefined();
  });

  test("use characters that are kept as octal escapes", () => {
    apply(create("*", "A", "10.0.0.1"), create("x@\\040y", "A", "10.0.0.1"));
    const names = zone.recordSets().map(({ name }) => name);
    expect(names).toContain("\\052.redis.test.");
    expect(names).toContain("x\\100\\040y.redis.test.");
  });

  test("hold the values of every type", () => {
    apply(
      create("v6", "AAAA", "2001:db8::1|::"),
      create("t", "TXT", '""|"a b" "\\"\\\\"|"\\101"'),
      create("_redis._tcp", "SRV", "0 65535 6379 a.redis.test|0 0 0 ."),
      upsert("@", "SOA", "a.b. c.d. 2 3 4 5 4294967295"),
      create("max", "A", "10.0.0.1", 2 ** 31 - 1),
    );
    expect(zone.recordSets()).toHaveLength(8);
  });
});

test("a zone needs a domain name", () => {
  expect(() => createZone("a..b")).toThrow("expected a domain name");
});

function apply(...changes: readonly Change[]): void {
  expect(zone.applyBatch(changes)).toEqual({ kind: "applied" });
}

function create(name: string, type: RecordType, values: string, ttlSeconds = 60): Change {
  return change("CREATE", name, type, values, ttlSeconds);
}

function remove(name: string, type: RecordType, values: string, ttlSeconds = 60): Change {
  return change("DELETE", name, type, values, ttlSeconds);
}

function upsert(name: string, type: RecordType, values: string, ttlSeconds = 60): Change {
  return change("UPSERT", name, type, values, ttlSeconds);
}

/** A change of values parted by `|`; a name without a last dot is below redis.test, @ the apex. */
function change(
  action: ChangeAction,
  shortName: string,
  type: RecordType,
  values: string,
  ttlSeconds: number,
): Change {
  const inZone = shortName === "@" ? "redis.test" : `${shortName}.redis.test`;
  const name = shortName.endsWith(".") ? shortName : inZone;
  const recordSet = { name, type, ttlSeconds, values: values === "" ? [] : values.split("|") };
  return { action, recordSet };
}
