/** What a server is told over an effect session; `by` is for the judges. */
export interface RoleCommand {
  readonly kind: "promote" | "attach" | "fence" | "hand-over" | "cut";
  readonly epoch: number;
  readonly to: string | null;
  readonly timeoutMs: number;
  /** Whether a promotion writes the epoch into the marker key. */
  readonly marks: boolean;
  readonly by: string;
}
