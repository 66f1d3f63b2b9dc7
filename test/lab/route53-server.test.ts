import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { GetHostedZoneCommand, PriorRequestNotComplete } from "@aws-sdk/client-route-53";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type Route53Options, startRoute53 } from "../../lab/route53/server.ts";
import { change, type Harness, refusal, startHarness } from "./route53-harness.ts";

let rig: Harness;

async function start(options: Partial<Route53Options> = {}, maxAttempts = 1): Promise<void> {
  rig = await startHarness(options, maxAttempts);
}

afterEach(async () => {
  await rig.close();
});

describe("limits", () => {
  test("requests over the burst are throttled until the bucket refills", async () => {
    await start({ rateLimit: { burst: 2, perSecond: 10 } });
    await rig.listed();
    await rig.listed();
    const throttled = { name: "Throttling", $metadata: { httpStatusCode: 400 } };
    expect(await refusal(rig.listed())).toMatchObject(throttled);
    rig.clock.nowMs += 99;
    expect(await refusal(rig.listed())).toMatchObject(throttled);
    rig.clock.nowMs += 1;
    await rig.listed();
    await expect(start({ rateLimit: { burst: 0, perSecond: 1 } })).rejects.toThrow("burst");
  });

  test("the default lets 50 requests through at once", async () => {
    await start();
    const outcomes = await Promise.allSettled(Array.from({ length: 51 }, () => rig.listed()));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(50);
  });

  test("a second change to a zone at work is refused, another zone is not", async () => {
    const handling = Promise.withResolvers<void>();
    const handled = Promise.withResolvers<void>();
    const waits: number[] = [];
    await start({
      changeHandlingMs: 250,
      wait: async (durationMs) => {
        waits.push(durationMs);
        handling.resolve();
        await handled.promise;
      },
    });
    const first = rig.change(change("CREATE", "a", "A", "10.0.0.1"));
    await handling.promise;
    const error = await refusal(rig.change(change("CREATE", "b", "A", "10.0.0.1")));
    expect(error).toBeInstanceOf(PriorRequestNotComplete);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 400 } });
    expect(await rig.listed()).toEqual([]);
    handled.resolve();
    await first;
    await rig.change(change("CREATE", "b", "A", "10.0.0.1"));
    expect(await rig.listed()).toHaveLength(2);
    expect(waits).toEqual([250, 250]);
  });

  test("a refused batch ends its turn", async () => {
    await start({ changeHandlingMs: 1 });
    await refusal(rig.change(change("DELETE", "a", "A", "10.0.0.1")));
    await rig.change(change("CREATE", "a", "A", "10.0.0.1"));
  });
});

describe("faults", () => {
  test("unavailable answers 503 and can be turned off again", async () => {
    await start({ faults: { unavailable: true } });
    expect(await refusal(rig.listed())).toMatchObject({ $metadata: { httpStatusCode: 503 } });
    rig.standIn.faults.unavailable = false;
    expect(await rig.listed()).toEqual([]);
  });

  test("hang never answers and applies nothing; closing ends it", async () => {
    await start({ faults: { hang: true } });
    const hanging = refusal(rig.change(change("CREATE", "a", "A", "10.0.0.1")));
    await seen(1);
    expect(rig.standIn.access).toMatchObject([{ status: undefined, code: "Hang" }]);
    expect(rig.standIn.zone("redis.test").find("a.redis.test", "A")).toBeUndefined();
    await rig.standIn.close();
    expect(await hanging).toBeDefined();
  });

  test("a dropped reply applies the change, so the SDK's own retry is refused", async () => {
    await start({ faults: { dropReplyOnce: 1 } }, 2);
    await refusal(rig.change(change("DELETE", "a", "A", "10.0.0.1")));
    expect(rig.standIn.faults.dropReplyOnce).toBe(1);
    const error = await refusal(rig.change(change("CREATE", "a", "A", "10.0.0.1")));
    expect(error).toHaveProperty("message", expect.stringContaining("already exists"));
    expect(await rig.listed()).toEqual(["a.redis.test. A 60 10.0.0.1"]);
    expect(rig.standIn.access.map(({ code }) => code)).toEqual([
      "InvalidChangeBatch",
      "ReplyDropped",
      "InvalidChangeBatch",
      undefined,
    ]);
  });

  test("closing ends a change that is being handled", async () => {
    await start({ changeHandlingMs: 3_600_000 });
    const errors = ["a", "b"].map((name) =>
      refusal(rig.change(change("CREATE", name, "A", "10.0.0.1"))),
    );
    // Whichever came second is refused at once, and then the other one is known to be at work.
    expect(await Promise.race(errors)).toBeInstanceOf(PriorRequestNotComplete);
    await rig.standIn.close();
    expect(await Promise.all(errors)).toHaveLength(2);
    expect(rig.standIn.zone("redis.test").recordSets()).toHaveLength(2);
  });
});

