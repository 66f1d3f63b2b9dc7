import type { Kinds } from "./finding.ts";
import { groupKinds } from "./group.ts";
import { nameKinds } from "./name.ts";
import { nodeKinds, oddKinds } from "./nodes.ts";
import { observerKinds } from "./observers.ts";
import { serverKinds } from "./servers.ts";
import { tableKinds } from "./table.ts";

/** Every kind of finding, by the part of an installation that it is about; docs/doctor.md is made of this. */
export const kindsByPart: Readonly<Record<string, Kinds>> = {
  "The table, and who asks": tableKinds,
  "The group": groupKinds,
  "The observers": observerKinds,
  "The nodes as they answer": nodeKinds,
  "The nodes as they are set up": serverKinds,
  "What is odd about a node": oddKinds,
  "The name": nameKinds,
};
