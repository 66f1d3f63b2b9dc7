import { describe, expect, test } from "@jest/globals";
import { claim, settle } from "../../lib/core/state.ts";
import { configOf, groupsText, heartbeatOf, masterOf, plant, steadyState } from "../support/cli.ts";
import { apply, cli, file, two, writer } from "./apply-stage.ts";

describe("a new group", () => {
  test("is shown, confirmed, and stored with its nodes", async () => {
    cli.answers.push(true);
    expect(await apply(groupsText)).toBe(0);
    expect(cli.questions).toEqual(["Apply one group?"]);
    expect(cli.lines).toEqual([
      "+ orders: new",
      "    nodes: 10.0.0.1:6379, 10.0.0.2:6379, 10.0.0.3:6379",
      "    observers: a, b, c",
      "    settings: quorum 2; defaults otherwise",
      "orders: version 1 is stored; the observers adopt the group when a quorum of them names one master",
    ]);
    expect(cli.store.writes).toEqual([
      "NODE 10.0.0.1:6379 orders",
      "NODE 10.0.0.2:6379 orders",
      "NODE 10.0.0.3:6379 orders",
      "CONFIG orders#1",
    ]);
    expect(cli.store.configs.get("orders#1")).toEqual(configOf(groupsText));
  });

  test("is not written without a yes", async () => {
    cli.answers.push(false);
    expect(await apply(groupsText)).toBe(1);
    expect(cli.lines.at(-1)).toBe("! error: not confirmed; nothing was changed");
    expect(cli.store.writes).toEqual([]);
  });

  test("is not written where nobody can be asked", async () => {
    expect(await apply(groupsText)).toBe(2);
    expect(cli.lines.at(-1)).toBe(
      "! error: expected a terminal to ask on, or --yes; got neither, so nothing was changed",
    );
    expect(cli.store.writes).toEqual([]);
  });

  test("is not written in a dry run", async () => {
    expect(await apply(groupsText, "--dry-run")).toBe(0);
    expect(cli.lines.at(-1)).toBe("dry run: nothing was changed");
    expect(cli.store.writes).toEqual([]);
  });
});

describe("a file with problems", () => {
  test("is refused whole, before the table is asked", async () => {
    expect(await apply(`${two}    downAfter: 1\n    quorum: 9\n`, "--yes")).toBe(2);
    expect(cli.lines).toEqual([
      `! ${file}:7:5: groups[1].downAfter: expected a known key of a group, got "downAfter": did you mean "downAfterMs"?`,
      `! ${file}:8:13: groups[1].quorum: expected at most 3, the number of observers, got 9: that many votes could never come together`,
      "! error: expected a valid file, got 2 problems; nothing was changed",
    ]);
    expect(cli.store.writes).toEqual([]);
  });

  test("that is only warned about is applied", async () => {
    expect(await apply(groupsText.replace("[a, b, c]", "[a, b]"), "--yes")).toBe(0);
    expect(cli.lines[0]).toBe(
      `! warning: ${file}:1:12: observers: expected an odd number of observers, got 2: they survive the loss of no more observers than 1 would`,
    );
  });

  test("that is not there is a problem", async () => {
    expect(await cli.run("apply", "-f", "/nowhere.yml")).toBe(2);
    expect(cli.lines[0]).toBe(
      "! /nowhere.yml:1:1: expected a readable file, got no file of that name",
    );
  });
});

