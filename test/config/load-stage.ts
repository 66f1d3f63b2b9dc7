import { type ConfigResult, loadConfig } from "../../lib/config/load.ts";
import { formatProblem } from "../../lib/config/problems.ts";

/** Documents of one group, and what the loader says of them. */

export const example = `observers: [eu-west-1a, eu-west-1b, eu-west-1c]
groups:
  - name: orders
    nodes: ["10.0.1.10:6379", "10.0.2.10:6379", "10.0.3.10:6379"]
    quorum: 2
    downAfterMs: 5000
    crashAfterMs: 1500
    probeIntervalMs: 1000
    parallelSyncs: 1
    dns: { zoneId: Z123, name: Orders.redis.example.com., ttl: 5, srv: true }
    auth: { username: watcher, password: "env:NAME" }
    tls: false
`;

export function problemsOf(text: string): readonly string[] {
  const result = loadConfig(text, "g.yml");
  return result.ok ? [] : result.problems.map(formatProblem);
}

export function warningsOf(result: ConfigResult): readonly string[] {
  return result.warnings.map(formatProblem);
}

/** A document with one group whose lines are given, at line 4 and below. */
export function group(...lines: readonly string[]): string {
  const head = ["observers: [a, b, c]", "groups:", "  - name: orders"];
  return [...head, ...lines.map((line) => `    ${line}`), ""].join("\n");
}

export const nodes = 'nodes: ["10.0.0.1:6379", "10.0.0.2:6379"]';
