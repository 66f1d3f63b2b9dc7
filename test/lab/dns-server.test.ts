import dgram from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import net from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Answer,
  type DecodedPacket,
  decode,
  encode,
  type RecordType,
  streamEncode,
} from "dns-packet";
import type { RecordSet } from "../../lab/route53/record-set.ts";
import { type Route53StandIn, startRoute53 } from "../../lab/route53/server.ts";

const rcode = { noError: 0, formErr: 1, nxDomain: 3, notImp: 4, refused: 5 };
const longTexts = Array.from({ length: 12 }, (_, index) => `"${index}${"x".repeat(60)}"`);

let nowMs = 1_000_000;
let standIn: Route53StandIn;
let resolver: Resolver;

beforeEach(async () => {
  nowMs = 1_000_000;
  standIn = await startRoute53({ zones: ["redis.test", "eu.redis.test"], now: () => nowMs });
  create(
    set("a.redis.test", "A", ["10.0.0.1", "10.0.0.2"], 5),
    set("six.redis.test", "AAAA", ["2001:db8::1:2", "::ffff:10.0.0.9"]),
    set("main.redis.test", "CNAME", ["a.redis.test."], 7),
    set("away.redis.test", "CNAME", ["elsewhere.example."]),
    set("child.redis.test", "CNAME", ["x.eu.redis.test."]),
    set("dangling.redis.test", "CNAME", ["missing.redis.test."]),
    set("ring-1.redis.test", "CNAME", ["ring-2.redis.test."]),
    set("ring-2.redis.test", "CNAME", ["ring-1.redis.test."]),
    set("text.redis.test", "TXT", ['"epoch=41" "say \\"hi\\""', '"\\344"']),
    set("_redis._tcp.redis.test", "SRV", ["1 2 6379 a.redis.test.", "3 4 6380 six.redis.test."]),
    set("a.re.redis.test", "A", ["10.0.0.5"]),
    set("deep.er.redis.test", "A", ["10.0.0.3"]),
    set("*.redis.test", "A", ["10.0.0.4"]),
    set("long.redis.test", "TXT", longTexts),
  );
  resolver = new Resolver({ timeout: 5000, tries: 1 });
  resolver.setServers([`127.0.0.1:${standIn.dnsPort}`]);
});

afterEach(async () => {
  resolver.cancel();
  await standIn.close();
});

