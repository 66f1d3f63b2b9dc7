import type { Fault } from "./faults.ts";

/** What a fault does to the world now; null when it has no meaning now (a kill of a dead node, a heal of what is whole). */
export type Act = (() => void) | null;

export type Of<K extends Fault["kind"]> = Extract<Fault, { kind: K }>;
