import { describe, expect, test } from "@jest/globals";
import { planPublication, type RecordSet, wantedRecords } from "../../lib/core/records.ts";
import { planTakeover } from "../../lib/core/takeover.ts";
import { dns, groupConfig } from "../support/builders.ts";

const owner = { deployment: "prod", group: "cache", epoch: 3 };
const wanted = wantedRecords(groupConfig(), dns, owner, { host: "10.0.0.1", port: 6379 });
const companion = (text: string): RecordSet => ({
  ...{ name: `_lambda-sentinel.${dns.name}`, type: "TXT", ttlSeconds: 60 },
  values: [text],
});
const ownText = (change: Partial<typeof owner>): string => {
  const { deployment, group, epoch } = { ...owner, ...change };
  return `"owner=lambda-sentinel deployment=${deployment} group=${group} epoch=${epoch} master=10.9.9.9:6379"`;
};
const stranger: RecordSet = { name: dns.name, type: "A", ttlSeconds: 300, values: ["10.9.9.9"] };
const spf: RecordSet = { name: dns.name, type: "TXT", ttlSeconds: 300, values: ['"v=spf1 -all"'] };

/** The zone after a batch that finds exactly what it deletes; a batch that does not, fails. */
function zoneAfter(zone: readonly RecordSet[], found: readonly RecordSet[]): readonly RecordSet[] {
  const plan = planTakeover(found, wanted, owner);
  if (plan.kind !== "take") throw new Error(`expected a takeover, got ${plan.kind}`);
  let records = zone;
  for (const { action, record } of plan.take.changes) {
    const isRead = (one: RecordSet) => JSON.stringify(one) === JSON.stringify(record);
    if (action === "DELETE" && !records.some(isRead)) throw new Error("not what was read");
    records = action === "CREATE" ? [...records, record] : records.filter((one) => !isRead(one));
  }
  return records;
}

describe("taking a name over", () => {
  test.each([
    ["an address that somebody wrote", [stranger]],
    ["one beside a text that is nobody's business", [stranger, spf]],
    ["another group's", [companion(ownText({ group: "orders", epoch: 90 })), stranger]],
    ["another deployment's", [companion(ownText({ deployment: "old", epoch: 90 })), stranger]],
    ["a companion that is no text of ours", [companion('"hello"'), stranger]],
  ])("%s leaves it as it is, and lets the observers publish", (_name, found) => {
    expect(planPublication(found, wanted, owner).kind).toBe("refused");
    const after = zoneAfter(found, found);
    expect(after).toContainEqual(stranger);
    expect(after.filter((one) => one.name === wanted[0]?.name)).toEqual([wanted[0]]);
    expect(planPublication(after, wanted, owner).kind).toBe("change");
  });

  test("says what stands there, and whose it is", () => {
    const found = [companion(ownText({ deployment: "old", epoch: 90 })), stranger];
    expect(planTakeover(found, wanted, owner)).toMatchObject({
      take: { strangers: [stranger], from: { deployment: "old", group: "cache", epoch: 90 } },
    });
  });

  test("fails as a whole where the zone is not what was shown", () => {
    const moved = { ...stranger, values: ["10.9.9.10"] };
    expect(() => zoneAfter([moved], [stranger])).toThrow("not what was read");
  });

  test("is not for what is ours, nor for what nobody has written", () => {
    expect(planTakeover([], wanted, owner)).toEqual({ kind: "ours" });
    expect(planTakeover(wanted, wanted, owner)).toEqual({ kind: "ours" });
    const older = [companion(ownText({ epoch: 2 })), stranger];
    expect(planTakeover(older, wanted, owner)).toEqual({ kind: "ours" });
  });

  test.each([
    [
      "ours, of an epoch that the table has not reached",
      [companion(ownText({ epoch: 9 }))],
      "epoch 9",
    ],
    ["an alias", [{ ...stranger, values: [] }], "is an alias or has a routing policy"],
    ["weighted records", [stranger, { ...stranger, values: ["10.9.9.8"] }], "routing policy"],
  ])("is refused for %s", (_name, found, why) => {
    expect(planTakeover(found, wanted, owner)).toEqual({
      kind: "refused",
      why: expect.stringContaining(why),
    });
  });
});
