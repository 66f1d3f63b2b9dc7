import type { RedisNodes } from "../../lib/ports/redis.ts";
import type { Store } from "../../lib/ports/store.ts";
import { createBudget } from "../../lib/shift/budget.ts";
import type { Hands } from "../../lib/shift/hands.ts";
import { alone } from "./alone.ts";
import { createFakeClock } from "./cli.ts";
import { createMemoryStore } from "./memory-store.ts";

/** The hands of a watch that asks nodes and the table, and that has neither sessions nor a record. */
export function handsWith(probe: RedisNodes["probe"], store: Store = createMemoryStore()): Hands {
  const clock = createFakeClock();
  const unused = () => Promise.reject(new Error("no record is expected"));
  const nodes: RedisNodes = {
    probe,
    openSession: () => Promise.reject(new Error("no session is expected")),
    onLost: () => {},
    close: () => Promise.resolve(),
  };
  return {
    ...{ store, clock, nodes },
    dns: { read: unused, resolve: unused, publish: unused },
    reporter: { event: () => {}, line: () => {}, flush: () => Promise.resolve() },
    waker: null,
    neighbours: alone,
    budget: createBudget(clock, 60_000, new AbortController().signal),
    freezes: { lastThawMs: () => Number.NEGATIVE_INFINITY, stop: () => {} },
    ...{ sessions: new Map(), trips: { store: 0, redis: 0 }, failing: new Map() },
    ...{ overheard: [], reading: [] },
  };
}
