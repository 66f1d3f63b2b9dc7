import type { GroupStatus } from "../../lib/shift/group.ts";

/** What shifts decide: how often by each rule, and when last by each of an observer. */
export class Decisions {
  readonly counts = new Map<string, number>();
  /** `a F150`. */
  readonly atMs = new Map<string, number>();
  /** When an observer last decided anything. */
  readonly lastAtMs = new Map<string, number>();

  add(observer: string, rule: string, nowMs: number): void {
    this.atMs.set(`${observer} ${rule}`, nowMs);
    this.lastAtMs.set(observer, nowMs);
    this.counts.set(rule, (this.counts.get(rule) ?? 0) + 1);
  }
}

/** The shift's own list of what its watches last decided, which tells of every decision. */
export class Told extends Map<string, GroupStatus> {
  readonly #tell: (status: GroupStatus) => void;

  constructor(tell: (status: GroupStatus) => void) {
    super();
    this.#tell = tell;
  }

  override set(group: string, status: GroupStatus): this {
    this.#tell(status);
    return super.set(group, status);
  }
}
