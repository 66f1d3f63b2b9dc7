import type { Defect } from "./defects.ts";

/** Mistakes below the decisions: of what is remembered of a node, of the shift that carries them out, and of the table, zone and servers it relies on. */
export const groundDefects: readonly Defect[] = [
  {
    id: "loads-for-ever",
    title: "A master that has loaded is still held to be loading.",
    file: "lib/core/detector.ts",
    find: "if (!isLoading(sample)) return null;",
    replace: "if (!isLoading(sample)) return memory.loadingSinceMs;",
  },
  {
    id: "older-data-continues",
    title: "A master that came back from an older RDB counts as one that goes on where it was.",
    file: "lib/core/restored.ts",
    find: "return isKnownHistory(state, replid2) ? secondOffset - 1 : null;",
    replace: "return isKnownHistory(state, replid2) && secondOffset < 1 ? secondOffset - 1 : null;",
  },
  {
    id: "older-than-its-reign",
    title: "An RDB from before the master's own promotion is none of this group's history.",
    file: "lib/core/restored.ts",
    find: "return isKnownHistory(state, replid2) ?",
    replace: "return isKnownHistory(state, replid2) && replid2 === master.replid ?",
  },
  {
    id: "trust-lost-write",
    title: "A write whose answer was lost counts as applied.",
    file: "lib/adapters/compare-and-swap.ts",
    find: "if (put.isOutcomeKnown) return put;",
    replace: "if (!put.isOutcomeKnown) return success({ isWon: true, state: write.next });",
  },
  {
    id: "claim-again-over-the-winner",
    title: "A compare-and-swap that lost is made again on top of what won.",
    file: "lib/adapters/compare-and-swap.ts",
    find: "return judge(put.value.standing, write.attempt);",
    replace: `const { standing } = put.value;
      if (standing.kind !== "state") return judge(standing, write.attempt);
      const { rev } = standing.state;
      await table.put(rev, { ...write.next, rev: rev + 1 });
      return success({ isWon: true, state: { ...write.next, rev: rev + 1 } });`,
  },
  {
    id: "eventual-read",
    title: "A decision rests on an eventually consistent read.",
    file: "test/simulator/sim-store.ts",
    find: 'read("read STATE", (): StoredState => this.#stored(group, code))',
    replace: `read("read STATE", (): StoredState => {
        const old = Reflect.get(this, "older") ?? [];
        const state = old[this.#requests.prng.int(0, 8)];
        return state ? { kind: "state", state } : this.#stored(group, code);
      })`,
    also: [
      {
        file: "test/simulator/sim-store.ts",
        find: "this.states.set(next.group, next);",
        replace: `Reflect.set(this, "older", [before, ...(Reflect.get(this, "older") ?? [])].slice(0, 5));
    this.states.set(next.group, next);`,
      },
    ],
  },
  {
    id: "unconditional-table",
    title: "A table of eventual consistency: both writers' conditions pass.",
    file: "test/simulator/sim-store.ts",
    find: "if (!isBasis(standing, base, next)) {",
    replace: "if (standing === null && base !== null) {",
  },
  {
    id: "upsert-record",
    title: "The record is overwritten instead of compared and swapped.",
    file: "test/simulator/sim-dns.ts",
    find: "if (found === undefined || !isSameRecord(found, record)) return this.#refuse();",
    replace: 'if (found === undefined || record.name === "") continue;',
  },
  {
    id: "role-change-cuts-nothing",
    title: "A role change leaves the connections that observed the older role.",
    file: "test/simulator/sim-redis.ts",
    find: `    this.handOver.end();
    this.sockets.cut();
    if (kind`,
    replace: `    this.handOver.end();
    if (kind`,
  },
  {
    id: "effect-sent-again",
    title: "The client library sends an effect again over a new connection.",
    file: "lib/shift/effects.ts",
    find: "  if (!changed.ok) {\n    dropSession(hands, node);",
    replace: `  const target = findNode(memory.config, node);
  if (!changed.ok && target !== undefined) {
    const opened = await hands.nodes.openSession(target, 1_000);
    if (opened.ok) void opened.value.changeRole(changeOf(command), 5_000);
  }
  if (!changed.ok) {
    dropSession(hands, node);`,
  },
  {
    id: "no-fence",
    title: "An effect starts whatever the age of STATE.",
    file: "lib/shift/execute.ts",
    find: "return ageMs < fenceMs ? null :",
    replace: "return ageMs < fenceMs || ageMs >= 0 ? null :",
  },
  {
    id: "sends-after-the-end",
    title: "An effect starts although the invocation was told to stop.",
    file: "lib/shift/budget.ts",
    find: 'if (signal.aborted) return "the invocation was told to stop";',
    replace: "",
  },
  {
    id: "conflict-is-a-win",
    title: "A write that met another region's counts as applied.",
    file: "lib/adapters/compare-and-swap.ts",
    find: "if (put.isOutcomeKnown) return put;",
    replace: 'if (put.kind === "throttled") return success({ isWon: true, state: write.next });',
  },
];
