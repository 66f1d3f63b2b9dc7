import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import pLimit from "p-limit";
import type { GroupConfig } from "../core/config.ts";
import type { GroupState, Vote } from "../core/model.ts";
import { failure, type Result, success } from "../ports/errors.ts";
import type { Heartbeat, Store, StoredEvent, StoredState } from "../ports/store.ts";
import { keepDoubts, limitedHandler } from "./aws-client.ts";
import { basisOf, compareAndSwap, type StateTable } from "./compare-and-swap.ts";
import { type Calls, type Condition, createCalls } from "./dynamo-calls.ts";
import { keys, parseConfig, parseEvent, parseVote, stateKey, toItem } from "./dynamo-codec.ts";
import { heartbeatItem, parseHeartbeat } from "./dynamo-heartbeat.ts";
import { parseState } from "./dynamo-state-codec.ts";

export interface DynamoStoreOptions {
  readonly table: string;
  /** Two deployments never share a group's STATE (fault D13). */
  readonly deployment: string;
  readonly region?: string;
  /** Limit of one request; the SDK may make two of them. */
  readonly timeoutMs?: number;
  readonly client?: DynamoDBClient;
  /** Told of items that this version can't read; they are left out, and everything else goes on. */
  readonly onUnreadable?: (why: string) => void;
}

/** `timeoutMs`: the limit of one request, of which the SDK may make two. No region: the SDK's own sources of it. */
export function createTableClient(region: string | undefined, timeoutMs = 1_000): DynamoDBClient {
  const client = new DynamoDBClient({
    ...(region === undefined ? {} : { region }),
    requestHandler: limitedHandler(timeoutMs),
    // The table is reached by a gateway endpoint, which knows no IPv6, wherever AWS_USE_DUALSTACK_ENDPOINT is set.
    useDualstackEndpoint: false,
    // A repeated conditional write that had been applied is recognised by its attempt id.
    maxAttempts: 2,
  });
  // It copies every request and answer, secrets left out, for a logger that there is none of.
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}

/**
 * Events under way at once. A failover tells some thirty, and of many groups at once they would stand before the votes and
 * claims of the others; nobody waits for one.
 */
const eventsAtOnce = 2;

/** The quorum store on DynamoDB: single-item conditional writes and strong reads. */
export function createDynamoStore(options: DynamoStoreOptions): Store {
  const { table, deployment, timeoutMs = 1_000 } = options;
  const client = options.client ?? createTableClient(options.region, timeoutMs);
  keepDoubts(client);
  const calls = createCalls(client, table);

  const eventLane = pLimit(eventsAtOnce);

  const readState = async (group: string): Promise<Result<StoredState>> => {
    const got = await calls.get(stateKey(group));
    return got.ok ? success(parseState(got.value, deployment)) : got;
  };

  return {
    readState,
    writeState: (base, next, attempt) =>
      compareAndSwap(stateTable(calls, readState, deployment), { base, next, attempt }),
    readVotes: (group, observers) => readVotes(calls, group, observers),
    castVote: (vote) => castVote(calls, vote),
    readHeartbeat: async (observer) => {
      const got = await calls.get(keys.heartbeat(observer));
      if (!got.ok) return got;
      return got.value === undefined ? success(null) : parseHeartbeat(got.value);
    },
    writeHeartbeat: (heartbeat) => writeHeartbeat(calls, heartbeat),
    appendEvent: (event) =>
      eventLane(async () => {
        const put = await calls.put(toItem(keys.event(event.group, event.id), event));
        return put.ok ? success(undefined) : put;
      }),
    readEvents: (group, limit) => readEvents(calls, group, limit),
    pruneEvents: (group, kept) => pruneEvents(calls, group, kept),
    listConfigs: () => listConfigs(calls, options.onUnreadable ?? (() => {})),
    readConfig: async (group, version) => {
      const got = await calls.get(keys.config(group, version));
      if (!got.ok) return got;
      return got.value === undefined ? success(null) : parseConfig(got.value);
    },
    putConfig: async (config) => {
      const item = toItem(keys.config(config.name, config.version), config);
      const put = await calls.put(item, { condition: "attribute_not_exists(pk)" });
      if (!put.ok) return put;
      if (put.value.isPut) return success(undefined);
      return failure("refused", `CONFIG ${config.name}#${config.version} exists already`);
    },
    deleteConfig: (group, version) => calls.remove(keys.config(group, version)),
    claimNode: async (node, group) => {
      const put = await calls.put(toItem(keys.node(node), { group }), {
        condition: "attribute_not_exists(pk)",
      });
      if (!put.ok) return put;
      const owner = put.value.isPut ? group : (put.value.standing?.group?.S ?? "unknown");
      return success({ owner });
    },
    releaseNode: (node, group) =>
      calls.remove(keys.node(node), {
        condition: "#group = :group",
        names: { "#group": "group" },
        values: { ":group": { S: group } },
      }),
  };
}

