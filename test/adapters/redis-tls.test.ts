import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect, createServer as createPlainServer, type Server } from "node:net";
import { createServer } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Address } from "../../lib/core/config.ts";
import { absorbSample, unknownNode } from "../../lib/core/detector.ts";
import { verdictOf } from "../../lib/core/verdict.ts";
import { defaultSettings } from "../support/builders.ts";
import { type Certificate, makeCertificate } from "../support/certificate.ts";
import { deadlineMs, nodeAt, RedisLab, wants } from "../support/redis-lab.ts";

const lab = new RedisLab();
const servers: Server[] = [];

afterEach(async () => {
  await lab.close();
  await Promise.all(
    servers.splice(0).map(async (server) => {
      server.close();
      await once(server, "close");
    }),
  );
});

/** A Redis server behind TLS with this certificate. */
async function startBehind({ cert, key }: Certificate): Promise<Address> {
  const redis = await lab.start();
  const server = createServer({ cert, key }, (near) => {
    const far = connect(redis.port, redis.host);
    for (const one of [near, far]) {
      one.on("error", () => {});
      one.on("close", () => [near, far].forEach((other) => void other.destroy()));
    }
    near.pipe(far).pipe(near);
  });
  server.on("tlsClientError", () => {});
  return listenOn(server);
}

async function listenOn(server: Server): Promise<Address> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return { host: "127.0.0.1", port: address.port };
}

const trusted = makeCertificate();
const access = { tls: { ca: trusted.cert, servername: "redis.test" } };
const { privateKey: unknownKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

describe("N20 a server behind TLS", () => {
  test("whose certificate is right is asked", async () => {
    const address = await startBehind(trusted);

    const sample = await lab.nodes(access).probe(nodeAt(address), wants);

    expect(sample).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master" } });
  });

  const outdated = makeCertificate({ untilYear: 2021 });
  const misnamed = makeCertificate({ dnsName: "another.test" });
  const outside = makeCertificate({ issuer: "ca.test", signedBy: unknownKey });
  test.each([
    ["nobody vouches for", makeCertificate(), access],
    ["an authority that we don't know vouches for", outside, access],
    ["was good until 2021", outdated, { tls: { ...access.tls, ca: outdated.cert } }],
    ["names another server", misnamed, { tls: { ...access.tls, ca: misnamed.cert } }],
  ])("whose certificate %s is denied, and never down", async (_what, certificate, trust) => {
    const node = nodeAt(await startBehind(certificate));

    const sample = await lab.nodes(trust).probe(node, wants);
    const opened = await lab.nodes(trust).openSession(node, deadlineMs);

    expect(sample.reply).toMatchObject({ kind: "error", code: "TLS" });
    const memory = absorbSample(unknownNode(node.id), sample);
    expect(verdictOf(memory, defaultSettings, sample.receivedAtMs + 3_600_000).kind).toBe("denied");
    expect(opened).toMatchObject({ ok: false, kind: "denied", isOutcomeKnown: true });
  });

  test("that says something else is denied, and never down", async () => {
    const stranger = createPlainServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
      socket.end("-ERR this is no handshake\r\n");
    });
    const address = await listenOn(stranger);

    const sample = await lab.nodes(access).probe(nodeAt(address), wants);

    expect(sample.reply).toMatchObject({ kind: "error", code: "TLS" });
  });

  test("that nobody runs is refused as any other", async () => {
    const server = await lab.start();
    await server.kill();

    const sample = await lab.nodes(access).probe(nodeAt(server), wants);

    expect(sample.reply).toEqual({ kind: "refused" });
  });
});
