import { assertNever } from "../../lib/core/assert-never.ts";
import type { Act, Of } from "./act.ts";
import { onZone } from "./apply-zone-fault.ts";
import { isPromotedByHand } from "./converged.ts";
import type { Process } from "./engine.ts";
import type { Fault } from "./faults.ts";
import { isYetToCome, join, route, unroute } from "./joining.ts";
import { setRate } from "./rates.ts";
import { wallTime } from "./sim-clock.ts";
import type { SimRedis } from "./sim-redis.ts";
import type { SimWorld } from "./world.ts";

/** Lets a fault befall a world: it happens and is told, or it means nothing now and leaves no trace. */
export function applyFault(world: SimWorld, fault: Fault): boolean {
  const act = actOf(world, fault);
  if (act === null) return false;
  world.note("nemesis", { kind: "fault", fault });
  act();
  return true;
}

/** So long from now, as people with a right clock would write it. */
function inSeconds(world: SimWorld, seconds: number): string {
  return wallTime(world.engine.nowMs + seconds * 1_000);
}

function actOf(world: SimWorld, fault: Fault): Act {
  const isOfNobody = Object.values(fault).some((word) => isYetToCome(world, String(word)));
  if (isOfNobody && fault.kind !== "join") return null;
  switch (fault.kind) {
    case "kill":
    case "hang":
    case "thaw":
    case "restart":
    case "save":
    case "no-one":
    case "replica-of":
    case "ail":
    case "cure":
    case "displace":
    case "reclaim":
    case "sentinel-comes":
    case "sentinel-goes":
      return onNode(world, fault);
    case "cut":
    case "cut-way":
    case "heal":
      return onLink(world, fault);
    case "crash":
    case "freeze":
    case "unfreeze":
    case "late":
    case "end-early":
      return onProcesses(liveOf(world, fault.observer), fault);
    case "invoke":
      return () => world.invocations.invoke(fault.observer);
    case "fail-starts":
      return () => world.invocations.machines.failStarts(fault.observer, fault.times);
    case "set-clock":
      return () => world.invocations.machines.setClock(fault.observer, fault.by);
    case "upgrade":
      return world.invocations.machines.upgrade(fault.observer);
    case "far":
      return () => world.store.faults.far.set(fault.observer, fault.ms);
    case "store-cut":
    case "store-heal":
      return onStore(world.store.faults.cutOff, fault);
    case "dns-down":
    case "dns-up":
    case "dns-edit":
    case "dns-delete":
    case "dns-foreign":
    case "dns-return":
      return onZone(world, fault);
    case "ack":
      return world.operators.acknowledge();
    case "release":
      return world.operators.release(nodeAt(world, fault.node).id);
    case "ask-failover":
      return world.operators.ask({ kind: "failover" });
    case "ask-failover-to":
      return world.operators.ask({ kind: "failover", to: nodeAt(world, fault.node).id });
    case "plan-switchover":
      return world.operators.ask({ kind: "switchover", at: inSeconds(world, fault.seconds) });
    case "ask-notify-test":
      return world.operators.testNotifications(inSeconds(world, fault.seconds));
    case "join":
      return join(world, fault.node);
    case "route":
      return route(world, nodeAt(world, fault.node), nodeAt(world, fault.to));
    case "unroute":
      return unroute(world, nodeAt(world, fault.node));
    case "ask-forget":
      return world.operators.forget(`${fault.node}:6379`, inSeconds(world, 60));
    case "ask-reset":
      return world.operators.forget(null, inSeconds(world, 60));
    case "remove-group":
      return world.operators.removeGroup();
    case "apply-again":
      return world.operators.applyAgain();
    case "adopt":
      return isPromotedByHand(world) ? world.operators.adopt() : null;
    case "pause":
      return world.operators.pause(null);
    case "pause-until":
      return world.operators.pause(inSeconds(world, fault.seconds));
    case "resume":
      return world.operators.resume();
    case "apply":
      return world.operators.apply(fault.setting, fault.value);
    case "table-backup":
      return world.operators.backup();
    case "table-restore":
      return world.operators.restore();
    case "table-mend":
      return world.operators.mend();
    case "table-foreign":
      return world.operators.takeOver();
    case "table-back":
      return world.operators.giveBack();
    case "table-edit":
      return world.operators.edit(fault.of);
    case "table-unedit":
      return world.operators.unedit();
    case "rate":
      return () => setRate(world, fault.of, fault.value);
    default:
      return assertNever(fault);
  }
}

export function nodeAt(world: SimWorld, host: string): SimRedis {
  const node = [...world.nodes.values()].find((one) => one.host === host);
  if (node !== undefined) return node;
  const known = [...world.nodes.values()].map((one) => one.host).join(", ");
  throw new Error(`expected a node (${known}), got ${host}`);
}

