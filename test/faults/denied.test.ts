import { describe, expect, it } from "@jest/globals";
import type { Dns } from "../../lib/ports/dns.ts";
import { type Failure, failure } from "../../lib/ports/errors.ts";
import type { Store } from "../../lib/ports/store.ts";
import { StagedWorld } from "./staged-world.ts";

type Action = keyof Store | keyof Dns;
/** What becomes of a dead master when nobody may do this one thing. */
type Fate = "stays" | "is replaced";

/** The calls of an observer, each by itself; "stays" is why no right may be missing that a promotion leans on. */
const actions: readonly (readonly [Action, Fate])[] = [
  ["readState", "stays"],
  ["writeState", "stays"],
  ["readVotes", "stays"],
  ["castVote", "stays"],
  ["readHeartbeat", "is replaced"],
  ["writeHeartbeat", "is replaced"],
  ["appendEvent", "is replaced"],
  ["pruneEvents", "is replaced"],
  ["listConfigs", "is replaced"],
  ["readConfig", "is replaced"],
  ["read", "is replaced"],
  ["publish", "is replaced"],
];

/** Copies are the reporter's and the clean-up's; a version is read when STATE names another, a zone is read ahead of need. */
function isSpared(action: Action): boolean {
  return ["appendEvent", "pruneEvents", "readConfig", "read"].includes(action);
}

const denied = (action: Action): Promise<Failure> =>
  Promise.resolve(failure("denied", `${action}: AccessDeniedException`));

/** The port with these calls denied from the moment at which they are in the set. */
function guarded<T extends object>(port: T, gone: ReadonlySet<string>): T {
  return new Proxy(port, {
    get: (target, name) => {
      const call: unknown = Reflect.get(target, name);
      const isGone = typeof name === "string" && gone.has(name);
      return isGone ? () => denied(name as Action) : call;
    },
  });
}

describe("D14 one right is gone, and the master dies", () => {
  it.each(actions)(
    "%s: the master %s, and nobody is promoted without an intent",
    async (action, fate) => {
      const told: string[] = [];
      const gone = new Set<string>();
      const world = new StagedWorld({
        onNote: (_who, note) => {
          if (note.kind === "line") told.push(note.text);
          if (note.kind === "event") told.push(note.event.message);
          if (note.kind === "decision") told.push(note.why);
        },
      });
      const storeFor = world.store.portFor.bind(world.store);
      const dnsFor = world.dns.portFor.bind(world.dns);
      world.store.portFor = (...who) => guarded(storeFor(...who), gone);
      world.dns.portFor = (...who) => guarded(dnsFor(...who), gone);
      await world.calm();

      gone.add(action);
      world.befall("kill 10.0.0.1");
      // Long enough for the shifts that come next, which know nothing yet.
      await world.pass(90_000);

      const { epoch, masterEpoch, master } = world.state() ?? {};
      const masters = [...world.nodes.values()].filter((one) => one.isUp && one.role === "master");
      const replaced = { epoch: 2, masterEpoch: 2, master: "10.0.0.2:6379", masters: 1 };
      const stays = { epoch: 1, masterEpoch: 1, master: "10.0.0.1:6379", masters: 0 };
      expect({ epoch, masterEpoch, master: master?.node, masters: masters.length }).toEqual(
        fate === "stays" ? stays : replaced,
      );
      expect(world.recordNow()).toBe(
        fate === "stays" || action === "publish" ? "10.0.0.1" : "10.0.0.2",
      );
      if (!isSpared(action)) expect(told).toContainEqual(expect.stringContaining("AccessDenied"));
    },
  );
});
