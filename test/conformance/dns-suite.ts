import { describe, expect, test } from "@jest/globals";
import type { DnsConfig } from "../../lib/core/config.ts";
import { type RecordSet, recordOf, wantedOf, wantedRecords } from "../../lib/core/records.ts";
import type { PublishRequest } from "../../lib/ports/dns.ts";
import { groupConfig, n0, n1, nodeConfig } from "../support/builders.ts";
import { failureOf, gotFrom } from "../support/results.ts";
import type { DnsPlay, DnsStage, DnsTrouble } from "./dns-stage.ts";
import { until } from "./stage.ts";

const name = "cache.redis.test";

function record(stage: DnsStage, change: Partial<DnsConfig> = {}): DnsConfig {
  return { zoneId: stage.zoneId, name, ttlSeconds: 5, srv: false, ...change };
}

/** Publishes this host of this epoch at the group's name. */
function request(
  stage: DnsStage,
  epoch: number,
  host: string,
  change: Partial<PublishRequest> = {},
): PublishRequest {
  const dns = change.dns ?? record(stage);
  const owner = change.owner ?? { deployment: "prod", group: "cache", epoch };
  const config = groupConfig({ name: owner.group });
  const wanted = wantedRecords(config, dns, owner, { host, port: 6379 });
  return { dns, owner, wanted, known: null, isCurrent: () => true, ...change };
}

const address = (host: string): RecordSet => ({ name, type: "A", ttlSeconds: 5, values: [host] });

const companion = (epoch: number, host: string) =>
  `_lambda-sentinel.${name} TXT "owner=lambda-sentinel deployment=prod group=cache epoch=${epoch} master=${host}:6379"`;

function published(epoch: number, host: string) {
  return [companion(epoch, host), `${name} A ${host}`];
}

function listed(stage: DnsStage): readonly string[] {
  return [...stage.listed()].sort();
}