test("DNS shows a change made through the API after its delay", async () => {
  await start({ appearAfterMs: 5000 });
  const resolver = new Resolver({ timeout: 5000, tries: 1 });
  resolver.setServers([`127.0.0.1:${rig.standIn.dnsPort}`]);
  await rig.change(change("CREATE", "a", "A", "10.0.0.1"));
  expect(await rig.listed()).toHaveLength(1);
  await expect(resolver.resolve4("a.redis.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
  rig.clock.nowMs += 5000;
  expect(await resolver.resolve4("a.redis.test")).toEqual(["10.0.0.1"]);
});

test("the access log tells what was asked and how it ended", async () => {
  const told: unknown[] = [];
  await start({ onAccess: (entry) => told.push(entry) });
  await rig.change(change("CREATE", "a", "A", "10.0.0.1"));
  await refusal(rig.client.send(new GetHostedZoneCommand({ Id: "Z0" })));
  const common = { time: rig.clock.nowMs, ms: 0 };
  const recordSet = { name: "a.redis.test", type: "A", ttlSeconds: 60, values: ["10.0.0.1"] };
  expect(told).toEqual([
    {
      ...common,
      method: "POST",
      action: "ChangeResourceRecordSets",
      zoneId: rig.zoneId,
      status: 200,
      code: undefined,
      changes: [{ action: "CREATE", recordSet }],
    },
    {
      ...common,
      method: "GET",
      action: "GetHostedZone",
      zoneId: "Z0",
      status: 404,
      code: "NoSuchHostedZone",
      changes: [],
    },
  ]);
  expect(rig.standIn.access).toEqual(told);
});

describe("requests the SDK would not send", () => {
  const wrap = (inner: string) =>
    `<ChangeResourceRecordSetsRequest>${inner}</ChangeResourceRecordSetsRequest>`;
  const batch = (set: string) =>
    wrap(
      `<ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet>${set}` +
        "</ResourceRecordSet></Change></Changes></ChangeBatch>",
    );
  const good =
    "<Name>a.redis.test</Name><Type>A</Type><TTL>60</TTL><ResourceRecords>" +
    "<ResourceRecord><Value>10.0.0.&#x31;</Value></ResourceRecord></ResourceRecords>";

  test.each<[string, string]>([
    ["no XML", "hello"],
    ["nothing", ""],
    ["an open element", "<ChangeResourceRecordSetsRequest>"],
    ["another root", "<Other/>"],
    ["two roots", `${wrap("")}<Other/>`],
    ["a document type", `<!DOCTYPE x [<!ENTITY a "b">]>${batch(good)}`],
    ["a deep tree", wrap("<x>".repeat(5000) + "</x>".repeat(5000))],
    ["a reserved name", wrap("<__proto__>x</__proto__>")],
    ["no batch", wrap("")],
    ["a doubled element", batch(`<Name>b.redis.test</Name>${good}`)],
    ["elements for text", batch(good.replace("60", "<x>60</x>"))],
    ["an unknown entity", batch(good.replace("&#x31;", "&nbsp;"))],
    ["a bare ampersand", batch(good.replace("&#x31;", "& 1"))],
    ["an impossible TTL", batch(good.replace("60", "2147483648"))],
    ["a TTL in words", batch(good.replace("60", "soon"))],
    ["an unknown type", batch(good.replace("<Type>A<", "<Type>CAA<"))],
    ["a routing policy", batch(`${good}<SetIdentifier>x</SetIdentifier><Weight>1</Weight>`)],
    ["an alias", batch(`${good}<AliasTarget><DNSName>b</DNSName></AliasTarget>`)],
    ["an unknown action", batch(good).replace("CREATE", "MOVE")],
  ])("%s in the body is InvalidInput", async (_title, body) => {
    await start();
    expect(await raw(body)).toEqual([400, "InvalidInput"]);
    expect(await raw(batch(good))).toEqual([200, ""]);
  });

  test("wrong paths, methods and sizes are refused by name", async () => {
    await start();
    expect(await raw("", "/")).toEqual([404, "UnknownOperationException"]);
    expect(await raw("", "/2013-04-01/hostedzone/%2e%2e/rrset")).toEqual([
      404,
      "UnknownOperationException",
    ]);
    expect(await raw("", `/2013-04-01/hostedzone/${rig.zoneId}`)).toEqual([
      405,
      "MethodNotAllowed",
    ]);
    expect(await raw(batch(good), "/2013-04-01/hostedzone/Z0/rrset/")).toEqual([
      404,
      "NoSuchHostedZone",
    ]);
    expect(await raw("x".repeat(1024 * 1024 + 1))).toEqual([413, "RequestEntityTooLarge"]);
    const bad = await raw("<CreateHostedZoneRequest/>", "/2013-04-01/hostedzone");
    expect(bad).toEqual([400, "InvalidInput"]);
    expect(await rig.listed()).toEqual([]);
  });

  test("bytes that are no HTTP, and a body cut short, end their connection only", async () => {
    await start();
    const port = Number(new URL(rig.standIn.endpoint).port);
    const noise = net.connect(port, "127.0.0.1").resume();
    noise.end("\u0000\u0001 noise\r\n\r\n");
    await once(noise, "close");
    const cut = net.connect(port, "127.0.0.1");
    const path = `/2013-04-01/hostedzone/${rig.zoneId}/rrset`;
    cut.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<Change`, () =>
      cut.destroy(),
    );
    await seen(1);
    expect(rig.standIn.access).toMatchObject([{ code: "RequestAborted" }]);
    expect(await rig.listed()).toEqual([]);
  });

  async function raw(
    body: string,
    path = `/2013-04-01/hostedzone/${rig.zoneId}/rrset`,
  ): Promise<[number, string]> {
    const answer = await fetch(rig.standIn.endpoint + path, { method: "POST", body });
    const text = await answer.text();
    return [answer.status, /<Code>(.*)<\/Code>/.exec(text)?.[1] ?? ""];
  }
});

describe("starting", () => {
  test("refuses ill-formed options", async () => {
    await start();
    await expect(startRoute53({ zones: ["a..b"] })).rejects.toThrow("expected a domain name");
    await expect(startRoute53({ zones: [], appearAfterMs: -1 })).rejects.toThrow("appearAfterMs");
  });

  test("fails on a taken port of either server and leaves nothing open", async () => {
    await start();
    const inUse = { code: "EADDRINUSE" };
    const port = Number(new URL(rig.standIn.endpoint).port);
    await expect(startRoute53({ zones: [], port })).rejects.toMatchObject(inUse);
    const { dnsPort } = rig.standIn;
    await expect(startRoute53({ zones: [], dnsPort })).rejects.toMatchObject(inUse);
    // A port that only UDP holds is refused as well, since both are served on one.
    const udp = createSocket("udp4").bind(0, "127.0.0.1");
    await once(udp, "listening");
    const heldPort = udp.address().port;
    await expect(startRoute53({ zones: [], dnsPort: heldPort })).rejects.toMatchObject(inUse);
    udp.close();
  });
});

/** Waits until so many requests have ended. */
async function seen(count: number): Promise<void> {
  while (rig.standIn.access.length < count) await delay(5);
}
