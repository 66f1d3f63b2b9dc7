import type { Outcome } from "../../lib/core/commands.ts";
import { dns, groupConfig, settlingState } from "../support/builders.ts";
import { afterFailover, Watch } from "../support/watch.ts";

export const published = { config: groupConfig({ dns }) };

/** Settles epoch 2, which somebody committed before; `a/2` leads unless told. */
export function settling(
  start: { leader?: string; dns?: boolean; samples?: typeof afterFailover } = {},
) {
  const watch = new Watch({
    state: settlingState({ leader: start.leader ?? "a/2" }),
    config: start.dns === true ? published.config : groupConfig(),
  });
  const decision = watch.look({ samples: start.samples ?? afterFailover });
  return { watch, decision };
}

export const notPublished = (isRefused: boolean): Outcome => ({
  kind: "not-published",
  role: "master",
  epoch: 2,
  isRefused,
  why: isRefused ? "it belongs to group sessions" : "rate exceeded",
});
