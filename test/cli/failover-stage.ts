import { beforeEach } from "@jest/globals";
import type { GroupState } from "../../lib/core/model.ts";
import { claim, type Writer } from "../../lib/core/state.ts";
import { type Cli, configOf, createCli, groupsText, plant, steadyState } from "../support/cli.ts";

const config = configOf(groupsText);

export const steady = steadyState(config);

/** What a command shows before it asks. */
export const plan = [
  "group      orders",
  "master     10.0.0.1:6379, since epoch 1",
  "one of     10.0.0.2:6379, 10.0.0.3:6379 would replace it",
  "asked are  a, b, c",
];

export interface Stage {
  readonly cli: Cli;
  state(): GroupState;
  /** At that time an observer writes STATE. */
  observerWrites(ms: number, change: (state: GroupState) => { readonly next: GroupState }): void;
}

/** The command line beside one steady group, anew for each test of a file. */
export function besideSteadyGroup(): Stage {
  let cli: Cli;
  beforeEach(() => {
    cli = createCli();
    plant(cli, config, steady);
  });
  const state = (): GroupState => {
    const found = cli.store.states.get("orders");
    if (found === undefined) throw new Error("expected a state");
    return found;
  };
  return {
    get cli() {
      return cli;
    },
    state,
    observerWrites: (ms, change) =>
      cli.clock.at(ms, () => cli.store.states.set("orders", change(state()).next)),
  };
}

export function writer(why: string): Writer {
  return { attempt: why, shift: "a/1", rule: "test", why };
}

export function claimed(standing: GroupState) {
  const candidate = { node: "10.0.0.2:6379", replid: "r1", offset: 90 };
  const intent = { kind: "switchover", isAutomatic: false, candidate, masterOffset: 100 } as const;
  return claim(standing, intent, writer("chose 10.0.0.2:6379"));
}
