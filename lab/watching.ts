import type { Cadence } from "../lib/core/cadence.ts";
import { pulseDefaultMs } from "../lib/deploy/pulses.ts";
import type { ListeningServer } from "./http-server.ts";
import { startInvokeApi } from "./lambda/invoke-api.ts";
import type { ObserverRunner } from "./lambda/runner.ts";

/** How the lab's observers watch, and how they wake each other: as stacks are deployed, with timers in the queue's place. */

export type LabWatching =
  | { readonly cadence: "loop" | "tick" }
  | { readonly cadence: "pulse"; readonly pulseMs: number };

/** As a stage that says nothing but its cadence. */
export function watchingBy(cadence: Cadence): LabWatching {
  return cadence === "pulse" ? { cadence, pulseMs: pulseDefaultMs } : { cadence };
}

export function watchingEnvironment(watching: LabWatching = { cadence: "loop" }) {
  const environment = { LAMBDA_SENTINEL_CADENCE: watching.cadence };
  if (watching.cadence !== "pulse") return environment;
  return { ...environment, LAMBDA_SENTINEL_PULSE_MS: String(watching.pulseMs) };
}

/** Pulses find a sandbox beside the shift that is awake, the one that relieves it, and one that was woken. */
export function pulsesFor(watching: LabWatching | undefined) {
  return watching?.cadence === "pulse" ? { pulseMs: watching.pulseMs, sandboxesMax: 5 } : {};
}

/** An Invoke API before all observers' functions; who is asleep is woken through it. */
export function startWakes(
  runners: ReadonlyMap<string, ObserverRunner>,
  onWake: (observer: string) => void,
): Promise<ListeningServer> {
  const functions = () =>
    [...runners.values()].map((runner) => ({
      functionName: runner.functionName,
      region: runner.region,
      invoke: (event: unknown, requestId?: string) => runner.invoke(event, requestId),
      invokeAsync: (event: unknown, requestId?: string) => {
        onWake(runner.observer);
        runner.invokeAsync(event, requestId);
      },
    }));
  return startInvokeApi({ functions });
}

/** What an observer's function needs to wake the others. */
export function wakingEnvironment(
  endpoint: string,
  observer: string,
  observers: readonly string[],
): Readonly<Record<string, string>> {
  const others = observers.filter((one) => one !== observer);
  return {
    AWS_ENDPOINT_URL_LAMBDA: endpoint,
    LAMBDA_SENTINEL_PEERS: others.map((one) => `${one}=${labRegion}:watch-${one}`).join(","),
  };
}

export const labRegion = "us-east-1";