/** The STATE item as compareAndSwap sees it: a conditional put that shows what stands, and a strong read. */
function stateTable(
  calls: Calls,
  readState: (group: string) => Promise<Result<StoredState>>,
  deployment: string,
): StateTable {
  return {
    read: readState,
    put: async (base, next) => {
      const put = await calls.put(toItem(stateKey(next.group), next), conditionOn(base, next));
      if (!put.ok) return put;
      if (put.value.isPut) return success({ isPut: true });
      return success({ isPut: false, standing: parseState(put.value.standing, deployment) });
    },
  };
}

function conditionOn(base: number | null, next: GroupState): Condition {
  if (base === null) return { condition: "attribute_not_exists(pk)" };
  const rev = { ":rev": { N: String(base) } };
  const basis = basisOf(next);
  if (basis === null) return { condition: "#rev = :rev", names: { "#rev": "rev" }, values: rev };
  return {
    condition: "#rev = :rev AND #attempts[0] = :basis",
    names: { "#rev": "rev", "#attempts": "attempts" },
    values: { ...rev, ":basis": { S: basis } },
  };
}

async function readVotes(
  calls: Calls,
  group: string,
  observers: readonly string[],
): Promise<Result<readonly Vote[]>> {
  if (observers.length === 0) return success([]);
  const got = await calls.getMany(observers.map((observer) => keys.vote(observer, group)));
  if (!got.ok) return got;
  const votes: Vote[] = [];
  for (const item of got.value) {
    const parsed = parseVote(item);
    // A vote that cannot be understood is no vote; its observer counts as silent.
    if (parsed.ok) votes.push(parsed.value);
  }
  return success(votes);
}

/** Condition "a later round than the standing vote's": written once per round, an older shift never overwrites (F3). */
async function castVote(
  calls: Calls,
  vote: Vote,
): Promise<Result<{ readonly isCast: boolean; readonly standing: Vote }>> {
  const put = await calls.put(toItem(keys.vote(vote.observer, vote.group), vote), {
    condition: "attribute_not_exists(pk) OR #round < :round",
    names: { "#round": "round" },
    values: { ":round": { N: String(vote.round) } },
  });
  if (!put.ok) return put;
  if (put.value.isPut) return success({ isCast: true, standing: vote });
  const standing = put.value.standing === undefined ? null : parseVote(put.value.standing);
  if (standing === null) return failure("malformed", "the standing vote was not returned");
  return standing.ok ? success({ isCast: false, standing: standing.value }) : standing;
}

async function writeHeartbeat(
  calls: Calls,
  heartbeat: Heartbeat,
): Promise<Result<{ readonly standingShift: number }>> {
  const put = await calls.put(heartbeatItem(heartbeat), {
    condition: "attribute_not_exists(pk) OR #shift <= :shift",
    names: { "#shift": "shift" },
    values: { ":shift": { N: String(heartbeat.shift) } },
  });
  if (!put.ok) return put;
  if (put.value.isPut) return success({ standingShift: heartbeat.shift });
  return success({ standingShift: Number(put.value.standing?.shift?.N ?? heartbeat.shift) });
}

async function readEvents(
  calls: Calls,
  group: string,
  limit: number,
): Promise<Result<readonly StoredEvent[]>> {
  const got = await calls.query(`EVENT#${group}`, { limit, newestFirst: true });
  if (!got.ok) return got;
  const events = got.value.flatMap((item) => {
    const parsed = parseEvent(item);
    return parsed.ok ? [parsed.value] : [];
  });
  return success(events);
}

/** How many events one pruning removes at most; the rest is the next one's. */
const prunedMax = 100;

async function pruneEvents(calls: Calls, group: string, kept: number): Promise<Result<void>> {
  const got = await calls.query(`EVENT#${group}`, { limit: kept + prunedMax, newestFirst: true });
  if (!got.ok) return got;
  for (const item of got.value.slice(kept)) {
    const removed = await calls.remove({ pk: `EVENT#${group}`, sk: item.sk?.S ?? "" });
    if (!removed.ok) return removed;
  }
  return success(undefined);
}

async function listConfigs(
  calls: Calls,
  onUnreadable: (why: string) => void,
): Promise<Result<readonly GroupConfig[]>> {
  const got = await calls.query("CONFIG", { newestFirst: true });
  if (!got.ok) return got;
  const configs: GroupConfig[] = [];
  for (const item of got.value) {
    const parsed = parseConfig(item);
    if (parsed.ok) configs.push(parsed.value);
    else onUnreadable(`${item.sk?.S}: ${parsed.why}`);
  }
  return success(configs);
}
