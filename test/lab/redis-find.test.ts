import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { findRedis, installPlan, installRedis, parseVersion } from "../../lab/redis/find.ts";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "redis-find-test-"));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** A program in the test's own folder, which stands for a PATH. */
async function program(name: string, body: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

const redisVersion = "echo 'Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64 build=0'";
const valkeyVersion = "echo 'Valkey server v=8.0.1 sha=00000000:0 malloc=libc bits=64 build=0'";

describe("findRedis", () => {
  test("finds the server of this machine", async () => {
    const found = await findRedis();

    expect(["redis", "valkey"]).toContain(found.kind);
    expect(found.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  test("prefers REDIS_SERVER, then redis-server, then valkey-server", async () => {
    const mine = await program("mine", redisVersion.replace("7.2.4", "6.2.0"));
    const valkey = await program("valkey-server", valkeyVersion);
    expect(await findRedis({ PATH: dir })).toEqual({
      path: valkey,
      kind: "valkey",
      version: "8.0.1",
    });

    const redis = await program("redis-server", redisVersion);
    expect(await findRedis({ PATH: `/nowhere:${dir}` })).toEqual({
      path: redis,
      kind: "redis",
      version: "7.2.4",
    });

    expect((await findRedis({ PATH: dir, REDIS_SERVER: mine })).version).toBe("6.2.0");
    expect((await findRedis({ PATH: dir, REDIS_SERVER: "mine" })).path).toBe(mine);
  });

  test("a Valkey under Redis's name is a Valkey", async () => {
    await program("redis-server", valkeyVersion);

    expect((await findRedis({ PATH: dir })).kind).toBe("valkey");
  });

  test("does not fall back from a REDIS_SERVER that is wrong", async () => {
    await program("redis-server", redisVersion);
    const broken = await program("broken", "exit 3");
    const other = await program("other", "echo 'Memcached 1.6'");

    const missing = findRedis({ PATH: dir, REDIS_SERVER: "/no/such" });
    await expect(missing).rejects.toThrow(
      /Expected REDIS_SERVER to name a program, got "\/no\/such"/,
    );
    await expect(findRedis({ PATH: dir, REDIS_SERVER: broken })).rejects.toThrow(/--version/);
    await expect(findRedis({ PATH: dir, REDIS_SERVER: other })).rejects.toThrow(/Memcached 1\.6/);
  });

  test("says what to run when there is no server", async () => {
    await expect(findRedis({ PATH: dir })).rejects.toThrow(/install the redis or valkey|brew/);
    await program("apt-get", "exit 0");
    await expect(findRedis({ PATH: dir })).rejects.toThrow(/apt-get install -y .* redis-server/);
  });

  test("refuses a version line of another form", () => {
    expect(() => parseVersion("/x", "redis_version 7")).toThrow(/Expected "Redis server v=…"/);
  });
});

describe("installPlan", () => {
  test.each([
    ["apt-get", "apt-get install -y --no-install-recommends redis-server"],
    ["dnf", "dnf install -y redis"],
    ["apk", "apk add --no-cache redis"],
  ])("as root with %s runs %s", (manager, expected) => {
    const plan = installPlan({ platform: "linux", isRoot: true, managers: [manager] });

    if (plan.kind !== "run") throw new Error(plan.advice);
    expect(plan.alternatives[0]?.join(" ")).toBe(expected);
    expect(plan.prepare).toEqual(manager === "apt-get" ? [["apt-get", "update"]] : []);
  });

  test("as another user names the command to run", () => {
    expect(installPlan({ platform: "linux", isRoot: false, managers: ["apt-get"] })).toEqual({
      kind: "advise",
      advice:
        "run `sudo apt-get update && sudo apt-get install -y --no-install-recommends redis-server`",
    });
  });

  test("Homebrew is run by the user and never by root", () => {
    const asUser = installPlan({ platform: "darwin", isRoot: false, managers: ["brew"] });
    expect(asUser).toMatchObject({ kind: "run", alternatives: [["brew", "install", "redis"], {}] });

    expect(installPlan({ platform: "darwin", isRoot: true, managers: ["brew"] })).toEqual({
      kind: "advise",
      advice: "run `brew install redis` as a user who is not root",
    });
  });

  test("without a package manager it says what is missing", () => {
    const plan = installPlan({ platform: "darwin", isRoot: false, managers: [] });
    expect(plan).toMatchObject({ advice: expect.stringContaining("https://brew.sh") });
  });
});

// The stand-in for a package manager makes these the same on every machine; it needs the right of
// root or brew's lack of it.
const manager = process.getuid?.() === 0 ? "apk" : "brew";

describe("installRedis", () => {
  test("runs the package manager, prints what it does and finds the server", async () => {
    await program(
      manager,
      `echo "asked: $*"; echo '#!/bin/sh' > ${dir}/redis-server; ` +
        `echo "${redisVersion}" >> ${dir}/redis-server; /bin/chmod 755 ${dir}/redis-server`,
    );
    const lines: string[] = [];

    const found = await installRedis((line) => lines.push(line), { PATH: dir });

    expect(found.version).toBe("7.2.4");
    expect(lines[0]).toMatch(new RegExp(`^\\$ ${manager} (add|install) .*redis$`));
    expect(lines[1]).toMatch(/^asked: (add|install)/);
  });

  test("tries Valkey where Redis is not packaged, and says what failed", async () => {
    await program(manager, "echo no such package >&2; exit 7");
    const lines: string[] = [];

    await expect(installRedis((line) => lines.push(line), { PATH: dir })).rejects.toThrow(
      /Expected ".* valkey" to succeed, got exit code 7/,
    );

    expect(lines.filter((line) => line.startsWith("$ "))).toHaveLength(2);
    expect(lines).toContain("no such package");
  });

  test("says what to do where no package manager is known", async () => {
    await expect(installRedis(() => {}, { PATH: dir })).rejects.toThrow(/Expected to be able/);
  });
});
