import { Option } from "commander";
import { commandLine, whole } from "../support/command-line.ts";
import { type Explored, explore } from "./explore.ts";
import type { Scope } from "./scope.ts";
import { largeScopes, scopes, smallScopes } from "./scopes.ts";

const names = scopes.map((one) => one.name);

const values = commandLine("npm run explore --")
  .description(
    "Goes through every interleaving of scopes. Fails with the shortest path to what is broken; the last line names the\n" +
      "invariant and the length of the path.",
  )
  .addOption(
    new Option("--scope <names...>", "these scopes, or all of the small or the large ones")
      .choices(["small", "large", ...names])
      .default(["small"]),
  )
  .option("--states <n>", "end a scope after so many states, instead of at its own bound", whole(1))
  .option("--list", "say what scopes there are", false)
  .parse()
  .opts<{ readonly scope: readonly string[]; readonly states?: number; readonly list: boolean }>();

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function named(name: string): readonly Scope[] {
  if (name === "small") return smallScopes;
  if (name === "large") return largeScopes;
  return scopes.filter((one) => one.name === name);
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
    ...(values.states === undefined ? {} : { states: values.states }),
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
