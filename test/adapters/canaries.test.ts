import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { openConnection } from "../../lib/adapters/redis-connection.ts";
import { createRedisNodes } from "../../lib/adapters/redis-nodes.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import { createSecretSource } from "../../lib/config/secrets.ts";
import type { RedisAccess } from "../../lib/ports/redis.ts";
import { group, nodes, problemsOf } from "../config/load-stage.ts";
import {
  asRedis,
  endCanaries,
  endsWith,
  expectNoCanary,
  listen,
  password,
  privateKey,
  type Quote,
  serveQuoting,
} from "../support/canaries.ts";
import { makeCertificate } from "../support/certificate.ts";

afterEach(endCanaries);

type Access = Omit<RedisAccess, "markerKey" | "killBusyScripts">;

async function probeWith(access: Access, quote: Quote = asRedis) {
  return probeAt(await serveQuoting(quote), access);
}

async function probeAt(port: number, access: Access) {
  const at = { host: "127.0.0.1", port };
  const node = { id: `127.0.0.1:${at.port}`, probe: at, replicate: at, publish: at };
  const all = { ...access, markerKey: null, killBusyScripts: false };
  const renew = () => Promise.resolve({ ok: true as const, value: access });
  const redis = createRedisNodes(all, systemClock, openConnection, renew);
  endsWith(() => redis.close());
  const wants = { info: true, rehearse: "no", timeoutMs: 1_000, reconnectAfterMs: 60_000 } as const;
  return [await redis.probe(node, wants), await redis.openSession(node, 1_000)] as const;
}

describe("a node", () => {
  test("that says the password in other words than Redis does", async () => {
    const said = await probeWith(
      { auth: { password } },
      (words) => `-ERR what is ${words.join(" ")}?`,
    );

    expect(JSON.stringify(said)).toContain("(not shown)");
    expectNoCanary(said);
  });

  test("that quotes the login which it does not understand", async () => {
    const said = await probeWith({ auth: { username: "watcher", password } });

    expect(JSON.stringify(said)).toContain("ERR");
    expectNoCanary(said);
  });

  test("that quotes inside the answer to a transaction", async () => {
    const port = await serveQuoting(() => `*1\r\n-ERR what is ${password}?`);
    const access = { auth: { password }, markerKey: null, killBusyScripts: false };
    const opened = await openConnection({ host: "127.0.0.1", port }, access, 1_000);
    if (!opened.ok) throw new Error(opened.why);
    endsWith(async () => opened.value.close());

    const replies = await opened.value.exchange([["EXEC"]], 1_000);

    const [reply] = replies.ok ? replies.value : [];
    const answers = reply?.ok && Array.isArray(reply.value) ? reply.value.map(String) : [];
    expect(answers).toEqual(["Error: ERR what is (not shown)?"]);
  });

  test("that is to be shown a key which is none", async () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${privateKey}\n-----END PRIVATE KEY-----\n`;
    const said = await probeWith({ auth: { password }, tls: { cert: pem, key: pem } });

    expectNoCanary(said);
  });
});

describe("a node behind TLS", () => {
  const own = makeCertificate();
  const other = makeCertificate({ dnsName: "another.test" });
  const keyWith = own.key.replace(/[A-Za-z0-9+/]{17}/, privateKey);
  const shown = { cert: own.cert, key: own.key };

  test.each([
    ["nobody vouches for", own, { ...shown, servername: "redis.test" }],
    ["is another server's", other, { ...shown, ca: other.cert, servername: "redis.test" }],
    ["is right, and is shown a broken key", own, { ca: own.cert, cert: own.cert, key: keyWith }],
    ["is right, and is shown what is no certificate", own, { cert: privateKey, key: own.key }],
    ["is right, and is held to what is no authority", own, { ca: password }],
    ["is right, and is asked by another name", own, { ca: own.cert, servername: "other.test" }],
  ])("whose certificate %s", async (_what, { cert, key }, tls) => {
    const server = createTlsServer({ cert, key });
    server.on("tlsClientError", () => {});
    const port = await listen(server);

    const [sample, opened] = await probeAt(port, { auth: { password }, tls });

    expect(sample.reply.kind).toBe("error");
    expect(opened.ok).toBe(false);
    const keyLines = own.key.split("\n").filter((line) => line !== "" && !line.startsWith("-"));
    const said = JSON.stringify([sample, opened]);
    for (const line of keyLines) expect(said).not.toContain(line);
    expectNoCanary(said);
  });
});

describe("a file that holds a secret itself", () => {
  test.each([
    ["as the password", `auth: { password: "${password}" }`],
    ["as a list of passwords", `auth: { password: ["${password}"] }`],
    ["as the key", `tls: { cert: "env:C", key: "${privateKey}" }`],
    ["as all there is of TLS", `tls: "${privateKey}"`],
    ["as a list of keys", `tls: ["${privateKey}"]`],
    [
      "behind its certificate",
      `tls: { ca: "-----BEGIN CERTIFICATE-----PRIVATE KEY${privateKey}" }`,
    ],
    ["where a key stands", `auth: { ${password} }`],
    ["where a key of TLS stands", `tls: { ${privateKey}: true }`],
    ["with a colon in it", `auth: { password: { ${password}: 1 } }`],
    ["with a colon in a broken line", `auth: { password: ${password}: 1 }`],
    ["in an address", `auth: "redis://watcher:${password}@10.0.0.1"`],
  ])("%s is refused without showing it", (_what, line) => {
    const said = problemsOf(group(nodes, line));

    expect(said.length).toBeGreaterThan(0);
    expectNoCanary(said);
  });
});

describe("a secret", () => {
  test("that is no reference, or is not there, is told by its place alone", async () => {
    const secrets = createSecretSource({ clock: systemClock, env: { WRONG: "" } });
    const said = [
      await secrets.resolve({ password }, undefined),
      await secrets.resolve({ password: "env:WRONG" }, undefined),
      await secrets.resolve({ password: "env:MISSING" }, { key: privateKey }),
    ];

    expect(said.map((one) => one.ok)).toEqual([false, false, false]);
    expectNoCanary(said);
  });
});
