import { parseArgs } from "node:util";
import { type Explored, explore } from "./explore.ts";
import type { Scope } from "./scope.ts";
import { largeScopes, scopes, smallScopes } from "./scopes.ts";

/**
 * `npm run explore [-- --scope NAME --states N --list]`: explores scopes, by name or all of `small` or `large`. Fails
 * with the shortest path to what is broken; its last line then names the invariant and the length of the path.
 */
const { values } = parseArgs({
  options: {
    scope: { type: "string", multiple: true, default: ["small"] },
    /** Instead of the scope's own bound. */
    states: { type: "string" },
    list: { type: "boolean", default: false },
  },
});

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function named(name: string): readonly Scope[] {
  if (name === "small") return smallScopes;
  if (name === "large") return largeScopes;
  const found = scopes.filter((one) => one.name === name);
  const names = scopes.map((one) => one.name).join(", ");
  if (found.length === 0)
    throw new Error(`no scope is called ${name}; there are small, large, ${names}`);
  return found;
}

function sayBounds({ bounds, budget, processes, restarts }: Scope): string {
  const faults = Object.entries(budget).flatMap(([fault, times]) =>
    times > 0 ? [`${fault} ${times}`] : [],
  );
  const budgets = [...faults, ...restarts.map((data) => `return with ${data}`)].join(", ");
  return `${processes.length} observers, epochs to ${bounds.epoch}, rounds to ${bounds.round}; ${budgets || "no faults"}`;
}

function tell(explored: Explored, seconds: number): void {
  const { scope } = explored;
  const whole = explored.isComplete ? "complete" : "stopped";
  console.log(`${scope.name}: ${scope.about}`);
  console.log(`  bounds: ${sayBounds(scope)}`);
  console.log(
    `  ${count(explored.states)} states, ${count(explored.transitions)} moves, depth ${explored.depth}, ${whole}; ${count(explored.bounded)} moves beyond the bounds; ${seconds.toFixed(1)} s`,
  );
  console.log(
    `  ${count(explored.watches)} watches, ${count(explored.replays)} runs of the real code`,
  );
  const seen = [...explored.seen].sort(([a], [b]) => (a < b ? -1 : 1));
  console.log(`  seen: ${seen.map(([what, times]) => `${what} ${times}`).join(", ")}`);
}

let last = "no violation";
for (const scope of values.list ? [] : values.scope.flatMap(named)) {
  const startedMs = performance.now();
  const bounds = {
    ...scope.bounds,
    ...(values.states === undefined ? {} : { states: Number(values.states) }),
  };
  const explored = await explore({ ...scope, bounds });
  tell(explored, (performance.now() - startedMs) / 1_000);
  const { violation } = explored;
  if (violation !== null) {
    for (const [index, line] of violation.path.entries()) console.log(`  ${index + 1}. ${line}`);
    last = `violation of ${violation.invariant} after ${violation.path.length} moves: ${violation.what}`;
    break;
  }
  const missing = scope.mustSee.filter((what) => !explored.seen.has(what));
  if (missing.length > 0) {
    last = `${scope.name} saw no ${missing.join(", no ")}: it proves nothing`;
    break;
  }
}
if (values.list)
  for (const scope of scopes)
    console.log(`${scope.name.padEnd(14)} ${scope.about}\n  ${sayBounds(scope)}`);
else console.log(last);
process.exit(last === "no violation" ? 0 : 1);
