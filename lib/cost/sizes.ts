/** How large what is stored and logged is, in bytes, with names of usual length. */

/** Of groups with their nodes, the heartbeat as it is packed; held to packed ones by `test/cost/sizes.test.ts`. */
export function heartbeatBytes(groups: number, nodes: number): number {
  return 520 + groups * 45 + nodes * 17.5;
}

export function configsBytes(groups: number, nodes: number): number {
  return groups * 650 + nodes * 230;
}

/** A STATE whose log is full. */
export const stateBytes = 2_500;

export interface Lines {
  readonly shifts: number;
  readonly ends: number;
  readonly metrics: number;
  readonly decisions: number;
}

/** Lines as Powertools writes them, with what CloudWatch counts beside each, and three of the platform's for each shift. */
export function logBytes({ shifts, ends, metrics, decisions }: Lines, groups: number): number {
  return shifts * 400 + ends * (560 + 14 * groups) + metrics * 600 + decisions * 600;
}
