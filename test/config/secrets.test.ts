import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createSecretSource } from "../../lib/config/secrets.ts";

const secret = "hunter2";
const servers: Server[] = [];
const touched = ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"];
const before = new Map(touched.map((name) => [name, process.env[name]]));

afterEach(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Answer = { readonly status: number; readonly body: unknown } | "hang";

/** A server that speaks the JSON protocol of both secret stores, as far as one reply goes. */
async function serve(
  answer: (target: string, body: unknown) => Answer,
): Promise<{ asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      const target = String(request.headers["x-amz-target"]);
      asked.push(`${target} ${text}`);
      const reply = answer(target, JSON.parse(text));
      if (reply === "hang") return;
      response.writeHead(reply.status, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(reply.body));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("expected a port");
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${address.port}`;
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  process.env.AWS_REGION = "eu-west-1";
  return { asked };
}

function clock() {
  let now = 0;
  return {
    nowMs: () => now,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

describe("an environment variable", () => {
  test("holds the password", async () => {
    const source = createSecretSource({ clock: clock(), env: { PW: secret } });
    expect(await source.resolve({ username: "watcher", password: "env:PW" }, undefined)).toEqual({
      ok: true,
      value: { auth: { username: "watcher", password: secret } },
    });
  });

  test.each([
    [{}, "none"],
    [{ PW: "" }, "an empty one"],
  ])("that is not there is a failure: %j", async (env, got) => {
    const source = createSecretSource({ clock: clock(), env });
    expect(await source.resolve({ password: "env:PW" }, undefined)).toEqual({
      ok: false,
      kind: "refused",
      isOutcomeKnown: true,
      why: `expected environment variable PW to hold a secret, got ${got}`,
    });
  });
});

describe("nothing to resolve", () => {
  test("resolves to nothing", async () => {
    const source = createSecretSource({ clock: clock(), env: {} });
    expect(await source.resolve(undefined, undefined)).toEqual({ ok: true, value: {} });
    expect(await source.resolve(undefined, {})).toEqual({ ok: true, value: { tls: {} } });
  });

  test("certificates in the file are used as they are", async () => {
    const ca = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";
    const source = createSecretSource({ clock: clock(), env: {} });
    expect(await source.resolve(undefined, { ca, servername: "redis" })).toEqual({
      ok: true,
      value: { tls: { ca, servername: "redis" } },
    });
  });
});

test("a certificate of our own comes with its key, or the failure of either", async () => {
  const cert = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";
  const source = createSecretSource({ clock: clock(), env: { KEY: secret } });
  expect(await source.resolve(undefined, { cert, key: "env:KEY" })).toEqual({
    ok: true,
    value: { tls: { cert, key: secret } },
  });
  expect(await source.resolve(undefined, { cert, key: "env:NONE" })).toMatchObject({
    ok: false,
    why: expect.stringContaining("NONE"),
  });
});

describe("a parameter", () => {
  test("is read decrypted, once in five minutes, also by groups that ask together", async () => {
    const { asked } = await serve(() => ({ status: 200, body: { Parameter: { Value: secret } } }));
    const time = clock();
    const source = createSecretSource({ clock: time });
    const auth = { password: "ssm:/redis/orders" };
    const answers = await Promise.all([
      source.resolve(auth, undefined),
      source.resolve(auth, undefined),
    ]);
    time.advance(299_999);
    answers.push(await source.resolve(auth, undefined));
    expect(answers).toEqual(Array(3).fill({ ok: true, value: { auth: { password: secret } } }));
    expect(asked).toEqual([
      'AmazonSSM.GetParameter {"Name":"/redis/orders","WithDecryption":true}',
    ]);
    time.advance(1);
    await source.resolve(auth, undefined);
    expect(asked).toHaveLength(2);
  });

  test("goes on being used while it can't be read again", async () => {
    let isBroken = false;
    await serve(() =>
      isBroken
        ? { status: 400, body: { __type: "AccessDeniedException", message: "no" } }
        : { status: 200, body: { Parameter: { Value: secret } } },
    );
    const time = clock();
    const source = createSecretSource({ clock: time });
    await source.resolve({ password: "ssm:/a" }, undefined);
    isBroken = true;
    time.advance(300_000);
    expect((await source.resolve({ password: "ssm:/a" }, undefined)).ok).toBe(true);
  });

  test("that a server did not take is read again at once, and then every 15 seconds at most", async () => {
    let stored = "old";
    const { asked } = await serve(() => ({ status: 200, body: { Parameter: { Value: stored } } }));
    const time = clock();
    const source = createSecretSource({ clock: time });
    const auth = { password: "ssm:/a" };
    await source.resolve(auth, undefined);
    time.advance(15_000);
    stored = "new";

    const renewed = await Promise.all([
      source.renew(auth, undefined),
      source.renew(auth, undefined),
    ]);
    time.advance(14_999);
    await source.renew(auth, undefined);
    const resolved = await source.resolve(auth, undefined);
    const before = asked.length;
    time.advance(1);
    await source.renew(auth, undefined);

    expect([...renewed, resolved]).toEqual(
      Array(3).fill({ ok: true, value: { auth: { password: "new" } } }),
    );
    expect(before).toBe(2);
    expect(asked).toHaveLength(3);
  });

  test("that can't be read again is asked for every 15 seconds at most, and used as it was", async () => {
    let isBroken = false;
    const { asked } = await serve(() =>
      isBroken
        ? { status: 400, body: { __type: "AccessDeniedException", message: "no" } }
        : { status: 200, body: { Parameter: { Value: secret } } },
    );
    const time = clock();
    const source = createSecretSource({ clock: time });
    const auth = { password: "ssm:/a" };
    await source.resolve(auth, undefined);
    isBroken = true;
    time.advance(20_000);

    const answers = [];
    for (let second = 0; second < 15; second += 1) {
      answers.push(await source.renew(auth, undefined));
      time.advance(1_000);
    }

    expect(answers).toEqual(Array(15).fill({ ok: true, value: { auth: { password: secret } } }));
    expect(asked).toHaveLength(2);
  });

  test.each([
    ["ParameterNotFound", "refused", "expected parameter /a to exist, got ParameterNotFound"],
    ["AccessDeniedException", "denied", "read parameter /a: AccessDeniedException: no"],
  ])("that answers %s is a failure", async (type, kind, why) => {
    await serve(() => ({ status: 400, body: { __type: type, message: "no" } }));
    const source = createSecretSource({ clock: clock() });
    const got = await source.resolve({ password: "ssm:/a" }, undefined);
    expect(got).toEqual({ ok: false, kind, isOutcomeKnown: true, why });
  });

  test("that never answers is a timeout", async () => {
    await serve(() => "hang");
    const source = createSecretSource({ clock: clock(), timeoutMs: 50 });
    const got = await source.resolve({ password: "ssm:/a" }, undefined);
    expect(got).toMatchObject({ ok: false, kind: "timeout" });
  });
});

describe("a secret of Secrets Manager", () => {
  test.each([
    ["secretsmanager:redis", "plain", "plain"],
    ["secretsmanager:redis#password", JSON.stringify({ password: secret }), secret],
  ])("%s is read", async (password, stored, expected) => {
    const { asked } = await serve(() => ({ status: 200, body: { SecretString: stored } }));
    const source = createSecretSource({ clock: clock() });
    const got = await source.resolve({ password }, undefined);
    expect(got).toEqual({ ok: true, value: { auth: { password: expected } } });
    expect(asked).toEqual(['secretsmanager.GetSecretValue {"SecretId":"redis"}']);
  });

  test.each([
    [secret, "malformed", "expected secret redis to be a JSON object, got another text"],
    [
      JSON.stringify(secret),
      "refused",
      'expected secret redis to have a text under "password", got none',
    ],
    [
      JSON.stringify({ pw: secret }),
      "refused",
      'expected secret redis to have a text under "password", got none',
    ],
  ])("without the key is a failure that doesn't show it: %#", async (stored, kind, why) => {
    await serve(() => ({ status: 200, body: { SecretString: stored } }));
    const source = createSecretSource({ clock: clock() });
    const got = await source.resolve({ password: "secretsmanager:redis#password" }, undefined);
    expect(got).toMatchObject({ ok: false, kind, why });
    expect(JSON.stringify(got)).not.toContain(secret);
  });
});

describe("a text that is no reference", () => {
  test("is refused without being shown", async () => {
    const source = createSecretSource({ clock: clock(), env: {} });
    const got = await source.resolve({ password: secret }, undefined);
    expect(got).toMatchObject({ ok: false, kind: "refused" });
    expect(JSON.stringify(got)).not.toContain(secret);
  });
});
