import { afterEach, describe, expect, test } from "@jest/globals";
import { killChild, spawnChild } from "../../lab/child.ts";
import { pickNodeAddresses } from "../../lab/redis/addresses.ts";
import { findRedis } from "../../lab/redis/find.ts";
import { answersPing } from "../../lab/redis/ping.ts";
import { deadlineMs, markerKey, RedisLab, until } from "../support/redis-lab.ts";

const lab = new RedisLab();

afterEach(() => lab.close());

const auth = { username: "sentinel", password: "word" };
const observing = "+auth +client|setname +info +ping +role +multi +exec +watch +unwatch ~* +get";

/** Starts a pair whose replica lets the user `sentinel` do only this, and promotes that replica. */
async function promoteWith(rights: string) {
  const rules = [
    "user default on nopass ~* &* +@all",
    `user sentinel on >word ${observing} ${rights}`,
  ];
  const { replica } = await lab.startPair({ aclLines: rules });
  const session = await lab.session(replica, { auth });
  await session.observe(deadlineMs);
  const changed = await session.changeRole({ kind: "promote", epoch: 7 }, deadlineMs);
  const [role] = await lab.client(replica).role();
  return { changed, role, replica };
}

describe("a promotion with fewer rights than it asks for", () => {
  test("without CONFIG and CLIENT KILL succeeds, and says what was refused", async () => {
    const { changed, role, replica } = await promoteWith("+replicaof +failover +eval +set");

    expect(changed).toMatchObject({ ok: true, value: { facts: { role: "master", marker: 7 } } });
    const warnings = changed.ok ? changed.value.warnings : [];
    expect(warnings).toEqual([
      expect.stringContaining("NOPERM"),
      expect.stringContaining("NOPERM"),
      expect.stringContaining("NOPERM"),
    ]);
    expect(role).toBe("master");
    expect(await lab.client(replica).get(markerKey)).toBe("7");
  });

  test("without EVAL there is no marker, and a warning", async () => {
    const { changed, role } = await promoteWith(
      "+replicaof +failover +config|rewrite +client|kill",
    );

    expect(changed).toMatchObject({
      ok: true,
      value: { facts: { role: "master", marker: null }, warnings: [expect.any(String)] },
    });
    expect(role).toBe("master");
  });

  test("without FAILOVER nothing is missed: there is none to abort", async () => {
    const { changed } = await promoteWith("+replicaof +eval +set +config|rewrite +client|kill");

    expect(changed.ok).toBe(true);
  });

  test("D14 without REPLICAOF it is denied, and nothing was done", async () => {
    const { changed, role, replica } = await promoteWith("+failover +eval +set +client|kill");

    expect(changed).toMatchObject({ ok: false, kind: "denied", isOutcomeKnown: true });
    expect(role).toBe("slave");
    expect(await lab.client(replica).get(markerKey)).toBeNull();
  });
});

describe("N19 a server whose commands were renamed", () => {
  const without = (...names: readonly string[]) => names.map((name) => `rename-command ${name} ""`);
  const promoteOn = async (extra: readonly string[]) => {
    const { replica } = await lab.startPair({ extra });
    const session = await lab.session(replica);
    const observed = await session.observe(deadlineMs);
    const changed = await session.changeRole({ kind: "promote", epoch: 7 }, deadlineMs);
    const [role] = await lab.client(replica).role();
    return { observed, changed, role };
  };

  test("is promoted without CONFIG, CLIENT and FAILOVER, with a warning for each part", async () => {
    const { changed, role } = await promoteOn(without("CONFIG", "CLIENT", "FAILOVER"));

    expect(changed).toMatchObject({ ok: true, value: { facts: { role: "master", marker: 7 } } });
    const warnings = changed.ok ? changed.value.warnings : [];
    expect(warnings.filter((one) => one.includes("unknown command"))).toHaveLength(4);
    expect(role).toBe("master");
  });

  test("refuses a promotion without REPLICAOF, and stays what it is", async () => {
    const { observed, changed, role } = await promoteOn(without("REPLICAOF"));

    expect(observed.ok).toBe(true);
    expect(changed).toMatchObject({ ok: false, kind: "refused", isOutcomeKnown: true });
    expect(role).toBe("slave");
  });
});

test("F1 the second fence holds where a part was refused and left out", async () => {
  const user = `user sentinel on >word ${observing} +replicaof +failover +eval +set`;
  const aclLines = ["user default on nopass ~* &* +@all", user];
  const { master, replica } = await lab.startPair({ aclLines });
  const session = await lab.session(replica, { auth });
  await session.observe(deadlineMs);
  await lab.client(master).set(markerKey, 9);
  await until(async () => (await lab.client(replica).get(markerKey)) === "9");

  const changed = await session.changeRole({ kind: "promote", epoch: 8 }, deadlineMs);

  expect(changed).toMatchObject({ ok: false, kind: "refused" });
  expect((await lab.client(replica).role())[0]).toBe("slave");
});

test("F8 a server without a config file is promoted with a warning", async () => {
  const [address] = await pickNodeAddresses(1);
  if (address === undefined) throw new Error("expected an address");
  const { host, port } = address;
  const { path } = await findRedis();
  const bare = await spawnChild(path, ["--bind", host, "--port", `${port}`, "--save", ""], {
    stdio: "ignore",
  });
  try {
    await until(() => answersPing(host, port));
    const session = await lab.session(address);
    await session.observe(deadlineMs);

    const changed = await session.changeRole({ kind: "promote", epoch: 7 }, deadlineMs);

    expect(changed).toMatchObject({
      ok: true,
      value: {
        facts: { role: "master", marker: 7 },
        warnings: [expect.stringContaining("without a config file")],
      },
    });
  } finally {
    await killChild(bare);
  }
});
