import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import * as z from "zod";

/** `lab up` as a person uses it, but for the browser, which the tests beside this one have. */

const program = fileURLToPath(new URL("../../bin/lambda-sentinel.js", import.meta.url));
const limitMs = 60_000;

const shape = z.object({
  groups: z.tuple([
    z.object({
      state: z.object({ master: z.object({ node: z.string() }).nullable() }).nullable(),
      nodes: z.array(
        z.object({
          id: z.string(),
          seenBy: z.record(z.string(), z.object({ verdict: z.string() })),
        }),
      ),
    }),
  ]),
});
type Group = z.infer<typeof shape>["groups"][0];

/** Asks until it is so; the test's own limit ends what never is. */
async function until(page: string, isSo: (group: Group) => boolean): Promise<Group> {
  for (;;) {
    const answer = await fetch(`${page}groups/orders`);
    const [group] = shape.parse(await answer.json()).groups;
    if (isSo(group)) return group;
    await sleep(250);
  }
}

function press(page: string, path: string, origin: string): Promise<Response> {
  return fetch(`${page}${path}`, { method: "POST", headers: { origin }, redirect: "manual" });
}

async function isListening(id: string): Promise<boolean> {
  const [host = "", port = ""] = id.split(":");
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test(
  "a playground shows what its buttons do, obeys its own page alone, and leaves nothing behind",
  async () => {
    const child = spawn(process.execPath, [program, "lab", "up", "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    try {
      let page = "";
      const env: Record<string, string> = {};
      for await (const line of createInterface({ input: child.stdout })) {
        page ||= /http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0] ?? "";
        const [, name, value] = /^ *export (\w+)=(\S+)$/.exec(line) ?? [];
        if (name !== undefined && value !== undefined) env[name] = value;
        if (line.includes("explain")) break;
      }
      const origin = page.slice(0, -1);
      const calm = await until(
        page,
        ({ state, nodes }) =>
          state?.master != null && nodes.every(({ seenBy }) => Object.keys(seenBy).length === 3),
      );
      const master = calm.state?.master?.node ?? "";
      const seen = spawnSync(process.execPath, [program, "history", "--json"], {
        env: { ...process.env, ...env },
        encoding: "utf8",
      });
      expect(JSON.parse(seen.stdout)).toMatchObject({ groups: [{ name: "orders" }] });
      const replica = calm.nodes.find(({ id }) => id !== master)?.id ?? "";
      const at = (id: string, action: string) => `lab/nodes/${encodeURIComponent(id)}/${action}`;

      expect((await press(page, at(master, "kill"), "http://example.com")).status).toBe(403);
      expect(await isListening(master)).toBe(true);

      expect((await press(page, at(replica, "cut"), origin)).status).toBe(303);
      await until(page, ({ nodes }) =>
        nodes
          .filter(({ id }) => id === replica)
          .every(({ seenBy }) => Object.values(seenBy).every(({ verdict }) => verdict !== "up")),
      );
      expect((await press(page, at(replica, "heal"), origin)).status).toBe(303);

      expect((await press(page, at(master, "kill"), origin)).status).toBe(303);
      expect(await isListening(master)).toBe(false);
      await until(page, ({ state }) => state?.master != null && state.master.node !== master);
      expect((await press(page, at(master, "wake"), origin)).status).toBe(409);
      expect((await press(page, at(master, "start"), origin)).status).toBe(303);

      child.kill("SIGINT");
      expect(await exited).toEqual([130, null]);
      const left = await Promise.all(calm.nodes.map(({ id }) => isListening(id)));
      expect(left).toEqual([false, false, false]);
    } finally {
      child.kill("SIGTERM");
    }
  },
  limitMs,
);
