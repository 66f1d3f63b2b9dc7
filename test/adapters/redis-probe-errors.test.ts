import { describe, expect, test } from "@jest/globals";
import { failure, success } from "../../lib/ports/errors.ts";
import { deadlineMs, nodeAt, until, wants } from "../support/redis-lab.ts";
import { lab, startStranger } from "./redis-probe-stage.ts";

describe("a node that answers with an error is alive", () => {
  test("N9 a password that is missing or wrong", async () => {
    const server = await lab.start({ password: "right" });
    const node = nodeAt(server);

    const missing = await lab.nodes().probe(node, wants);
    const wrong = await lab.nodes({ auth: { password: "wrong" } }).probe(node, wants);
    const right = await lab.nodes({ auth: { password: "right" } }).probe(node, wants);

    expect(missing.reply).toMatchObject({ kind: "error", code: "NOAUTH" });
    expect(wrong.reply).toMatchObject({
      kind: "error",
      code: expect.stringMatching(/NOAUTH|WRONGPASS/),
    });
    expect(wrong.facts).toBeUndefined();
    expect(right).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master" } });
  });

  test("N9 a password that is made right on the server lets the next probe in", async () => {
    const server = await lab.start({ password: "right" });
    const node = nodeAt(server);
    const nodes = lab.nodes({ auth: { password: "new" } });

    const before = await nodes.probe(node, wants);
    await lab.client(server, { password: "right" }).config("SET", "requirepass", "new");
    const after = await nodes.probe(node, wants);

    expect(before.reply).toMatchObject({ kind: "error" });
    expect(after).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master" } });
  });

  test("N9 a refused login, although the default user needs no password", async () => {
    const aclLines = ["user default on nopass ~* &* +@all", "user watcher on >right ~* &* +@all"];
    const node = nodeAt(await lab.start({ aclLines }));
    const nodes = lab.nodes({ auth: { username: "watcher", password: "wrong" } });

    const samples = [await nodes.probe(node, wants), await nodes.probe(node, wants)];

    for (const sample of samples) {
      expect(sample.reply).toMatchObject({ kind: "error", code: "WRONGPASS" });
      expect(sample).not.toHaveProperty("facts");
    }
  });

  test("C12 a password that the server has changed is asked for again, once, and used from then on", async () => {
    const server = await lab.start({ password: "new" });
    const node = nodeAt(server);
    let asked = 0;
    const renew = async () => {
      asked += 1;
      return success({ auth: { password: "new" } });
    };
    const nodes = lab.nodes({ auth: { password: "old" } }, undefined, renew);

    const refused = await nodes.probe(node, wants);
    const probed = await nodes.probe(node, wants);
    const opened = await nodes.openSession(node, deadlineMs);
    const observed = opened.ok ? await opened.value.observe(deadlineMs) : opened;

    expect(refused.reply).toMatchObject({ kind: "error", code: "WRONGPASS" });
    expect(probed.reply).toEqual({ kind: "pong" });
    expect(observed).toMatchObject({ ok: true, value: { role: "master" } });
    expect(asked).toBe(1);
    if (opened.ok) opened.value.close();
  });

  test("C12 a session whose login is refused asks for the password, too", async () => {
    const server = await lab.start({ password: "new" });
    const node = nodeAt(server);
    const renew = async () => success({ auth: { password: "new" } });
    const nodes = lab.nodes({ auth: { password: "old" } }, undefined, renew);

    const observed: boolean[] = [];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const opened = await nodes.openSession(node, deadlineMs);
      observed.push(opened.ok && (await opened.value.observe(deadlineMs)).ok);
      if (opened.ok) opened.value.close();
    }

    expect(observed).toEqual([false, true]);
  });

  test("C12 a password that stays wrong goes on being refused", async () => {
    const server = await lab.start({ password: "right" });
    const renew = async () => failure("denied", "the store says no");
    const nodes = lab.nodes({ auth: { password: "old" } }, undefined, renew);

    const replies = [];
    for (let round = 0; round < 3; round += 1) {
      replies.push((await nodes.probe(nodeAt(server), wants)).reply);
    }

    expect(replies).toEqual(Array(3).fill(expect.objectContaining({ code: "WRONGPASS" })));
  });

  test("N9 a user who may not do it", async () => {
    const server = await lab.start({
      aclLines: ["user default off", "user narrow on >word +ping +role +client|setname +auth"],
    });
    const auth = { username: "narrow", password: "word" };

    const sample = await lab.nodes({ auth }).probe(nodeAt(server), wants);

    const reply = {
      kind: "error",
      code: "NOPERM",
      text: expect.stringContaining("INFO is refused"),
    };
    expect(sample).toMatchObject({ reply, role: { role: "master" } });
    expect(sample.facts).toBeUndefined();
  });

  test("N8 maxclients reached", async () => {
    const server = await lab.start({ extra: ["maxclients 2"] });
    const clients = [lab.client(server), lab.client(server)];
    await Promise.all(clients.map((client) => client.ping()));

    const sample = await lab.nodes().probe(nodeAt(server), wants);

    expect(sample.reply).toMatchObject({ kind: "error", code: "MAXCLIENTS" });
  });

  test("N7 a script that does not end", async () => {
    const server = await lab.start({ extra: ["lua-time-limit 50"] });
    const nodes = lab.nodes();
    await nodes.probe(nodeAt(server), wants);
    const endless = lab
      .client(server)
      .eval("while true do end", 0)
      .catch(() => "killed");

    let busy = false;
    await until(async () => {
      const { reply } = await nodes.probe(nodeAt(server), {
        ...wants,
        info: false,
        timeoutMs: 1_000,
      });
      busy = reply.kind === "error" && reply.code === "BUSY";
      return busy;
    });
    const rescuer = lab.client(server, { enableReadyCheck: false, disableClientInfo: true });
    await rescuer.call("SCRIPT", "KILL");

    expect(busy).toBe(true);
    expect(await endless).toBe("killed");
  });

  test("N10 MISCONF, N6 LOADING and the like are told by their first word", async () => {
    const address = await startStranger(
      "-LOADING Redis is loading the dataset in memory\r\n".repeat(8),
    );

    const sample = await lab.nodes().probe(nodeAt(address), wants);

    expect(sample.reply).toMatchObject({ kind: "error", code: "LOADING" });
  });

  test.each(["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n"])(
    "a server that speaks another protocol is foreign, not down: %j",
    async (greeting) => {
      const address = await startStranger(greeting);

      const sample = await lab.nodes().probe(nodeAt(address), wants);

      expect(sample.reply).toMatchObject({ kind: "error", code: "PROTOCOL" });
    },
  );
});