type OnNode =
  | Of<"kill" | "hang" | "thaw" | "restart" | "save" | "no-one" | "replica-of">
  | Of<"ail" | "cure" | "displace" | "reclaim" | "sentinel-comes" | "sentinel-goes">;

/** Something that befalls a server; who judges learns that it is troubled. */
function onNode(world: SimWorld, fault: OnNode): Act {
  const node = nodeAt(world, fault.node);
  const troubled = (act: () => void) => () => {
    world.troubles.trouble(node.id);
    act();
  };
  const touched = (act: () => void) => () => {
    world.troubles.touch(node.id);
    act();
  };
  switch (fault.kind) {
    case "kill":
      return node.isUp ? troubled(() => node.kill()) : null;
    case "restart": {
      // An empty server counts as the group's, whoever started it: a stranger keeps its data.
      const isLost = node.isDisplaced && fault.data === "empty";
      return node.isUp || isLost ? null : troubled(() => node.restart(fault.data));
    }
    case "save":
      return node.isServing && !node.isLoading ? () => node.stream.save() : null;
    case "hang":
      return node.isServing ? troubled(() => node.hang()) : null;
    case "thaw":
      return node.isHung ? troubled(() => node.thaw()) : null;
    case "ail": {
      const { with: ailment } = fault;
      return !node.isUp || node.ailments.has(ailment)
        ? null
        : touched(() => node.ailments.add(ailment));
    }
    case "cure": {
      const { of: ailment } = fault;
      return node.ailments.has(ailment) ? touched(() => node.ailments.delete(ailment)) : null;
    }
    case "displace":
      return node.isDisplaced ? null : troubled(() => node.displace(fault.keys));
    case "reclaim":
      return node.isDisplaced ? troubled(() => node.reclaim()) : null;
    case "sentinel-comes":
      return node.sentinels.size > 0 ? null : () => node.sentinels.add("sentinel");
    case "sentinel-goes":
      return node.sentinels.size === 0 ? null : () => node.sentinels.clear();
    case "no-one":
      return byHand(world, node, () => node.becomeMaster());
    case "replica-of": {
      const master = nodeAt(world, fault.master);
      return byHand(world, node, () => node.becomeReplicaOf(master.id));
    }
    default:
      return assertNever(fault);
  }
}

/** A role that somebody changes by hand: no promise covers what follows. */
function byHand(world: SimWorld, node: SimRedis, act: () => void): Act {
  if (!node.isServing || node.isDisplaced) return null;
  return () => {
    world.troubles.changeByHand(...world.nodes.keys());
    act();
  };
}

function onLink(world: SimWorld, fault: Of<"cut" | "cut-way" | "heal">): Act {
  // Nodes are named by their address inside the world, everybody else by name.
  const place = (name: string) => (name.includes(".") ? nodeAt(world, name).id : name);
  const [one, other] = [place(fault.one), place(fault.other)];
  const isCut = world.isCut(one, other);
  if (fault.kind === "cut") return isCut ? null : () => world.cut(one, other);
  if (fault.kind === "cut-way") return isCut ? null : () => world.cut(one, other, "one-way");
  return isCut ? () => world.heal(one, other) : null;
}

function liveOf(world: SimWorld, observer: string): readonly Process[] {
  const live = world.processes.get(observer);
  if (live !== undefined) return [...live];
  const known = [...world.processes.keys()].join(", ");
  throw new Error(`expected an observer (${known}), got ${observer}`);
}

function onProcesses(
  live: readonly Process[],
  fault: Of<"crash" | "freeze" | "unfreeze" | "late" | "end-early">,
): Act {
  switch (fault.kind) {
    case "crash":
      return forEach(live, (process) => {
        process.crashAtAwait = process.awaits + fault.await;
      });
    case "end-early":
      return forEach(live, (process) => {
        process.endsAtAwait = process.awaits + fault.await;
      });
    case "freeze": {
      const chosen = live.at(-fault.youngest);
      return chosen === undefined || chosen.isFrozen ? null : () => chosen.freeze();
    }
    case "late":
      return forEach(live, (process) => {
        process.lateFromAwait = process.awaits;
        process.lateMs = fault.ms;
      });
    case "unfreeze":
      return forEach(
        live.filter((process) => process.isFrozen),
        (process) => process.thaw(),
      );
    default:
      return assertNever(fault);
  }
}

function forEach(processes: readonly Process[], act: (process: Process) => void): Act {
  return processes.length === 0 ? null : () => processes.forEach(act);
}

function onStore(cutOff: Set<string>, fault: Of<"store-cut" | "store-heal">): Act {
  const isOut = cutOff.has(fault.observer);
  if (fault.kind === "store-cut") return isOut ? null : () => cutOff.add(fault.observer);
  return isOut ? () => cutOff.delete(fault.observer) : null;
}
