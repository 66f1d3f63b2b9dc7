import { describe, expect, test } from "@jest/globals";
import { group, nodes, problemsOf } from "./load-stage.ts";

describe("a single field", () => {
  test.each([
    [
      "downAfterMs: soon",
      '5:18: groups[0].downAfterMs: expected a whole number from 300 to 3600000 (ms), got "soon"',
    ],
    [
      "probeIntervalMs: 50",
      "5:22: groups[0].probeIntervalMs: expected a whole number from 100 to 60000 (ms), got 50",
    ],
    [
      "parallelSyncs: 1.5",
      "5:20: groups[0].parallelSyncs: expected a whole number from 1 to 100 (replicas), got 1.5",
    ],
    [
      "heartbeatMs:",
      "5:17: groups[0].heartbeatMs: expected a whole number from 500 to 300000 (ms), got nothing (null)",
    ],
    ["marker: yes", '5:13: groups[0].marker: expected true or false, got "yes"'],
    [
      "whenUnreachable: wait",
      '5:22: groups[0].whenUnreachable: expected hold or failover, got "wait"',
    ],
    [
      "downAfter: 5000",
      '5:5: groups[0].downAfter: expected a known key of a group, got "downAfter": did you mean "downAfterMs"?',
    ],
    [
      "dns: { zoneID: Z1, zoneId: Z1, name: a.b }",
      '5:12: groups[0].dns.zoneID: expected a known key of dns, got "zoneID": did you mean "zoneId"?',
    ],
    [
      "dns: { zoneId: example.com, name: a.b }",
      '5:20: groups[0].dns.zoneId: expected the id of a hosted zone, like "Z0123456789ABCDEFGHIJ", got "example.com"',
    ],
    [
      "dns: { zoneId: Z1 }",
      "5:10: groups[0].dns.name: expected a DNS name inside the zone, got nothing",
    ],
    [
      "dns: { zoneId: Z1, name: a.b, ttl: 0 }",
      "5:40: groups[0].dns.ttl: expected a whole number from 1 to 3600 (seconds), got 0",
    ],
    [
      "dns: { zoneId: Z1, name: orders }",
      '5:30: groups[0].dns.name: expected a DNS name of two or more labels and at most 236 characters (letters, digits, hyphens and dots), got "orders"',
    ],
    [
      'dns: { zoneId: Z1, name: "*.example.com" }',
      '5:30: groups[0].dns.name: expected a DNS name of two or more labels and at most 236 characters (letters, digits, hyphens and dots), got "*.example.com"',
    ],
    [
      "auth: { password: hunter2 }",
      '5:23: groups[0].auth.password: expected "env:NAME", "ssm:/path" or "secretsmanager:name" (or "…name#key"): the file and the table hold where a password is kept, never the password, got something else (not shown here)',
    ],
    [
      "auth: { username: watcher }",
      '5:11: groups[0].auth.password: expected "env:NAME", "ssm:/path" or "secretsmanager:name" (or "…name#key"): the file and the table hold where a password is kept, never the password, got nothing',
    ],
    [
      "tls: { ca: secret }",
      '5:16: groups[0].tls.ca: expected certificates in PEM form, or "env:NAME", "ssm:/path" or "secretsmanager:name" (or "…name#key"), got something else (not shown here)',
    ],
    [
      "tls: { cert: env:CERT, key: '-----BEGIN PRIVATE KEY-----' }",
      '5:33: groups[0].tls.key: expected "env:NAME", "ssm:/path" or "secretsmanager:name" (or "…name#key"): the file and the table hold where a key is kept, never the key, got something else (not shown here)',
    ],
    [
      "tls: { cert: env:CERT }",
      "5:10: groups[0].tls.key: expected cert and key together, because one is of no use without the other, got nothing",
    ],
    [
      "tls: on",
      '5:10: groups[0].tls: expected true, false, or a mapping with ca, servername, cert and key, got "on"',
    ],
    [
      "quorum: 4",
      "5:13: groups[0].quorum: expected at most 3, the number of observers, got 4: that many votes could never come together",
    ],
  ])("%s", (line, problem) => {
    expect(problemsOf(group(nodes, line))).toEqual([`g.yml:${problem}`]);
  });
});