describe("through node's resolver", () => {
  test("A and AAAA come with the TTL of the record", async () => {
    expect(await resolver.resolve4("a.redis.test", { ttl: true })).toEqual([
      { address: "10.0.0.1", ttl: 5 },
      { address: "10.0.0.2", ttl: 5 },
    ]);
    expect(await resolver.resolve6("six.redis.test")).toEqual(["2001:db8::1:2", "::ffff:10.0.0.9"]);
  });

  test("a CNAME is found by name and followed for an address", async () => {
    expect(await resolver.resolveCname("main.redis.test")).toEqual(["a.redis.test"]);
    expect(await resolver.resolve4("main.redis.test")).toEqual(["10.0.0.1", "10.0.0.2"]);
  });

  test("SRV targets and TXT strings survive the wire", async () => {
    expect(await resolver.resolveSrv("_redis._tcp.redis.test")).toMatchObject([
      { priority: 1, weight: 2, port: 6379, name: "a.redis.test" },
      { priority: 3, weight: 4, port: 6380, name: "six.redis.test" },
    ]);
    expect(await resolver.resolveTxt("text.redis.test")).toEqual([["epoch=41", 'say "hi"'], ["ä"]]);
  });

  test("the apex has SOA and NS", async () => {
    expect(await resolver.resolveSoa("redis.test")).toMatchObject({
      minttl: 86_400,
      refresh: 7200,
    });
    expect(await resolver.resolveNs("redis.test")).toHaveLength(2);
  });

  test("a missing name is ENOTFOUND, a missing type ENODATA, a foreign zone refused", async () => {
    await expect(resolver.resolve4("no.redis.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
    await expect(resolver.resolve6("a.redis.test")).rejects.toMatchObject({ code: "ENODATA" });
    await expect(resolver.resolve4("a.example")).rejects.toMatchObject({ code: "EREFUSED" });
  });

  test("an answer too long for UDP is fetched over TCP on the same port", async () => {
    expect(await resolver.resolveTxt("long.redis.test")).toHaveLength(longTexts.length);
  });
});

describe("answers", () => {
  // Names are short for those in redis.test, and @ is the apex itself.
  test.each<[string, string, number, string, string]>([
    ["the spelling of the question is kept", "A.RE A", 0, "A A.RE", ""],
    ["an alias comes before its target", "main A", 0, "CNAME main, A a, A a", ""],
    ["an alias to a name without the type is NODATA", "main AAAA", 0, "CNAME main", "SOA @"],
    ["an alias to nothing is NXDOMAIN", "dangling A", 3, "CNAME dangling", "SOA @"],
    ["an alias out of all zones stands alone", "away A", 0, "CNAME away", ""],
    ["an alias into another zone stands alone", "child A", 0, "CNAME child", ""],
    ["a ring of aliases ends", "ring-1 A", 0, "CNAME ring-1, CNAME ring-2", ""],
    ["the closest zone answers", "nope.eu A", 3, "", "SOA eu"],
    ["a name with only names below it is NODATA", "er A", 0, "", "SOA @"],
    ["a type the zone cannot hold is NODATA", "a MX", 0, "", "SOA @"],
    ["a literal star matches itself only", "* A", 0, "A *", ""],
    ["ANY lists the sets of the name", "@ ANY", 0, "NS @, NS @, SOA @", ""],
  ])("%s", async (_title, question, code, answers, authorities) => {
    const [name = "", type = ""] = question.split(" ");
    const reply = await askUdp(query(longName(name), type));
    expect(codeOf(reply)).toBe(code);
    expect(reply.flag_aa).toBe(true);
    expect(reply.flag_qr && reply.flag_rd && !reply.flag_ra).toBe(true);
    expect(shortNames(reply.answers)).toBe(answers);
    expect(shortNames(reply.authorities)).toBe(authorities);
  });

  test("a refusal is not authoritative: no zone, a transfer, another class", async () => {
    for (const message of [
      query("a.example", "A"),
      query("redis.test", "AXFR"),
      encode({ id: 1, questions: [{ name: "redis.test", type: "SOA", class: "CH" }] }),
    ]) {
      const reply = await askUdp(message);
      expect([codeOf(reply), reply.flag_aa, reply.answers]).toEqual([rcode.refused, false, []]);
    }
  });

  test("NXDOMAIN may be remembered for the TTL of the SOA", async () => {
    const reply = await askUdp(query("no.redis.test", "A"));
    expect(reply.authorities).toMatchObject([{ type: "SOA", ttl: 900 }]);
  });

  test("a change shows in DNS only after its delay, by the injected clock", async () => {
    standIn.timings.appearAfterMs = 100;
    const changes = [
      {
        action: "DELETE" as const,
        recordSet: set("main.redis.test", "CNAME", ["a.redis.test."], 7),
      },
      {
        action: "CREATE" as const,
        recordSet: set("main.redis.test", "CNAME", ["b.redis.test."], 7),
      },
    ];
    standIn.zone("redis.test").applyBatch(changes, nowMs + standIn.timings.appearAfterMs);
    expect(standIn.zone("redis.test").find("main.redis.test", "CNAME")?.values).toEqual([
      "b.redis.test.",
    ]);
    const shown: unknown[] = [];
    for (const elapsedMs of [0, 99, 1]) {
      nowMs += elapsedMs;
      const { answers = [] } = await askUdp(query("main.redis.test", "CNAME"));
      shown.push(...answers.map((answer) => "data" in answer && answer.data));
    }
    expect(shown).toEqual(["a.redis.test", "a.redis.test", "b.redis.test"]);
  });
});

describe("messages", () => {
  test("UDP answers over 512 bytes are truncated without EDNS and whole with it", async () => {
    const cut = await askUdp(query("long.redis.test", "TXT"));
    expect([cut.flag_tc, cut.answers, cut.additionals]).toEqual([true, [], []]);
    const whole = await askUdp(query("long.redis.test", "TXT", 4096));
    expect([whole.flag_tc, whole.answers?.length]).toEqual([false, longTexts.length]);
    expect(whole.additionals).toMatchObject([{ type: "OPT" }]);
  });

  test("what is no query is answered by an error or not at all, and serving goes on", async () => {
    const undecodable = Buffer.concat([
      query("a.redis.test", "A").subarray(0, 12),
      Buffer.from([0xc0]),
    ]);
    expect(codeOf(await askUdp(undecodable))).toBe(rcode.formErr);
    const noQuestion = encode({ id: 1, questions: [] });
    expect(codeOf(await askUdp(noQuestion))).toBe(rcode.formErr);
    const notify = query("redis.test", "SOA");
    notify.writeUInt16BE(4 << 11, 2);
    expect(codeOf(await askUdp(notify))).toBe(rcode.notImp);
    const strangeBytes = query("a.redis.test", "A");
    strangeBytes[13] = 0xff;
    expect(codeOf(await askUdp(strangeBytes))).toBe(rcode.formErr);
    // Neither of these is answered, so the one answer that comes belongs to the query behind them.
    const response = encode({ type: "response", id: 9, questions: [] });
    const reply = await askUdp(Buffer.from("short"), response, query("a.redis.test", "A"));
    expect([reply.id, codeOf(reply)]).toEqual([1, rcode.noError]);
  });

  test("a TCP connection serves several queries, whole or in pieces", async () => {
    const socket = await connect();
    const first = streamEncode({ id: 11, questions: [{ name: "a.redis.test", type: "A" }] });
    const second = streamEncode({ id: 12, questions: [{ name: "no.redis.test", type: "A" }] });
    const third = streamEncode({ id: 13, questions: [{ name: "long.redis.test", type: "TXT" }] });
    const replies = readFrames(socket, 3);
    for (const byte of first) socket.write(Buffer.from([byte]));
    socket.write(Buffer.concat([second, third.subarray(0, 5)]));
    socket.write(third.subarray(5));
    expect(
      (await replies).map((reply) => [reply.id, codeOf(reply), reply.answers?.length]),
    ).toEqual([
      [11, rcode.noError, 2],
      [12, rcode.nxDomain, 0],
      [13, rcode.noError, longTexts.length],
    ]);
    socket.destroy();
  });

  test("garbage closes its own TCP connection only", async () => {
    const [good, empty, broken] = [await connect(), await connect(), await connect()];
    empty.write(Buffer.from([0, 0]));
    broken.write(Buffer.concat([Buffer.from([0, 20]), Buffer.alloc(20, 0x7f)]));
    await Promise.all([once(empty, "close"), once(broken, "close")]);
    const replies = readFrames(good, 1);
    good.write(streamEncode({ id: 5, questions: [{ name: "a.redis.test", type: "A" }] }));
    expect((await replies).map(({ id }) => id)).toEqual([5]);
    good.destroy();
  });

  test("close ends open TCP connections", async () => {
    const socket = await connect();
    const closed = once(socket, "close");
    await standIn.close();
    await closed;
  });
});

function set(name: string, type: RecordSet["type"], values: readonly string[], ttlSeconds = 60) {
  return { name, type, ttlSeconds, values };
}

function create(...recordSets: readonly RecordSet[]): void {
  const changes = recordSets.map((recordSet) => ({ action: "CREATE" as const, recordSet }));
  expect(standIn.zone("redis.test").applyBatch(changes)).toEqual({ kind: "applied" });
}

function query(name: string, type: string, udpPayloadSize?: number): Buffer {
  const opt = { type: "OPT", name: ".", extendedRcode: 0, ednsVersion: 0, flags: 0 } as const;
  const additionals =
    udpPayloadSize === undefined ? [] : [{ ...opt, udpPayloadSize, flag_do: false, options: [] }];
  // The codec encodes ANY as well, which its list of types leaves out.
  const questions = [{ name, type: type as RecordType }];
  return encode({ type: "query", id: 1, flags: 0x100, questions, additionals });
}

function longName(shortName: string): string {
  return shortName === "@" ? "redis.test" : `${shortName}.redis.test`;
}

function shortNames(answers: readonly Answer[] = []): string {
  const shown = answers.map(
    ({ type, name }) => `${type} ${name === "redis.test" ? "@" : name.replace(".redis.test", "")}`,
  );
  return shown.join(", ");
}

function codeOf(reply: DecodedPacket): number {
  return (reply.flags ?? 0) & 0xf;
}

/** Sends the datagrams in order and returns the first answer. */
async function askUdp(...messages: readonly Buffer[]): Promise<DecodedPacket> {
  const socket = dgram.createSocket("udp4");
  try {
    const answered = new Promise<Buffer>((resolve) => socket.once("message", resolve));
    for (const message of messages) socket.send(message, standIn.dnsPort, "127.0.0.1");
    return decode(await answered);
  } finally {
    socket.close();
  }
}

async function connect(): Promise<net.Socket> {
  const socket = net.connect(standIn.dnsPort, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function readFrames(socket: net.Socket, count: number): Promise<DecodedPacket[]> {
  const replies: DecodedPacket[] = [];
  let bytes = Buffer.alloc(0);
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, part]);
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      const end = 2 + bytes.readUInt16BE(0);
      replies.push(decode(bytes.subarray(2, end)));
      bytes = bytes.subarray(end);
    }
    if (replies.length >= count) return replies;
  }
  throw new Error(`expected ${count} answers, got ${replies.length}`);
}