/** What the protocol takes for granted of the zone (DESIGN 5). */
export function describeZone(zone: string, play: DnsPlay): void {
  describe(`publishing to ${zone}`, () => {
    test("creates address and companion, and the same again changes nothing", () =>
      play(async (stage) => {
        const dns = stage.dns();

        const first = gotFrom(await dns.publish(request(stage, 1, "10.0.0.1")));
        const again = gotFrom(await dns.publish(request(stage, 1, "10.0.0.1")));

        expect([first, again]).toEqual([{ isChanged: true }, { isChanged: false }]);
        expect(listed(stage)).toEqual(published(1, "10.0.0.1").sort());
        expect(gotFrom(await dns.read(record(stage)))).toHaveLength(2);
      }));

    test("moves the name with its SRV, whatever kind its address is, and is answered as a client asks", () =>
      play(async (stage) => {
        const dns = stage.dns();
        const srv = record(stage, { srv: true });
        gotFrom(await dns.publish(request(stage, 1, "10.0.0.1", { dns: srv })));
        const four = gotFrom(await dns.resolve(srv));
        gotFrom(await dns.publish(request(stage, 2, "2001:db8::2", { dns: srv })));
        const six = gotFrom(await dns.resolve(srv));
        gotFrom(await dns.publish(request(stage, 3, "n2.redis.test")));
        const alias = gotFrom(await dns.resolve(record(stage)));

        expect(four).toEqual({
          addresses: ["10.0.0.1"],
          alias: null,
          ports: [6379],
          ttlSeconds: 5,
        });
        expect(six).toEqual({
          addresses: ["2001:db8::2"],
          alias: null,
          ports: [6379],
          ttlSeconds: 5,
        });
        expect(alias).toMatchObject({ alias: "n2.redis.test" });
        // The group dropped its SRV, and the alias stands alone at its name.
        expect(listed(stage)).toEqual(
          [companion(3, "n2.redis.test"), `${name} CNAME n2.redis.test.`].sort(),
        );
      }));

    test("R6 what somebody changed by hand is repaired in the same epoch, also when it was not seen", () =>
      play(async (stage) => {
        const dns = stage.dns();
        gotFrom(await dns.publish(request(stage, 1, "10.0.0.1")));
        const known = gotFrom(await dns.read(record(stage)));
        stage.byHand("DELETE", address("10.0.0.1"));
        stage.byHand("CREATE", address("10.6.6.6"));

        const blind = await dns.publish(request(stage, 2, "10.0.0.2", { known }));
        const before = listed(stage);
        gotFrom(await dns.publish(request(stage, 2, "10.0.0.2")));

        // The batch deletes exactly what was read: it fails as a whole, and nothing of it is applied.
        expect(failureOf(blind)).toMatchObject({ kind: "throttled", isOutcomeKnown: true });
        expect(before).toEqual([companion(1, "10.0.0.1"), `${name} A 10.6.6.6`].sort());
        expect(listed(stage)).toEqual(published(2, "10.0.0.2").sort());
      }));

    test("F10 the replicas' name has a companion and a fate of its own", () =>
      play(async (stage) => {
        const dns = stage.dns();
        const names = { name, replicas: "cache-ro.redis.test" };
        const config = groupConfig({ dns: { ...record(stage), ...names } });
        const ofReplicas = recordOf(config, "replicas");
        if (ofReplicas === null) throw new Error("expected a name for the replicas");
        const publish = (epoch: number, master: string) => {
          const owner = { deployment: "prod", group: "cache", epoch };
          const wanted = wantedOf(config, "replicas", owner, nodeConfig(master));
          const about = { dns: ofReplicas, owner, wanted, known: null };
          return dns.publish({ ...about, isCurrent: () => true });
        };
        gotFrom(await dns.publish(request(stage, 1, "10.0.0.1")));
        gotFrom(await publish(1, n0));
        gotFrom(await publish(2, n1));

        const answered = gotFrom(await dns.resolve(ofReplicas)).addresses;
        expect([...answered].sort()).toEqual(["10.0.0.1", "10.0.0.3"]);
        expect(listed(stage)).toEqual(expect.arrayContaining(published(1, "10.0.0.1")));
        expect(listed(stage)).toHaveLength(4);
      }));

    test("R2 what is accepted is done, though it shows later; reading shows it at once", () =>
      play(async (stage) => {
        const dns = stage.dns();
        gotFrom(await dns.publish(request(stage, 1, "10.0.0.1")));
        stage.appearAfter(300);

        gotFrom(await dns.publish(request(stage, 2, "10.0.0.2")));
        const old = gotFrom(await dns.resolve(record(stage)));
        const read = gotFrom(await dns.read(record(stage)));

        expect(old.addresses).toEqual(["10.0.0.1"]);
        expect(read).toContainEqual(address("10.0.0.2"));
        await until(stage, async () => {
          return gotFrom(await dns.resolve(record(stage))).addresses[0] === "10.0.0.2";
        });
      }));

    test("a name that does not exist answers nothing, which is an answer", () =>
      play(async (stage) => {
        const nothing = gotFrom(await stage.dns().resolve(record(stage, { srv: true })));

        expect(nothing).toEqual({ addresses: [], alias: null, ports: [], ttlSeconds: null });
        expect(gotFrom(await stage.dns().read(record(stage)))).toEqual([]);
      }));
  });
  describeFence(zone, play);
  describeTroubles(zone, play);
}