describe("a node", () => {
  test.each([
    ["10.0.0.1", '"host:port", got "10.0.0.1": the port is missing'],
    ["10.0.0.1:0", '"host:port", got "10.0.0.1:0": the port must be from 1 to 65535'],
    ["10.0.0.1:65536", '"host:port", got "10.0.0.1:65536": the port must be from 1 to 65535'],
    [
      "10.0.0.256:1",
      '"host:port", got "10.0.0.256:1": "10.0.0.256" is not an IPv4 address or a host name',
    ],
    [
      "bad_host:1",
      '"host:port", got "bad_host:1": "bad_host" is not an IPv4 address or a host name',
    ],
    ["::1", '"host:port", got "::1": write an IPv6 address in brackets: "[::1]:6379"'],
    [
      "::1:6379:x",
      '"host:port", got "::1:6379:x": write "host:port", or "[address]:port" for IPv6',
    ],
    ["[::g]:1", '"host:port", got "[::g]:1": "::g" is not an IPv6 address'],
    [
      "[fe80::1%eth0]:1",
      '"host:port", got "[fe80::1%eth0]:1": "fe80::1%eth0" is not an IPv6 address',
    ],
    [
      "0.0.0.0:6379",
      '"host:port", got "0.0.0.0:6379": 0.0.0.0 means every address of a machine, not one node',
    ],
  ])("%s is refused", (address, expected) => {
    const text = group(`nodes: [ok:1, "${address}"]`);
    expect(problemsOf(text)).toEqual([`g.yml:4:19: groups[0].nodes[1]: expected ${expected}`]);
  });

  test("is a text or a mapping with probe", () => {
    expect(
      problemsOf(group("nodes: [ok:1, 6379, { prob: a:1 }, { probe: a:1, publish: b }]")),
    ).toEqual([
      'g.yml:4:19: groups[0].nodes[1]: expected "host:port" ("[address]:port" for IPv6), or a mapping with name, probe, replicate and publish where they differ from it, and zone, region and priority where they matter, got 6379',
      'g.yml:4:25: groups[0].nodes[2].probe: expected "host:port" ("[address]:port" for IPv6), got nothing',
      'g.yml:4:27: groups[0].nodes[2].prob: expected a known key of a node, got "prob": did you mean "probe"?',
      'g.yml:4:63: groups[0].nodes[3].publish: expected "host:port", got "b": the port is missing',
    ]);
  });

  test("stands once in its group, whichever of its addresses and spellings is used", () => {
    const text = group(
      "nodes:",
      '  - "[::1]:6379"',
      '  - "[0:0:0:0:0:0:0:1]:6379"',
      '  - { probe: a:1, replicate: "[::1]:6379" }',
      '  - { probe: b:1, publish: "[::1]:6379" }',
    );
    expect(problemsOf(text)).toEqual([
      "g.yml:6:9: groups[0].nodes[1]: expected each node of a group once, got the node [::1]:6379 again, first at groups[0].nodes[0]",
      "g.yml:7:9: groups[0].nodes[2]: expected each node of a group once, got the node [::1]:6379 again, first at groups[0].nodes[0]",
      "g.yml:8:9: groups[0].nodes[3]: expected each node of a group once, got the published address [::1]:6379 again, first at groups[0].nodes[0]",
    ]);
  });
});

describe("timings that contradict each other", () => {
  test.each([
    [
      ["probeIntervalMs: 400"],
      "5:22: groups[0].probeIntervalMs: expected probeTimeoutMs < probeIntervalMs, got probeTimeoutMs 500 (the default), probeIntervalMs 400: a probe must end before the next one starts",
    ],
    [
      ["downAfterMs: 2999"],
      "5:18: groups[0].downAfterMs: expected downAfterMs ≥ 3 × probeIntervalMs, got downAfterMs 2999, probeIntervalMs 1000 (the default): fewer than three unanswered probes are no evidence, in any cadence: whoever suspects stays awake and probes by this interval",
    ],
    [
      ["crashAfterMs: 5001"],
      "5:19: groups[0].crashAfterMs: expected crashAfterMs ≤ downAfterMs, got crashAfterMs 5001, downAfterMs 5000 (the default): refused connects are the stronger evidence and can't need more time than silence; 0 switches them off",
    ],
    [
      ["takeoverMs: 3000"],
      "5:17: groups[0].takeoverMs: expected takeoverMs > fenceMs + the longest of probeTimeoutMs, fenceWaitMs and chooseTimeoutMs, got takeoverMs 3000, fenceMs 2000 (the default), probeTimeoutMs 500 (the default), fenceWaitMs 500 (the default), chooseTimeoutMs 1000 (the default): a leader that waits for its last answer must not be taken over already",
    ],
    [
      ["failoverTimeoutMs: 8000"],
      "5:24: groups[0].failoverTimeoutMs: expected failoverTimeoutMs > takeoverMs, got failoverTimeoutMs 8000, takeoverMs 8000 (the default): a takeover must have had its chance before a person is called",
    ],
  ])("%j", (lines, problem) => {
    expect(problemsOf(group(nodes, ...lines))).toEqual([`g.yml:${problem}`]);
  });

  test("are allowed up to the bound itself", () => {
    const lines = ["takeoverMs: 3001", "crashAfterMs: 3000", "downAfterMs: 3000"];
    expect(problemsOf(group(nodes, ...lines))).toEqual([]);
  });
});

describe("a record", () => {
  const dns = "dns: { zoneId: Z1, name: orders.example.com }";

  test("can't tell ports apart without srv", () => {
    expect(problemsOf(group("nodes: [a:6379, b:6380]", dns))).toEqual([
      "g.yml:4:21: groups[0].nodes[1]: expected port 6379, as a:6379 has, got 6380: an address record carries no port; use one port for all nodes or set dns.srv to true",
    ]);
    expect(
      problemsOf(group("nodes: [a:6379, b:6380]", dns.replace(" }", ", srv: true }"))),
    ).toEqual([]);
    expect(problemsOf(group("nodes: [a:6379, b:6380]"))).toEqual([]);
  });

  test.each([
    [
      '"10.0.0.1:1", "b:1"',
      '4:27: groups[0].nodes[1]: expected an IPv4 address, as 10.0.0.1:1 publishes, got "b", a host name',
    ],
    [
      '"b:1", "[::1]:1"',
      '4:20: groups[0].nodes[1]: expected a host name, as b:1 publishes, got "::1", an IPv6 address',
    ],
  ])("doesn't mix kinds of addresses: %s", (list, problem) => {
    expect(problemsOf(group(`nodes: [${list}]`, dns))).toEqual([
      `g.yml:${problem}: a failover would change the record's type, which clients of one family can't follow`,
    ]);
  });
});
