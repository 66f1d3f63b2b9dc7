import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { type RedisServer, type RedisServerOptions, startRedis } from "../../lab/redis/server.ts";
import { asking, expectSettled } from "../support/assess.ts";
import { idOf, type Rig, settingLines, startRig, stopRigs } from "../support/rig.ts";

const servers: RedisServer[] = [];
let folder = "";

afterEach(async () => {
  await stopRigs();
  await Promise.all(servers.splice(0).map((server) => server.dispose()));
  await rm(folder, { recursive: true, force: true });
});

/** A server that no file names. */
async function startServer(
  of: RedisServer | null,
  options: Partial<RedisServerOptions> = {},
): Promise<RedisServer> {
  const [address] = await pickNodeAddresses(1);
  if (address === undefined) throw new Error("expected an address");
  const replicaOf = of === null ? {} : { replicaOf: { host: of.host, port: of.port } };
  const server = await startRedis({ ...address, ...replicaOf, persistence: "aof", ...options });
  servers.push(server);
  return server;
}

async function apply(rig: Rig, text: string, ...options: readonly string[]) {
  folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-discovery-"));
  const file = join(folder, "groups.yml");
  await writeFile(file, text);
  return await rig.cli("apply", "-f", file, "--yes", ...options);
}

async function masterOf(rig: Rig): Promise<RedisServer> {
  return rig.node((await rig.state()).master?.node ?? "");
}

async function foundIn(rig: Rig): Promise<readonly string[]> {
  return (await rig.state()).discovered.map(idOf);
}

function expectFound(rig: Rig, node: string, since = 0) {
  const isIt = (one: { event?: string | null; node?: string | null }) =>
    one.event === "+slave" && one.node === node;
  return rig.timeline.eventually(`${node} to be found`, isIt, { since });
}

async function discoveredBy(rig: Rig): Promise<readonly string[]> {
  const { stdout } = await rig.cli("status", "orders", "--json");
  const { groups } = JSON.parse(stdout);
  return groups[0].nodes
    .filter((node: { isDiscovered: boolean }) => node.isDiscovered)
    .map((node: { id: string }) => node.id);
}

describe("a replica that no file names", () => {
  test("is found at the address that it announces, promoted by its priority, and taken over by the file", async () => {
    // Prepare: it listens at two addresses, and announces the one that nobody would guess.
    const rig = await startRig({ nodeCount: 2 });
    const [announced] = await pickNodeAddresses(1);
    const before = await masterOf(rig);
    const fourth = await startServer(before, {
      ...(announced === undefined ? {} : { host: announced.host, port: announced.port }),
      extra: [`bind ${announced?.host} 127.0.0.1`, "replica-priority 1"],
    });
    const node = idOf(fourth);

    // Act and assess, one after the other.
    await expectFound(rig, node);
    expect(await foundIn(rig)).toEqual([node]);
    await rig.timeline.until("a report of it", async () => {
      if (!(await discoveredBy(rig)).includes(node)) throw new Error("not yet");
    });
    expect((await rig.cli("status", "orders")).stdout).toContain(`${node} (discovered)`);

    await before.kill();
    const switched = await rig.timeline.eventually(
      "a switch",
      (one) => one.event === "+switch-master",
    );
    expect(switched.node).toBe(node);
    await before.restart();
    await expectSettled(
      { ...rig, world: { ...rig.world, nodes: [...rig.world.nodes, fourth] } },
      node,
    );
    expect(await foundIn(rig)).toEqual([node]);

    // A file without the master keeps it, and one that names it takes it over.
    const unnamed = await apply(rig, `${rig.world.configText}    parallelSyncs: 2\n`);
    expect(unnamed).toMatchObject({ code: 0 });
    expect(await foundIn(rig)).toEqual([node]);
    const named = rig.world.configText.replace("nodes: [", `nodes: ["${node}", `);
    const taken = await apply(rig, named, "--wait");
    expect(taken).toMatchObject({ code: 0 });
    expect(taken.stdout).toContain(`${node} was discovered, and is a node of the file now`);
    expect(await rig.state()).toMatchObject({ discovered: [], master: { node } });
    expect(await discoveredBy(rig)).toEqual([]);
  }, 120_000);

  test("is told and not taken when another group's file names it", async () => {
    // Prepare
    const rig = await startRig({ nodeCount: 2 });
    const master = await masterOf(rig);
    const other = await startServer(null);
    const theirs = await startServer(other);
    const sessions = [
      "  - name: sessions",
      `    nodes: ["${idOf(other)}", "${idOf(theirs)}"]`,
      ...settingLines().map((line) => `    ${line}`),
      "",
    ].join("\n");
    expect(await apply(rig, rig.world.configText + sessions)).toMatchObject({ code: 0 });
    await rig.timeline.until("the other group", async () => {
      if ((await rig.state("sessions")).phase !== "steady") throw new Error("not yet");
    });

    // Act
    await asking(theirs, (ask) => ask("REPLICAOF", master.host, master.port));
    const told = await rig.timeline.eventually("somebody to tell of it", (one) =>
      one.message.includes("belongs to group sessions"),
    );

    // Assess
    expect(told).toMatchObject({ event: "+page", node: idOf(theirs) });
    expect(await foundIn(rig)).toEqual([]);
    const file = rig.world.configText.replace("nodes: [", `nodes: ["${idOf(theirs)}", `);
    expect((await apply(rig, file)).code).not.toBe(0);
  }, 90_000);
});

describe("forgetting what was found", () => {
  test("is refused while it answers and in an outage, and done in calm", async () => {
    // Prepare: nobody can follow the master, so that its death is an outage that lasts.
    const rig = await startRig({
      nodeCount: 2,
      serverOptions: (index) => ({ extra: [`replica-priority ${index === 1 ? 0 : 100}`] }),
    });
    const master = await masterOf(rig);
    const found = await startServer(master, { extra: ["replica-priority 0"] });
    const node = idOf(found);
    await expectFound(rig, node);

    // Act and assess, one after the other.
    const early = await rig.cli("forget", "orders", node, "--yes");
    expect(early).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("would be found again"),
    });

    const outage = rig.timeline.mark();
    await found.kill();
    await master.kill();
    await rig.timeline.eventually("a round", (one) => one.event === "+round", { since: outage });
    const inOutage = [
      await rig.cli("reset", "orders", "--yes"),
      await rig.cli("forget", "orders", node, "--yes"),
    ];
    expect(inOutage).toEqual([
      expect.objectContaining({ code: 1, stderr: expect.stringContaining("nothing is forgotten") }),
      expect.objectContaining({ code: 1, stderr: expect.stringContaining("nothing is forgotten") }),
    ]);
    expect(await foundIn(rig)).toEqual([node]);

    await master.restart();
    await expectSettled(rig, idOf(master));
    await rig.timeline.until("a closed round", async () => {
      if ((await rig.state()).round.status === "open") throw new Error("it is open");
    });
    const reset = await rig.cli("reset", "orders", "--yes");
    expect(reset).toMatchObject({ code: 0, stdout: expect.stringContaining(node) });
    expect(await foundIn(rig)).toEqual([]);

    const since = rig.timeline.mark();
    await found.restart();
    await expectFound(rig, node, since);
    await found.kill();
    const forgotten = await rig.cli("forget", "orders", node, "--yes");
    expect(forgotten).toMatchObject({ code: 0 });
    expect(await foundIn(rig)).toEqual([]);
    expect(rig.timeline.entries.map((one) => one.event)).toEqual(
      expect.arrayContaining(["-slave", "+reset-master"]),
    );
  }, 120_000);
});
