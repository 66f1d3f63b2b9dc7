import { join } from "node:path";
import type { RedisBinary } from "./find.ts";
import type { RedisServerOptions } from "./server.ts";

export const configFileName = "redis.conf";
export const aclFileName = "users.acl";
export const tlsFileNames = { cert: "tls-cert.pem", key: "tls-key.pem", ca: "tls-ca.pem" };

/** Where a lab server with `tls` speaks it. */
export function tlsPortOf(port: number): number {
  return port + 1;
}

/** The config file of a lab server, without what Redis does by default. */
export function configLines(
  options: RedisServerOptions,
  binary: RedisBinary,
  dir: string,
): string[] {
  const { host, port, replicaOf, tls } = options;
  const replicationPort = (plain: number) => (tls === undefined ? plain : tlsPortOf(plain));
  const lines = [
    `bind ${host}`,
    `port ${port}`,
    `dir ${quoted(dir)}`,
    'logfile ""',
    // The address is the lab's own choice, and the lab's clients come from it as well.
    "protected-mode no",
    // A replica is known by the address it was given, even where all of them are this machine.
    `replica-announce-ip ${host}`,
    `replica-announce-port ${replicationPort(port)}`,
    // Otherwise a first sync waits 5 s for further replicas to join it.
    "repl-diskless-sync-delay 0",
    `repl-ping-replica-period ${options.replicaPingPeriodSeconds ?? 1}`,
    ...persistenceLines(options.persistence ?? "none"),
    ...(tls === undefined ? [] : tlsLines(port, dir)),
  ];
  if (Number(binary.version.split(".")[0]) >= 7) lines.push(`bind-source-addr ${host}`);
  if (replicaOf !== undefined) {
    lines.push(`replicaof ${replicaOf.host} ${replicationPort(replicaOf.port)}`);
  }
  if (options.password !== undefined) lines.push(`requirepass ${quoted(options.password)}`);
  if (options.masterUser !== undefined) lines.push(`masteruser ${quoted(options.masterUser)}`);
  if (options.masterPassword !== undefined) {
    lines.push(`masterauth ${quoted(options.masterPassword)}`);
  }
  if ((options.aclLines ?? []).length > 0) lines.push(`aclfile ${quoted(join(dir, aclFileName))}`);
  return [...lines, ...(options.extra ?? [])];
}

function tlsLines(port: number, dir: string): string[] {
  return [
    `tls-port ${tlsPortOf(port)}`,
    `tls-cert-file ${quoted(join(dir, tlsFileNames.cert))}`,
    `tls-key-file ${quoted(join(dir, tlsFileNames.key))}`,
    `tls-ca-cert-file ${quoted(join(dir, tlsFileNames.ca))}`,
    "tls-auth-clients yes",
    "tls-replication yes",
  ];
}

function persistenceLines(persistence: "none" | "rdb" | "aof"): string[] {
  switch (persistence) {
    case "none":
      return ['save ""', "appendonly no"];
    case "rdb":
      return ["save 3600 1", "appendonly no"];
    case "aof":
      return ['save ""', "appendonly yes"];
  }
}

function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
