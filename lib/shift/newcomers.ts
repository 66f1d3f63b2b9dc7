import type { GroupConfig, NodeConfig } from "../core/config.ts";
import type { Newcomer } from "../core/memory.ts";
import type { NodeFacts } from "../core/model.ts";
import type { Result } from "../ports/errors.ts";
import type { NodeSession } from "../ports/redis.ts";
import type { Hands } from "./hands.ts";

type Asking = Pick<Hands, "clock" | "neighbours"> & {
  readonly nodes: {
    openSession(
      node: NodeConfig,
      deadlineMs: number,
    ): Promise<Result<Pick<NodeSession, "observe" | "close">>>;
  };
};

/**
 * Asks servers that are no nodes of the group who they are, once each: nothing is kept of a server that may be no
 * business of ours. One that does not answer costs a probe's time-out.
 */
export function askNewcomers(
  hands: Asking,
  config: GroupConfig,
  nodes: readonly NodeConfig[],
): Promise<readonly Newcomer[]> {
  return Promise.all(nodes.map((node) => askOne(hands, config, node)));
}

async function askOne(hands: Asking, config: GroupConfig, node: NodeConfig): Promise<Newcomer> {
  const { neighbours, clock } = hands;
  const asked = { node, askedAtMs: clock.nowMs() };
  const named = neighbours.ownerOf(node, null);
  if (named !== null) return { ...asked, facts: null, why: "it is not ours to ask", owner: named };
  if (!neighbours.areKnown()) {
    const why = "the nodes of the other groups are not known yet";
    return { ...asked, facts: null, why, owner: null };
  }
  const observed = await observe(hands, config, node);
  if (!observed.ok) return { ...asked, facts: null, why: observed.why, owner: null };
  const facts = observed.value;
  return { ...asked, facts, why: "", owner: neighbours.ownerOf(node, facts.runId) };
}

async function observe(
  hands: Asking,
  { settings }: GroupConfig,
  node: NodeConfig,
): Promise<Result<NodeFacts>> {
  const opened = await hands.nodes.openSession(node, settings.probeTimeoutMs);
  if (!opened.ok) return opened;
  try {
    return await opened.value.observe(settings.probeTimeoutMs);
  } finally {
    opened.value.close();
  }
}
