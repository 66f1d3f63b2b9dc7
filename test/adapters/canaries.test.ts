import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createDynamoStore, createTableClient } from "../../lib/adapters/dynamo-store.ts";
import { notificationOf } from "../../lib/adapters/notification.ts";
import { openConnection } from "../../lib/adapters/redis-connection.ts";
import { createRedisNodes } from "../../lib/adapters/redis-nodes.ts";
import { createSnsNotifier } from "../../lib/adapters/sns-notifier.ts";
import { systemClock } from "../../lib/adapters/system-clock.ts";
import { createSecretSource } from "../../lib/config/secrets.ts";
import type { RedisAccess } from "../../lib/ports/redis.ts";
import { group, nodes, problemsOf } from "../config/load-stage.ts";
import { storedEvent } from "../support/builders.ts";
import { reportedEvent, topicArn } from "../support/notifications.ts";

/**
 * Recognisable secrets through the errors that could tell them: everything that a port fails with may end in a log line, an
 * event, a notification, a heartbeat or the table.
 */

const password = "canary-of-the-nodes";
const awsSecret = "canary-of-the-account";
const sessionToken = "canary-of-the-session";
const privateKey = "canary-of-the-key";
const canaries = [password, awsSecret, sessionToken, privateKey];

const ends: (() => Promise<unknown>)[] = [];
const environmentBefore = { ...process.env };
afterEach(async () => {
  process.env = { ...environmentBefore };
  for (const end of ends.splice(0)) await end();
});

function expectNoCanary(said: unknown): void {
  const text = JSON.stringify(said);
  for (const canary of canaries) expect(text).not.toContain(canary);
}

/** AWS as it answers a signature that does not fit: with the request as it should have been signed. */
async function serveBadSignature(): Promise<void> {
  const server = createServer((request, response) => {
    const signed = Object.entries(request.headers).map(([name, value]) => `${name}:${value}`);
    const message = `The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n${signed.join("\n")}'`;
    response.writeHead(403, { "content-type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify({ __type: "com.amazon#InvalidSignatureException", message }));
  });
  const port = await listen(server);
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_REGION: "eu-west-1" },
    ...{ AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: awsSecret },
    AWS_SESSION_TOKEN: sessionToken,
  });
}

async function listen(server: ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return address.port;
}

describe("AWS, which shows the session token where a signature does not fit", () => {
  test("is told of without it, whatever was asked", async () => {
    await serveBadSignature();
    const client = createTableClient("eu-west-1");
    ends.push(async () => client.destroy());
    const store = createDynamoStore({
      table: "t",
      deployment: "t",
      client,
      onUnreadable: () => {},
    });
    const secrets = createSecretSource({ clock: systemClock, region: "eu-west-1" });
    const notifier = createSnsNotifier(topicArn);
    const context = { deployment: "t", observer: "a", at: "2030-01-31T04:00:00.000Z" };

    const said = await Promise.all([
      store.readState("cache"),
      store.appendEvent(storedEvent("1")),
      store.listConfigs(),
      secrets.resolve({ password: "ssm:/lambda-sentinel/redis" }, undefined),
      secrets.resolve({ password: "secretsmanager:lambda-sentinel/redis" }, undefined),
      notifier.notify(notificationOf(reportedEvent(), context), new AbortController().signal),
    ]);

    expect(said.map((one) => one.ok)).toEqual(said.map(() => false));
    expect(JSON.stringify(said)).toContain("does not match the signature");
    expectNoCanary(said);
  });
});

type Quote = (words: readonly string[]) => string;

/** As Redis does with commands that were renamed. */
const asRedis: Quote = (words) =>
  `-ERR unknown command 'AUTH', with args beginning with: ${words.map((word) => `'${word}'`).join(" ")}`;

/** A server that quotes what it is sent. */
async function serveQuoting(quote: Quote): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const words = String(chunk)
        .split("\r\n")
        .filter((word) => word !== "" && !/^[*$]\d+$/.test(word));
      const line = `${quote(words)}\r\n`;
      const commands = String(chunk).match(/(^|\n)\*\d+\r/g)?.length ?? 1;
      socket.write(line.repeat(commands));
    });
    ends.unshift(async () => socket.destroy());
  });
  return listen(server);
}

async function probeWith(
  access: Omit<RedisAccess, "markerKey" | "killBusyScripts">,
  quote: Quote = asRedis,
) {
  const at = { host: "127.0.0.1", port: await serveQuoting(quote) };
  const node = { id: `127.0.0.1:${at.port}`, probe: at, replicate: at, publish: at };
  const all = { ...access, markerKey: null, killBusyScripts: false };
  const renew = () => Promise.resolve({ ok: true as const, value: access });
  const redis = createRedisNodes(all, systemClock, openConnection, renew);
  ends.unshift(() => redis.close());
  const wants = { info: true, rehearse: "no", timeoutMs: 1_000, reconnectAfterMs: 60_000 } as const;
  return [await redis.probe(node, wants), await redis.openSession(node, 1_000)];
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

  test("that is to be shown a key which is none", async () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${privateKey}\n-----END PRIVATE KEY-----\n`;
    const said = await probeWith({ auth: { password }, tls: { cert: pem, key: pem } });

    expectNoCanary(said);
  });
});

describe("a file that holds a secret itself", () => {
  test.each([
    ["as the password", `auth: { password: "${password}" }`],
    ["as a list of passwords", `auth: { password: ["${password}"] }`],
    ["as the key", `tls: { cert: "env:C", key: "${privateKey}" }`],
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