describe("a changed group", () => {
  const changed = `${groupsText}    downAfterMs: 3000\n`;

  test("gets its next version, made active by one write of STATE", async () => {
    plant(cli, configOf(groupsText), steadyState(configOf(groupsText)));
    expect(await apply(changed, "--yes")).toBe(0);
    expect(cli.lines).toEqual([
      "~ orders: changed, version 1 in the table",
      "    downAfterMs: 5000 → 3000",
      "orders: version 2 is active",
    ]);
    expect(cli.store.writes).toEqual(["CONFIG orders#2", "STATE orders rev 4"]);
    expect(cli.store.states.get("orders")).toMatchObject({
      configVersion: 2,
      round: { status: "closed" },
      lastTransition: { rule: "apply", why: "alice@laptop applied version 2" },
    });
  });

  test("that is written in another order is unchanged, and not written", async () => {
    plant(cli, configOf(groupsText), steadyState(configOf(groupsText)));
    expect(await apply(groupsText.replace("[a, b, c]", "[c, b, a]"))).toBe(0);
    expect(cli.lines).toEqual(["= orders: unchanged, version 1", "nothing to change"]);
    expect(cli.store.writes).toEqual([]);
  });

  test("waits for phase steady", async () => {
    const steady = steadyState(configOf(groupsText));
    const candidate = { node: "10.0.0.2:6379", replid: "r1", offset: 1 };
    const intent = { kind: "failover", isAutomatic: true, candidate, masterOffset: 1 } as const;
    const promoting = claim(steady, intent, writer).next;
    plant(cli, configOf(groupsText), promoting);
    cli.clock.at(5_000, () => {
      cli.store.states.set("orders", settle(promoting, true, writer).next);
    });
    expect(await apply(changed, "--yes")).toBe(0);
    expect(cli.lines.slice(2)).toEqual([
      "orders: its phase is promoting; waiting up to 60 s until it is steady",
      "orders: version 2 is active",
    ]);
  });

  test("that never becomes steady is stored, and the next apply makes it active", async () => {
    const steady = steadyState(configOf(groupsText));
    plant(cli, configOf(groupsText), { ...steady, phase: "settling" });
    expect(await apply(changed, "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toBe(
      "! orders: version 2 is stored and not active, because the group did not become steady; run the same apply again when `lambda-sentinel status orders` says so",
    );
    cli.store.states.set("orders", steady);
    expect(await apply(changed, "--yes")).toBe(0);
    expect(cli.store.states.get("orders")?.configVersion).toBe(2);
    expect([...cli.store.configs.keys()]).toEqual(["orders#1", "orders#2"]);
  });

  test("wins against observers that write STATE at the same time", async () => {
    const state = steadyState(configOf(groupsText));
    plant(cli, configOf(groupsText), state);
    let overtakes = 3;
    cli.store.onCall = (operation) => {
      if (operation !== "writeState" || overtakes === 0) return;
      overtakes -= 1;
      const standing = cli.store.states.get("orders") ?? state;
      cli.store.states.set("orders", { ...standing, rev: standing.rev + 1 });
    };
    expect(await apply(changed, "--yes")).toBe(0);
    expect(cli.store.states.get("orders")).toMatchObject({ rev: 7, configVersion: 2 });
  });

  test.each(["putConfig", "writeState"] as const)(
    "is written once when the answer to %s is lost",
    async (operation) => {
      plant(cli, configOf(groupsText), steadyState(configOf(groupsText)));
      cli.store.fail({ operation, kind: "lost" });
      expect(await apply(changed, "--yes")).toBe(0);
      expect(cli.store.writes).toEqual(["CONFIG orders#2", "STATE orders rev 4"]);
    },
  );

  test("is refused when somebody wrote the same version meanwhile", async () => {
    plant(cli, configOf(groupsText), steadyState(configOf(groupsText)));
    cli.store.onCall = (operation) => {
      if (operation !== "putConfig") return;
      cli.store.configs.set("orders#2", configOf(`${groupsText}    marker: false\n`, 2));
    };
    expect(await apply(changed, "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toBe(
      "! error: expected version 2 of orders to be free, got another one written meanwhile; run the command again to see the difference",
    );
    expect(cli.store.states.get("orders")?.configVersion).toBe(1);
  });

  test("keeps the newest five versions and the active one", async () => {
    const state = { ...steadyState(configOf(groupsText)), phase: "settling" } as const;
    for (let version = 1; version <= 7; version += 1) {
      plant(cli, configOf(`${groupsText}    downAfterMs: ${5000 + version}\n`, version), state);
    }
    expect(await apply(changed, "--yes")).toBe(1);
    expect([...cli.store.configs.keys()]).toEqual([1, 4, 5, 6, 7, 8].map((n) => `orders#${n}`));
  });

  test("can't lose its master", async () => {
    plant(cli, configOf(groupsText), steadyState(configOf(groupsText)));
    expect(await apply(groupsText.replace('"10.0.0.1:6379", ', ""), "--yes")).toBe(2);
    expect(cli.lines[0]).toBe(
      `! ${file}:4:12: groups[0].nodes: expected the group to keep its master 10.0.0.1:6379, got a list without it; fail over to another node first`,
    );
    expect(cli.store.writes).toEqual([]);
  });

  test("can't lose a node that becomes master meanwhile", async () => {
    const state = steadyState(configOf(groupsText));
    plant(cli, configOf(groupsText), state);
    cli.store.onCall = (operation) => {
      if (operation !== "putConfig") return;
      cli.store.states.set("orders", { ...state, rev: 9, master: masterOf("10.0.0.3:6379") });
    };
    expect(await apply(groupsText.replace(', "10.0.0.3:6379"', ""), "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toBe(
      "! error: expected orders to keep its master 10.0.0.3:6379, got a failover to it meanwhile; version 2 is stored and not active, apply a file that has this node",
    );
    expect(cli.store.states.get("orders")?.configVersion).toBe(1);
  });

  test("of another deployment is not touched", async () => {
    plant(cli, configOf(groupsText), null);
    cli.store.foreign.set("orders", "STATE belongs to deployment prod, this is test");
    expect(await apply(changed, "--yes")).toBe(1);
    expect(cli.lines.at(-1)).toBe(
      "! error: expected a state of orders that this version may touch, got another: STATE belongs to deployment prod, this is test",
    );
    expect(cli.store.writes).toEqual([]);
  });
});

describe("--wait", () => {
  const fewer = groupsText.replace(', "10.0.0.3:6379"', "");

  test("follows the heartbeats and then frees nodes that left the group", async () => {
    plant(cli, configOf(groupsText), steadyState(configOf(groupsText)));
    for (const name of ["a", "b", "c"]) heartbeatOf(cli, name, "orders");
    cli.clock.at(2_000, () => heartbeatOf(cli, "a", "orders", { configVersion: 2 }));
    cli.clock.at(2_000, () => heartbeatOf(cli, "c", "orders", { configVersion: 2 }));
    cli.clock.at(9_000, () => heartbeatOf(cli, "b", "orders", { configVersion: 2 }));
    expect(await apply(fewer, "--yes", "--wait")).toBe(0);
    expect(cli.lines.slice(2)).toEqual([
      "orders: version 2 is active",
      "waiting for a, b, c (orders, version 2)",
      "waiting for b (orders, version 2)",
      "every observer has adopted every group",
      "orders: 10.0.0.3:6379 is no longer reserved",
    ]);
    expect([...cli.store.nodes.keys()]).toEqual(["10.0.0.1:6379", "10.0.0.2:6379"]);
  });

  test("ends after two minutes and says who is missing", async () => {
    plant(cli, configOf(groupsText), steadyState(configOf(groupsText)));
    for (const name of ["a", "c"]) heartbeatOf(cli, name, "orders", { configVersion: 2 });
    expect(await apply(fewer, "--yes", "--wait")).toBe(1);
    expect(cli.clock.nowMs()).toBe(120_000);
    expect(cli.lines.at(-1)).toBe(
      "! expected every observer to report the new versions within 120 s, still missing: b (orders, version 2). What was written stays; see `lambda-sentinel status` for each observer's last heartbeat.",
    );
    expect(cli.store.nodes.get("10.0.0.3:6379")).toBe("orders");
  });

  test("left out, nodes that left the group stay reserved", async () => {
    plant(cli, configOf(groupsText), steadyState(configOf(groupsText)));
    expect(await apply(fewer, "--yes")).toBe(0);
    expect(cli.lines.at(-1)).toBe(
      "orders: 10.0.0.3:6379 stays reserved until `apply --wait` has seen every observer adopt the change",
    );
    expect(cli.store.nodes.get("10.0.0.3:6379")).toBe("orders");
  });
});

describe("a table that can't be reached", () => {
  test.each([
    [
      "unreachable",
      "Check the network, the region and AWS_ENDPOINT_URL_DYNAMODB, then run the command again.",
    ],
    ["denied", "Check the AWS credentials and what they may do with the table."],
    ["throttled", "Run the command again in a moment."],
  ] as const)("(%s) is exit code 3", async (kind, advice) => {
    cli.store.fail({ operation: "listConfigs", kind });
    expect(await apply(groupsText, "--yes")).toBe(3);
    expect(cli.lines).toEqual([
      `! error: read the configuration in table test: listConfigs: ${kind}. ${advice}`,
    ]);
  });
});
