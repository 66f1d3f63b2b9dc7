import { success } from "../../lib/ports/errors.ts";
import type { RedisNodes } from "../../lib/ports/redis.ts";
import type { Process } from "./engine.ts";
import { ProbeLine } from "./sim-probe-line.ts";
import { SimSession } from "./sim-session.ts";
import { type SimNetwork, Vantage } from "./sim-vantage.ts";

/** The nodes as one observer's process reaches them. */
export function simNodes(process: Process, observer: string, network: SimNetwork): RedisNodes {
  const vantage = new Vantage(process, observer, network);
  const lines = new Map<string, ProbeLine>();
  const listeners: ((node: string) => void)[] = [];
  let sessions = 0;

  const lineTo = (node: string): ProbeLine => {
    const onLost = (): void => {
      for (const listener of listeners) listener(node);
    };
    const line = lines.get(node) ?? new ProbeLine(vantage, node, onLost);
    lines.set(node, line);
    return line;
  };

  return {
    probe: (node, wants) => lineTo(node.id).probe(wants),
    openSession: async (node, deadlineMs) => {
      const opened = await vantage.open(node.id, deadlineMs);
      if (!opened.ok) return opened;
      sessions += 1;
      return success(new SimSession(vantage, opened.value, sessions));
    },
    onLost: (listener) => {
      listeners.push(listener);
    },
    close: () => {
      for (const line of lines.values()) line.close();
      return Promise.resolve();
    },
  };
}
