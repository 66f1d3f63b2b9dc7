import { recordOf } from "../../lib/core/lineage.ts";
import { type GroupState, STATE_SCHEMA } from "../../lib/core/model.ts";
import { wantedOf } from "../../lib/core/records.ts";
import type { Budget } from "./book.ts";
import { calmTurn, movesOf, withBudget } from "./calm.ts";
import { factsOf } from "./facts.ts";
import type { Process } from "./scope.ts";
import { newServers } from "./servers.ts";
import type { Space } from "./space.ts";
import type { Packed, World } from "./world.ts";

/**
 * How a scope comes to its first state. A line is one of
 *
 *   all look 3        every process takes three turns
 *   a looks 2         one process does
 *   a until S310      it goes on until this rule has decided
 *   n0 dies           the move of this name
 */
const everything: Budget = {
  crash: 9,
  era: 9,
  stall: 9,
  loss: 9,
  late: 9,
  kill: 9,
  hang: 9,
  cut: 9,
  manual: 9,
  request: 9,
  pause: 9,
  write: 9,
  edit: 9,
};

const turnsMax = 30;

export async function begin(space: Space): Promise<Packed> {
  const { scope, codec } = space;
  const watches: number[] = [];
  for (const process of scope.processes) {
    watches.push((await space.watches.begin(space.firstTurn(process, 1))).to);
  }
  let at = codec.packNew(firstWorld(space, watches));
  for (const line of scope.prologue) at = await carryOn(space, at, line);
  return withBudget(space, at, scope.budget);
}

function firstWorld({ scope }: Space, watches: readonly number[]): World {
  const { config } = scope;
  const ids = config.nodes.map((node) => node.id);
  const servers = newServers(ids, config.settings.marker ? 1 : null);
  const [first = ""] = ids;
  const master = recordOf(first, factsOf(servers, first, config.settings.marker));
  const state: GroupState = {
    schema: STATE_SCHEMA,
    deployment: "prod",
    group: config.name,
    rev: 1,
    attempts: [],
    epoch: 1,
    masterEpoch: 1,
    phase: "steady",
    kind: null,
    isAutomatic: false,
    master,
    candidate: null,
    leader: null,
    beat: 0,
    round: {
      number: 1,
      status: "closed",
      purpose: "bootstrap",
      suspect: null,
      openedBy: "",
      reason: null,
    },
    configVersion: config.version,
    pause: null,
    request: null,
    published: config.dns === undefined ? null : { epoch: 1, node: first },
    previousMaster: null,
    previousOffset: null,
    histories: [master.replid],
    lastEpoch: null,
    automaticEpoch: null,
    earlyEpochs: [],
    pagedEpoch: null,
    kept: [],
    log: [],
    discovered: [],
    removed: null,
    lastTransition: { rev: 0, rule: "", why: "" },
  };
  const [node] = config.nodes;
  const owner = { deployment: "prod", group: config.name, epoch: 1 };
  const records = node === undefined ? [] : wantedOf(config, "master", owner, node);
  return {
    state,
    votes: [],
    zone: [...records].sort((a, b) => (`${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1)),
    servers,
    strays: [],
    book: {
      left: everything,
      cuts: [],
      intents: { 1: first },
      committed: { 1: first },
      chosen: [],
      promoted: { epoch: 0, isWhole: true },
      heardOld: scope.processes.map(() => 0),
      found: scope.processes.map(() => null),
      acknowledged: [],
      owed: [],
    },
    watches,
  };
}

async function carryOn(space: Space, from: Packed, line: string): Promise<Packed> {
  let at = withBudget(space, from, everything);
  const look = /^(\w+) looks? (\d+)$/.exec(line);
  if (look !== null) {
    for (let turn = 0; turn < Number(look[2]); turn += 1) {
      for (const process of whoIs(space, look[1] ?? ""))
        at = await turnOf(space, at, process, line);
    }
    return at;
  }
  const until = /^(\w+) until (\w+)$/.exec(line);
  if (until !== null) return goUntil(space, at, until[1] ?? "", until[2] ?? "");
  const victims = space.scope.config.nodes.map((node) => node.id);
  const anything = { victims, restarts: ["rdb", "aof", "empty"] as const };
  const moves = await movesOf(space, at, anything);
  const move = moves.find((one) => one.text() === line);
  if (move === undefined) {
    const others = moves.map((one) => one.text()).join("; ");
    throw new Error(`the prologue's "${line}" is no move here; there are: ${others}`);
  }
  return move.to;
}

function whoIs(space: Space, name: string): readonly number[] {
  const { processes } = space.scope;
  const isMeant = (one: Process) => name === "all" || one.name === name;
  return processes.flatMap((one, index) => (isMeant(one) ? [index] : []));
}

async function turnOf(space: Space, at: Packed, process: number, line: string): Promise<Packed> {
  const turn = await calmTurn(space, at, process);
  if (turn.move.broken !== null) throw new Error(`"${line}" breaks ${turn.move.broken.invariant}`);
  return turn.at;
}

async function goUntil(space: Space, from: Packed, name: string, rule: string): Promise<Packed> {
  const [process = -1] = whoIs(space, name);
  const seen: string[] = [];
  let at = from;
  for (let count = 0; count < turnsMax; count += 1) {
    const turn = await calmTurn(space, at, process);
    at = turn.at;
    seen.push(...turn.seen);
    if (turn.seen.includes(rule)) return at;
  }
  throw new Error(`expected ${name} to decide ${rule}; it decided ${seen.join(", ")}`);
}
