import type { GroupConfig, NodeConfig, Settings } from "../../lib/core/config.ts";
import type { Contender } from "../../lib/core/election.ts";
import type { GroupState, MasterRecord, NodeFacts, Round, Vote } from "../../lib/core/model.ts";
import type { StoredEvent } from "../../lib/ports/store.ts";

/** The group of all core tests, in the words of the protocol review: n0 is master; a, b and c observe. */
export const n0 = "10.0.0.1:6379";
export const n1 = "10.0.0.2:6379";
export const n2 = "10.0.0.3:6379";

export const defaultSettings: Settings = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  downAfterMs: 5_000,
  crashAfterMs: 1_500,
  rebootDownAfterMs: 0,
  quorum: 2,
  stateReadMs: 2_000,
  heartbeatMs: 15_000,
  takeoverMs: 8_000,
  fenceMs: 2_000,
  fenceWaitMs: 500,
  chooseTimeoutMs: 1_000,
  failoverTimeoutMs: 60_000,
  cooldownMs: 60_000,
  maxLagBytes: 31_457_280,
  parallelSyncs: 1,
  marker: true,
  whenUnreachable: "hold",
  whenFlapping: "hold",
  whenReturned: "attach",
  whenUnwritable: "hold",
  killBusyScripts: false,
  writeProbeKey: "",
  discover: false,
};

export const dns = { zoneId: "Z1", name: "cache.example.com", ttlSeconds: 5, srv: false };

export function nodeConfig(id: string): NodeConfig {
  const [host = "", port = ""] = id.split(":");
  const address = { host, port: Number(port) };
  return { id, probe: address, replicate: address, publish: address };
}

type ConfigChange = Omit<Partial<GroupConfig>, "settings"> & {
  readonly settings?: Partial<Settings>;
};

export function groupConfig({ settings, ...change }: ConfigChange = {}): GroupConfig {
  return {
    name: "cache",
    version: 1,
    digest: "digest-1",
    observers: ["a", "b", "c"],
    nodes: [n0, n1, n2].map(nodeConfig),
    ...change,
    settings: { ...defaultSettings, ...settings },
  };
}

export function masterFacts(change: Partial<NodeFacts> = {}): NodeFacts {
  return {
    runId: "run-n0",
    version: "7.0.15",
    role: "master",
    replid: "id-1",
    replid2: null,
    secondOffset: -1,
    offset: 1_000,
    priority: 100,
    isLoading: false,
    isSyncing: false,
    hasSynced: true,
    keys: 10,
    masterHost: null,
    masterPort: null,
    isLinkUp: false,
    lastIoSeconds: null,
    linkDownSeconds: null,
    failoverState: "no-failover",
    marker: 1,
    replPingMs: 1_000,
    sentinels: 0,
    oddities: [],
    replicas: [],
    ...change,
  };
}

/** A replica of n0 with its link up. */
export function replicaFacts(change: Partial<NodeFacts> = {}): NodeFacts {
  return masterFacts({
    runId: "run-replica",
    role: "replica",
    masterHost: "10.0.0.1",
    masterPort: 6379,
    isLinkUp: true,
    lastIoSeconds: 0,
    replPingMs: null,
    ...change,
  });
}

/** A replica of n0 that lost its link. */
export function orphanFacts(change: Partial<NodeFacts> = {}): NodeFacts {
  return replicaFacts({ isLinkUp: false, lastIoSeconds: null, linkDownSeconds: 1, ...change });
}

/** n1 right after its promotion: a history of its own that continues the old one. */
export function promotedFacts(change: Partial<NodeFacts> = {}): NodeFacts {
  return masterFacts({
    runId: "run-n1",
    replid: "id-2",
    replid2: "id-1",
    secondOffset: 1_001,
    marker: 2,
    ...change,
  });
}

export const masterRecord: MasterRecord = {
  node: n0,
  runId: "run-n0",
  replid: "id-1",
  replid2: null,
  secondOffset: -1,
  isMarked: true,
};

