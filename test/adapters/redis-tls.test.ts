import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { connect, createServer as createPlainServer, type Server } from "node:net";
import { createServer } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { tlsPortOf } from "../../lab/redis/config-file.ts";
import { connectBy } from "../../lib/adapters/redis-connection.ts";
import type { Address } from "../../lib/core/config.ts";
import { absorbSample, unknownNode } from "../../lib/core/detector.ts";
import { verdictOf } from "../../lib/core/verdict.ts";
import { success } from "../../lib/ports/errors.ts";
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

describe("N20 a server that demands a certificate", () => {
  const own = makeCertificate({ dnsName: "observer.test" });
  const shown = { tls: { ...access.tls, cert: own.cert, key: own.key } };

  async function startDemanding(known = own.cert): Promise<Address> {
    const { host, port } = await lab.start({ tls: { ...trusted, ca: trusted.cert + known } });
    return { host, port: tlsPortOf(port) };
  }

  test("is asked and changed by who shows the right one", async () => {
    const address = await startDemanding();

    const sample = await lab.nodes(shown).probe(nodeAt(address), wants);
    const opened = await lab.nodes(shown).openSession(nodeAt(address), deadlineMs);
    const marked = opened.ok ? await opened.value.setMarker(7, deadlineMs) : opened;

    expect(sample).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master" } });
    expect(marked.ok).toBe(true);
    if (opened.ok) opened.value.close();
  });

  const outdated = makeCertificate({ dnsName: "observer.test", untilYear: 2021 });
  const unknown = makeCertificate({ dnsName: "observer.test" });
  test.each([
    ["none", access.tls],
    ["one that it does not know", { ...access.tls, cert: unknown.cert, key: unknown.key }],
    ["one that was good until 2021", { ...access.tls, cert: outdated.cert, key: outdated.key }],
    ["one that does not fit its key", { ...access.tls, cert: own.cert, key: unknown.key }],
    ["one that can't be read", { ...access.tls, cert: own.cert, key: "no key" }],
  ])("and is shown %s has denied us, and is never down", async (_what, tls) => {
    const node = nodeAt(await startDemanding(own.cert + outdated.cert));
    const nodes = lab.nodes({ tls });

    const samples = [await nodes.probe(node, wants), await nodes.probe(node, wants)];
    const opened = await lab.nodes({ tls }).openSession(node, deadlineMs);
    const observed = opened.ok ? await opened.value.observe(deadlineMs) : opened;

    for (const sample of samples) {
      expect(sample.reply).toMatchObject({ kind: "error", code: "TLS" });
    }
    const memory = samples.reduce(absorbSample, unknownNode(node.id));
    expect(verdictOf(memory, defaultSettings, 3_600_000).kind).toBe("denied");
    expect(observed).toMatchObject({ ok: false, kind: "denied", isOutcomeKnown: true });
    expect(JSON.stringify([samples, observed])).not.toContain("no key");
  });

  test("is asked with what the secrets are then, after it refused them", async () => {
    const node = nodeAt(await startDemanding());
    let renewals = 0;
    const renew = async () => {
      renewals += 1;
      return success(shown);
    };
    const nodes = lab.nodes(access, undefined, renew);

    const refused = await nodes.probe(node, wants);
    const later = await nodes.probe(node, wants);

    expect(refused.reply).toMatchObject({ code: "TLS" });
    expect(later.reply).toEqual({ kind: "pong" });
    expect(renewals).toBe(1);
  });
});

test("N26 a server behind TLS that has a name is held to that name, wherever it is", async () => {
  const address = await startBehind(trusted);
  const lookup = {
    find: async () => success([{ address: address.host, family: 4 as const }]),
  };
  const nodes = lab.nodes({ tls: { ca: trusted.cert } }, connectBy(lookup, deadlineMs));

  const named = await nodes.probe(nodeAt({ host: "redis.test", port: address.port }), wants);
  const misnamed = await nodes.probe(nodeAt({ host: "another.test", port: address.port }), wants);

  expect(named.reply).toEqual({ kind: "pong" });
  expect(misnamed.reply).toMatchObject({ kind: "error", code: "TLS" });
});