function describeFence(zone: string, play: DnsPlay): void {
  describe(`the fence of ${zone}`, () => {
    test("S6 a stale leader's batch is refused as a whole", () =>
      play(async (stage) => {
        const [stale, current] = [stage.dns(), stage.dns()];
        gotFrom(await current.publish(request(stage, 1, "10.0.0.1")));
        const known = gotFrom(await stale.read(record(stage)));
        gotFrom(await current.publish(request(stage, 3, "10.0.0.3")));

        const late = failureOf(await stale.publish(request(stage, 2, "10.0.0.2", { known })));

        expect(late).toMatchObject({ kind: "refused", why: expect.stringContaining("epoch 3") });
        expect(listed(stage)).toEqual(published(3, "10.0.0.3").sort());
      }));

    test("two leaders of one epoch want the same: the later one finds it done", () =>
      play(async (stage) => {
        const [first, second] = [stage.dns(), stage.dns()];
        gotFrom(await first.publish(request(stage, 1, "10.0.0.1")));
        const known = gotFrom(await second.read(record(stage)));
        gotFrom(await first.publish(request(stage, 2, "10.0.0.2")));

        const done = await second.publish(request(stage, 2, "10.0.0.2", { known }));

        expect(done.ok).toBe(true);
        expect(listed(stage)).toEqual(published(2, "10.0.0.2").sort());
      }));

    test("R5 a batch that arrives after a newer epoch's changes nothing", () =>
      play(async (stage) => {
        const dns = stage.dns();
        gotFrom(await dns.publish(request(stage, 1, "10.0.0.1")));
        const late = await stage.troubled("delays every batch");

        const unknown = await late.publish(request(stage, 2, "10.0.0.2"));
        gotFrom(await dns.publish(request(stage, 3, "10.0.0.3")));
        stage.release();
        await stage.pass(500);

        expect(unknown.ok).toBe(false);
        expect(listed(stage)).toEqual(published(3, "10.0.0.3").sort());
      }));

    test.each([
      ["D13 another deployment", { deployment: "staging", group: "cache", epoch: 1 }],
      ["S18 another group", { deployment: "prod", group: "sessions", epoch: 1 }],
    ])("a name of %s is refused, and left as it is", (_whose, owner) =>
      play(async (stage) => {
        const dns = stage.dns();
        gotFrom(await dns.publish(request(stage, 1, "10.0.0.1", { owner })));
        const before = listed(stage);

        const refused = failureOf(await dns.publish(request(stage, 2, "10.0.0.2")));

        expect(refused.kind).toBe("refused");
        expect(listed(stage)).toEqual(before);
      }),
    );

    test("nothing is created beside a stranger's alias", () =>
      play(async (stage) => {
        const alias = { ...address("elsewhere.test."), type: "CNAME" as const };
        stage.byHand("CREATE", alias);

        const blind = await stage.dns().publish(request(stage, 1, "10.0.0.1", { known: [] }));

        expect(failureOf(blind).kind).toBe("refused");
        expect(listed(stage)).toEqual([`${name} CNAME elsewhere.test.`]);
      }));

    test("what STATE has overtaken is not sent", () =>
      play(async (stage) => {
        const overtaken = request(stage, 1, "10.0.0.1", { isCurrent: () => false });

        expect((await stage.dns().publish(overtaken)).ok).toBe(false);
        expect(listed(stage)).toEqual([]);
      }));
  });
}

function describeTroubles(zone: string, play: DnsPlay): void {
  describe(`${zone} that fails`, () => {
    test("R4 applied and the answer lost: done, by reading back", () =>
      play(async (stage) => {
        const dns = await stage.troubled("loses the next answer");

        const done = gotFrom(await dns.publish(request(stage, 1, "10.0.0.1")));

        expect(done).toEqual({ isChanged: true });
        expect(listed(stage)).toEqual(published(1, "10.0.0.1").sort());
      }));

    const cases: readonly (readonly [DnsTrouble, string, boolean])[] = [
      ["never answers", "timeout", false],
      ["throttles", "throttled", true],
      ["denies", "denied", true],
    ];
    test.each(cases)("R1, R3, R9 that %s: %s, outcome known: %s", (by, kind, isOutcomeKnown) =>
      play(async (stage) => {
        gotFrom(await stage.dns().publish(request(stage, 1, "10.0.0.1")));
        const dns = await stage.troubled(by);

        const failure = failureOf(await dns.publish(request(stage, 2, "10.0.0.2")));
        // The servers that answer queries go on.
        const answered = gotFrom(await dns.resolve(record(stage)));
        stage.release();

        expect(failure).toMatchObject({ kind, isOutcomeKnown });
        expect(answered.addresses).toEqual(["10.0.0.1"]);
        expect(listed(stage)).toEqual(published(1, "10.0.0.1").sort());
      }),
    );

    test("R1 a batch beside one that is in work is turned away, and goes through when it is tried again", () =>
      play(async (stage) => {
        const other = record(stage, { name: "other.redis.test" });
        const owner = { deployment: "prod", group: "other", epoch: 1 };
        stage.handleFor(400);

        const first = stage.dns().publish(request(stage, 1, "10.0.0.1", { known: [] }));
        await stage.pass(100);
        const second = request(stage, 1, "10.0.0.9", { dns: other, owner, known: [] });
        const turnedAway = failureOf(await stage.dns().publish(second));
        gotFrom(await first);
        gotFrom(await stage.dns().publish(second));

        expect(turnedAway).toMatchObject({ kind: "throttled", isOutcomeKnown: true });
        expect(turnedAway.why).toContain("PriorRequestNotComplete");
        expect(listed(stage)).toHaveLength(4);
      }));

    test("R9 a zone that is gone is refused", () =>
      play(async (stage) => {
        const dns = record(stage, { zoneId: "ZNOWHERE" });

        const refused = failureOf(
          await stage.dns().publish(request(stage, 1, "10.0.0.1", { dns })),
        );

        expect(refused).toMatchObject({ kind: "refused", isOutcomeKnown: true });
      }));
  });
}
