import type { Neighbours } from "../../lib/shift/neighbours.ts";

/** For a group that is the only one of its table. */
export const alone: Neighbours = {
  areKnown: () => true,
  ownerOf: () => null,
  areSeen: () => true,
  sightings: () => [],
};
