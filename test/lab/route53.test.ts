import { Resolver } from "node:dns/promises";
import {
  CreateHostedZoneCommand,
  DeleteHostedZoneCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  InvalidChangeBatch,
  InvalidInput,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandInput,
  NoSuchChange,
  NoSuchHostedZone,
} from "@aws-sdk/client-route-53";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startRoute53 } from "../../lab/route53/server.ts";
import { change, type Harness, refusal, startHarness } from "./route53-harness.ts";

let rig: Harness;

beforeEach(async () => {
  rig = await startHarness({ insyncAfterMs: 30_000 });
});

afterEach(async () => {
  await rig.close();
});

describe("conditional replacement", () => {
  test("a matching DELETE and CREATE replaces the record", async () => {
    await rig.change(change("CREATE", "main", "CNAME", "a.redis.test."));
    const { ChangeInfo } = await rig.change(
      change("DELETE", "main", "CNAME", "a.redis.test."),
      change("CREATE", "main", "CNAME", "b.redis.test."),
    );
    expect(ChangeInfo).toMatchObject({ Status: "PENDING", Comment: "lab" });
    expect(ChangeInfo?.Id).toMatch(/^\/change\/C[A-Z0-9]{13,20}$/);
    expect(ChangeInfo?.SubmittedAt).toEqual(new Date(rig.clock.nowMs));
    expect(await rig.listed()).toEqual(["main.redis.test. CNAME 60 b.redis.test."]);
  });

  test("a stale DELETE and CREATE is refused as a whole, with both reasons", async () => {
    await rig.change(change("CREATE", "main", "CNAME", "a.redis.test."));
    const error = await refusal(
      rig.change(
        change("DELETE", "main", "CNAME", "stale.redis.test."),
        change("CREATE", "main", "CNAME", "b.redis.test."),
        change("CREATE", "other", "A", "10.0.0.1"),
      ),
    );
    expect(error).toBeInstanceOf(InvalidChangeBatch);
    expect(error).toHaveProperty(
      "message",
      "[Tried to delete resource record set [name='main.redis.test.', type='CNAME'] but the " +
        "values provided do not match the current values, Tried to create resource record set " +
        "[name='main.redis.test.', type='CNAME'] but it already exists]",
    );
    expect(await rig.listed()).toEqual(["main.redis.test. CNAME 60 a.redis.test."]);
  });

  test("an epoch in a TXT record of the same batch tells A from a later A", async () => {
    const move = (from: string, to: string, epoch: number) =>
      rig.change(
        change("DELETE", "epoch", "TXT", `"epoch=${epoch}"`),
        change("CREATE", "epoch", "TXT", `"epoch=${epoch + 1}"`),
        change("DELETE", "main", "CNAME", from),
        change("CREATE", "main", "CNAME", to),
      );
    await rig.change(
      change("CREATE", "epoch", "TXT", '"epoch=1"'),
      change("CREATE", "main", "CNAME", "a.test."),
    );
    await move("a.test.", "b.test.", 1);
    await move("b.test.", "a.test.", 2);
    expect(await refusal(move("a.test.", "c.test.", 1))).toBeInstanceOf(InvalidChangeBatch);
    expect(await rig.listed()).toEqual([
      'epoch.redis.test. TXT 60 "epoch=3"',
      "main.redis.test. CNAME 60 a.test.",
    ]);
  });

  test("a dropped reply leaves the change applied, and its retry is refused", async () => {
    await rig.change(change("CREATE", "main", "CNAME", "a.test."));
    rig.standIn.faults.dropReplyOnce = 1;
    const replace = () =>
      rig.change(
        change("DELETE", "main", "CNAME", "a.test."),
        change("CREATE", "main", "CNAME", "b.test."),
      );
    expect(await refusal(replace())).not.toBeInstanceOf(InvalidChangeBatch);
    expect(await rig.listed()).toEqual(["main.redis.test. CNAME 60 b.test."]);
    expect(await refusal(replace())).toBeInstanceOf(InvalidChangeBatch);
    expect(rig.standIn.faults.dropReplyOnce).toBe(0);
  });
});