export const n1Record: MasterRecord = {
  node: n1,
  runId: "run-n1",
  replid: "id-2",
  replid2: "id-1",
  secondOffset: 1_001,
  isMarked: true,
};

export function round(change: Partial<Round> = {}): Round {
  return {
    number: 4,
    status: "closed",
    purpose: "failover",
    suspect: n0,
    openedBy: "b/1",
    reason: "n0 answers",
    ...change,
  };
}

/** An open round on n0 with the given number. */
export function openOn(number: number, change: Partial<Round> = {}): Round {
  return round({ number, status: "open", reason: null, ...change });
}

/** A steady group whose master n0 was committed and published in epoch 1. */
export function groupState(change: Partial<GroupState> = {}): GroupState {
  return {
    schema: 1,
    deployment: "prod",
    group: "cache",
    rev: 10,
    attempts: ["older#1"],
    ...{ epoch: 1, masterEpoch: 1 },
    phase: "steady",
    kind: null,
    isAutomatic: false,
    master: masterRecord,
    candidate: null,
    leader: null,
    beat: 3,
    round: round(),
    configVersion: 1,
    pause: null,
    request: null,
    published: { epoch: 1, node: n0 },
    previousMaster: null,
    previousOffset: null,
    histories: [],
    automaticEpoch: null,
    earlyEpochs: [],
    pagedEpoch: null,
    kept: [],
    discovered: [],
    removed: null,
    lastEpoch: null,
    log: [],
    lastTransition: { rev: 10, rule: "R740", why: "n0 answers" },
    ...change,
  };
}

/** Epoch 2 under way: b claimed it to promote n1. */
export function promotingState(change: Partial<GroupState> = {}): GroupState {
  return groupState({
    rev: 12,
    epoch: 2,
    phase: "promoting",
    kind: "failover",
    isAutomatic: true,
    candidate: { node: n1, replid: "id-1", offset: 1_000 },
    leader: "b/1",
    previousOffset: 1_000,
    ...change,
  });
}

/** Epoch 2 committed: n1 is master, b settles. */
export function settlingState(change: Partial<GroupState> = {}): GroupState {
  return promotingState({
    rev: 13,
    masterEpoch: 2,
    phase: "settling",
    master: n1Record,
    candidate: null,
    previousMaster: masterRecord,
    lastEpoch: {
      epoch: 2,
      kind: "failover",
      result: "completed",
      isAutomatic: true,
      from: n0,
      to: n1,
      reason: "n0 was down",
      isRefusal: false,
      loss: { bytes: 0, certainty: "lower-bound", oldOffset: 1_000, newOffset: 1_000 },
    },
    ...change,
  });
}

/** A down vote on n0 in round 5 of epoch 1. */
export function vote(observer: string, change: Partial<Vote> = {}): Vote {
  return {
    observer,
    group: "cache",
    round: 5,
    epoch: 1,
    digest: "digest-1",
    verdict: "down",
    node: n0,
    lastOffset: 1_000,
    evidence: "no valid reply",
    ...change,
  };
}

export function contender(node: string, change: Partial<Contender> = {}): Contender {
  return {
    node,
    facts: orphanFacts(),
    oddities: [],
    isHeldDown: false,
    isKept: false,
    lastKnownOffset: 1_000,
    ...change,
  };
}

export function storedEvent(id: string): StoredEvent {
  return {
    group: "cache",
    id,
    at: "2026-01-01T00:00:00.000Z",
    observer: "a",
    name: "+switch-master",
    rule: "P510",
    epoch: 2,
    round: 5,
    node: n0,
    message: "cache 10.0.0.1 6379 10.0.0.2 6379",
    evidence: { lostBytes: 0, certainty: "lower-bound", isAutomatic: true, to: null },
    durationsMs: { promoteMs: 12 },
  };
}

/** What the watch of a calm group says of itself beside its memory. */
export const calmStatus = {
  ...{ rule: "R799", why: "", isBusy: false, copiedRev: 0 },
  ...{ unsettled: null, looks: 1, isAtRest: true, isReadingRecord: false },
};
