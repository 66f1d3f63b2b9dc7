import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { GroupConfig } from "../core/config.ts";
import type { GroupState, Vote } from "../core/model.ts";
import { type Failure, failure, type Result, success } from "../ports/errors.ts";
import type { Heartbeat, Store, StoredEvent, StoredState, Swap } from "../ports/store.ts";
import { limitedHandler } from "./aws-client.ts";
import { type Calls, type Condition, createCalls } from "./dynamo-calls.ts";
import {
  keys,
  parseConfig,
  parseEvent,
  parseHeartbeat,
  parseState,
  parseVote,
  stateKey,
  toItem,
} from "./dynamo-codec.ts";

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

/** The quorum store on DynamoDB: single-item conditional writes and strong reads. */
export function createDynamoStore(options: DynamoStoreOptions): Store {
  const { table, deployment, timeoutMs = 1_000 } = options;
  const client =
    options.client ??
    new DynamoDBClient({
      ...(options.region === undefined ? {} : { region: options.region }),
      requestHandler: limitedHandler(timeoutMs),
      // A repeated conditional write that had been applied is recognised by its attempt id.
      maxAttempts: 2,
    });
  const calls = createCalls(client, table);

  const readState = async (group: string): Promise<Result<StoredState>> => {
    const got = await calls.get(stateKey(group));
    return got.ok ? success(parseState(got.value, deployment)) : got;
  };

  return {
    readState,
    writeState: (base, next, attempt) =>
      swap(calls, readState, deployment, { base, next, attempt }),
    readVotes: (group, observers) => readVotes(calls, group, observers),
    castVote: (vote) => castVote(calls, vote),
    readHeartbeat: async (observer) => {
      const got = await calls.get(keys.heartbeat(observer));
      if (!got.ok) return got;
      return got.value === undefined ? success(null) : parseHeartbeat(got.value);
    },
    writeHeartbeat: (heartbeat) => writeHeartbeat(calls, heartbeat),
    appendEvent: async (event) => {
      const put = await calls.put(toItem(keys.event(event.group, event.id), event));
      return put.ok ? success(undefined) : put;
    },
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

interface StateWrite {
  readonly base: number | null;
  readonly next: GroupState;
  readonly attempt: string;
}

/**
 * Compare-and-swap with an answer that is certain, or a failure that says it is not:
 *
 *   write ──► applied, reply lost ──► read: our attempt id stands ──► won
 *         ──► not applied         ──► read: rev is still the base ──► the same write once more, same id, same condition
 *         ──► somebody was faster ──► condition fails, the old item shows whose write stands ──► lost
 */
async function swap(
  calls: Calls,
  readState: (group: string) => Promise<Result<StoredState>>,
  deployment: string,
  write: StateWrite,
): Promise<Result<Swap>> {
  const item = toItem(stateKey(write.next.group), write.next);
  const condition: Condition =
    write.base === null
      ? { condition: "attribute_not_exists(pk)" }
      : {
          condition: "#rev = :rev",
          names: { "#rev": "rev" },
          values: { ":rev": { N: String(write.base) } },
        };
  let ambiguous: Failure | null = null;
  for (let round = 0; round < 2; round += 1) {
    const put = await calls.put(item, condition);
    if (put.ok) {
      if (put.value.isPut) return success({ isWon: true, state: write.next });
      return judge(parseState(put.value.standing, deployment), write.attempt);
    }
    if (put.isOutcomeKnown) return put;
    ambiguous = put;
    const read = await readState(write.next.group);
    if (!read.ok) return put;
    const standing = read.value.kind === "state" ? read.value.state : null;
    if ((standing?.rev ?? null) !== write.base) return judge(read.value, write.attempt);
  }
  return ambiguous ?? failure("timeout", "STATE could not be written");
}

/** The writes of one attempt are recognised by its id, which survives three later writes of others. */
function judge(stored: StoredState, attempt: string): Result<Swap> {
  switch (stored.kind) {
    case "absent":
      return success({ isWon: false, state: null });
    case "foreign":
      return failure("refused", stored.why);
    case "state":
      return success({ isWon: stored.state.attempts.includes(attempt), state: stored.state });
  }
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
  const put = await calls.put(toItem(keys.heartbeat(heartbeat.observer), heartbeat), {
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
