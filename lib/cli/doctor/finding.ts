/** What `doctor` finds: each kind stands once, in the file that looks for it, and docs/doctor.md lists them all. */

/** "error": a failover would not come, or not end well. "warning": the next fault makes it so. "note": worth knowing. */
export type Severity = "error" | "warning" | "note";

/** The worst first. */
export const severities = ["error", "warning", "note"] as const satisfies readonly Severity[];

export interface Kind {
  readonly severity: Severity;
  /** What is so, in one clause that needs no name. */
  readonly title: string;
  readonly todo: string;
  /** The page of the documentation, from the project's root, with its heading. */
  readonly see: string;
}

export type Kinds<Id extends string = string> = Readonly<Record<Id, Kind>>;

export interface Finding extends Kind {
  /** Stable: an id is never used for something else. */
  readonly id: string;
  /** The node, observer or record that it is about; null: the group or the table itself. */
  readonly about: string | null;
  /** The numbers behind it, and how old they are where they are somebody's word. */
  readonly evidence: string;
}

/** Makes findings of these kinds. */
export function finder<Id extends string>(kinds: Kinds<Id>) {
  return (id: Id, about: string | null, evidence: string): Finding => ({
    id,
    about,
    evidence,
    ...kinds[id],
  });
}

/** The severity of the worst; null: there is nothing. */
export function worstOf(findings: readonly Pick<Finding, "severity">[]): Severity | null {
  return severities.find((one) => findings.some(({ severity }) => severity === one)) ?? null;
}
