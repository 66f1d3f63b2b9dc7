/** The part of dynalite 4 that the lab uses; the package publishes no types. */
declare module "dynalite" {
  import type { Server } from "node:http";

  export type DynaliteOptions = Readonly<{
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
    maxItemSizeKb?: number;
  }>;

  export default function dynalite(options?: DynaliteOptions): Server;
}
