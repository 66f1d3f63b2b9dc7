import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "@jest/globals";
import { type Sandbox, startSandbox } from "../../lab/lambda/sandbox.ts";
import { handAnswer, tableTimes } from "../../scripts/validate/measures.ts";
import { DynamoLab, table } from "../support/dynamo-lab.ts";
import { RedisLab } from "../support/redis-lab.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

describe("the hand in the network", () => {
  async function startHand(env: Readonly<Record<string, string>>): Promise<Sandbox> {
    const bundle = fileURLToPath(new URL("../../scripts/validate/hand.cjs", import.meta.url));
    const sandbox = await startSandbox({ bundle, env });
    open.unshift(() => sandbox.kill());
    return sandbox;
  }
  const timeoutMs = 20_000;

  it("measures conditional writes and strong reads of a table", async () => {
    const lab = await DynamoLab.start();
    open.push(() => lab.close());
    const hand = await startHand({
      AWS_ENDPOINT_URL_DYNAMODB: lab.standIn.endpoint,
      AWS_ACCESS_KEY_ID: "lab",
      AWS_SECRET_ACCESS_KEY: "lab",
    });

    const times = tableTimes.parse(await hand.invoke({ table, times: 20 }, { timeoutMs }));

    expect([times.putMs.length, times.getMs.length]).toEqual([20, 20]);
    expect(Math.min(...times.putMs, ...times.getMs)).toBeGreaterThan(0);
    expect(lab.standIn.counts).toMatchObject({ PutItem: 21, GetItem: 21 });
  });

  it("sends a server one command, with its password, and says what came", async () => {
    const lab = new RedisLab();
    open.push(() => lab.close());
    const password = "0123456789abcdef0123456789abcdef";
    const server = await lab.start({ password });
    const hand = await startHand({ REDIS_PASSWORD: password });
    const ask = async (...command: readonly string[]) => {
      const event = { host: server.host, port: server.port, command };
      return handAnswer.parse(await hand.invoke(event, { timeoutMs })).answer;
    };

    expect(await ask("PING")).toBe("+PONG");
    expect(await ask("NOTHING")).toMatch(/^-ERR unknown command/);
    expect(await ask("SHUTDOWN", "NOSAVE")).toBe("gone");
    await expect(ask("PING")).rejects.toThrow(/ECONNREFUSED/);
  });
});