describe("listing", () => {
  test("follows reversed labels and type, in pages", async () => {
    await rig.change(
      ...["b", "a-b", "z.a", "a", "*"].map((name) => change("CREATE", name, "A", "10.0.0.1")),
      change("CREATE", "a", "TXT", '"<&>" "x"'),
    );
    const names: string[] = [];
    let position: Partial<ListResourceRecordSetsCommandInput> = {};
    for (let page = 0; page < 9; page += 1) {
      const answer = await rig.client.send(
        new ListResourceRecordSetsCommand({ HostedZoneId: rig.zoneId, MaxItems: 3, ...position }),
      );
      names.push(...(answer.ResourceRecordSets ?? []).map((set) => `${set.Name} ${set.Type}`));
      if (answer.IsTruncated !== true) break;
      const { NextRecordName: StartRecordName, NextRecordType: StartRecordType } = answer;
      position = { StartRecordName, StartRecordType };
    }
    expect(names.map((name) => name.replace("redis.test.", "@"))).toEqual([
      "@ NS",
      "@ SOA",
      "\\052.@ A",
      "a-b.@ A",
      "a.@ A",
      "a.@ TXT",
      "z.a.@ A",
      "b.@ A",
    ]);
    expect(await rig.listed()).toContain('a.redis.test. TXT 60 "<&>" "x"');
  });

  test("starts at a name and type, and refuses a type alone", async () => {
    await rig.change(
      change("CREATE", "a", "A", "10.0.0.1"),
      change("CREATE", "a", "TXT", '"x"'),
      change("CREATE", "b", "A", "10.0.0.1"),
    );
    const from = (input: object) =>
      rig.client.send(new ListResourceRecordSetsCommand({ HostedZoneId: rig.zoneId, ...input }));
    const answer = await from({ StartRecordName: "A.redis.test", StartRecordType: "SRV" });
    expect(answer.ResourceRecordSets?.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
      "a.redis.test. TXT",
      "b.redis.test. A",
    ]);
    expect(answer).toMatchObject({ IsTruncated: false, MaxItems: 300 });
    expect(await refusal(from({ StartRecordType: "A" }))).toBeInstanceOf(InvalidInput);
    expect(await refusal(from({ MaxItems: 0 }))).toBeInstanceOf(InvalidInput);
  });
});

describe("zones and changes", () => {
  test("a change is PENDING, blocks nothing, and is INSYNC after its time", async () => {
    const { ChangeInfo } = await rig.change(change("CREATE", "a", "A", "10.0.0.1"));
    await rig.change(change("CREATE", "b", "A", "10.0.0.1"));
    const status = async () =>
      (await rig.client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status;
    rig.clock.nowMs += 29_999;
    expect(await status()).toBe("PENDING");
    rig.clock.nowMs += 1;
    expect(await status()).toBe("INSYNC");
    const unknown = rig.client.send(new GetChangeCommand({ Id: "/change/C0000000000000" }));
    expect(await refusal(unknown)).toBeInstanceOf(NoSuchChange);
  });

  test("zones are created, found, listed by name, served and deleted", async () => {
    const input = { Name: "a.example", CallerReference: "once" };
    const created = await rig.client.send(new CreateHostedZoneCommand(input));
    const Id = created.HostedZone?.Id ?? "";
    expect(Id).toMatch(/^\/hostedzone\/Z[A-Z0-9]{13,20}$/);
    expect(created.Location).toBe(`/2013-04-01${Id}`);
    const again = refusal(rig.client.send(new CreateHostedZoneCommand(input)));
    expect(await again).toMatchObject({ name: "HostedZoneAlreadyExists" });
    const { HostedZone, DelegationSet } = await rig.client.send(new GetHostedZoneCommand({ Id }));
    expect(HostedZone).toMatchObject({ Id, Name: "a.example.", ResourceRecordSetCount: 2 });
    expect(DelegationSet?.NameServers).toHaveLength(2);
    const page = await rig.client.send(new ListHostedZonesCommand({ MaxItems: 1 }));
    expect(page).toMatchObject({ IsTruncated: true, NextMarker: Id.replace("/hostedzone/", "") });
    const rest = await rig.client.send(new ListHostedZonesCommand({ Marker: page.NextMarker }));
    expect(rest.HostedZones?.map(({ Name }) => Name)).toEqual(["a.example."]);
    const byName = await rig.client.send(
      new ListHostedZonesByNameCommand({ DNSName: "b.example" }),
    );
    expect(byName.HostedZones?.map(({ Name }) => Name)).toEqual(["redis.test."]);
    const firstByName = await rig.client.send(new ListHostedZonesByNameCommand({ MaxItems: 1 }));
    expect(firstByName).toMatchObject({ IsTruncated: true, NextDNSName: "redis.test." });
    expect(await nameServers("a.example")).toHaveLength(2);
    await rig.client.send(new DeleteHostedZoneCommand({ Id }));
    const missing = refusal(rig.client.send(new GetHostedZoneCommand({ Id })));
    expect(await missing).toBeInstanceOf(NoSuchHostedZone);
    await expect(nameServers("a.example")).rejects.toMatchObject({ code: "EREFUSED" });
    await rig.change(change("CREATE", "a", "A", "10.0.0.1"));
    const full = refusal(rig.client.send(new DeleteHostedZoneCommand({ Id: rig.zoneId })));
    expect(await full).toMatchObject({ name: "HostedZoneNotEmpty" });
  });

  test("an id can be fixed and must fit a zone", async () => {
    const fixed = await startHarness({ zoneIds: { "redis.test": "Z1234567890ABC" } });
    expect(fixed.zoneId).toBe("Z1234567890ABC");
    await fixed.close();
    expect(() => rig.standIn.zoneId("no.test")).toThrow("got no.test");
    await expect(startRoute53({ zones: ["a.test"], zoneIds: { "b.test": "Z1" } })).rejects.toThrow(
      "b.test",
    );
    await expect(startRoute53({ zones: ["a.test"], zoneIds: { "a.test": "x" } })).rejects.toThrow(
      "zone id",
    );
  });
});

async function nameServers(zoneName: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 5000, tries: 1 });
  resolver.setServers([`127.0.0.1:${rig.standIn.dnsPort}`]);
  return await resolver.resolveNs(zoneName);
}
