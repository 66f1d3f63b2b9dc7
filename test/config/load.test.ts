import { describe, expect, test } from "@jest/globals";
import { type ConfigResult, loadConfig, loadConfigFile } from "../../lib/config/load.ts";
import { formatProblem } from "../../lib/config/problems.ts";

const example = `observers: [eu-west-1a, eu-west-1b, eu-west-1c]
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

function problemsOf(text: string): readonly string[] {
  const result = loadConfig(text, "g.yml");
  return result.ok ? [] : result.problems.map(formatProblem);
}

function warningsOf(result: ConfigResult): readonly string[] {
  return result.warnings.map(formatProblem);
}

/** A document with one group whose lines are given, at line 4 and below. */
function group(...lines: readonly string[]): string {
  const head = ["observers: [a, b, c]", "groups:", "  - name: orders"];
  return [...head, ...lines.map((line) => `    ${line}`), ""].join("\n");
}

const nodes = 'nodes: ["10.0.0.1:6379", "10.0.0.2:6379"]';

describe("a valid document", () => {
  test("becomes groups with every default filled in", () => {
    const result = loadConfig(example, "g.yml");
    expect(result.warnings).toEqual([]);
    expect(result.ok && result.groups).toEqual([
      {
        name: "orders",
        observers: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
        nodes: [1, 2, 3].map((n) => {
          const address = { host: `10.0.${n}.10`, port: 6379 };
          const id = `10.0.${n}.10:6379`;
          return { id, probe: address, replicate: address, publish: address };
        }),
        settings: {
          probeIntervalMs: 1000,
          probeTimeoutMs: 500,
          downAfterMs: 5000,
          crashAfterMs: 1500,
          quorum: 2,
          stateReadMs: 2000,
          heartbeatMs: 15_000,
          takeoverMs: 8000,
          fenceMs: 2000,
          fenceWaitMs: 500,
          chooseTimeoutMs: 1000,
          failoverTimeoutMs: 60_000,
          cooldownMs: 60_000,
          maxLagBytes: 31_457_280,
          parallelSyncs: 1,
          marker: true,
          whenUnreachable: "hold",
        },
        dns: { zoneId: "Z123", name: "orders.redis.example.com", ttlSeconds: 5, srv: true },
        auth: { username: "watcher", password: "env:NAME" },
      },
    ]);
  });

  test("gives each node its three addresses in one spelling", () => {
    const text = group(
      "nodes:",
      '  - { probe: "Redis-1.internal.:6379", publish: "[2001:DB8:0:0::1]:6379" }',
      '  - { probe: "10.0.0.2:6379", replicate: "192.168.0.2:6380", publish: "[2001:db8::2]:6379" }',
    );
    const result = loadConfig(text, "g.yml");
    expect(result.ok && result.groups[0]?.nodes).toEqual([
      {
        id: "redis-1.internal:6379",
        probe: { host: "redis-1.internal", port: 6379 },
        replicate: { host: "redis-1.internal", port: 6379 },
        publish: { host: "2001:db8::1", port: 6379 },
      },
      {
        id: "10.0.0.2:6379",
        probe: { host: "10.0.0.2", port: 6379 },
        replicate: { host: "192.168.0.2", port: 6380 },
        publish: { host: "2001:db8::2", port: 6379 },
      },
    ]);
  });

  test.each([
    ["tls: true", {}],
    [
      "tls: { servername: redis.internal, ca: ssm:/redis/ca }",
      { servername: "redis.internal", ca: "ssm:/redis/ca" },
    ],
  ])("%s asks for encryption", (line, tls) => {
    const result = loadConfig(group(nodes, line), "g.yml");
    expect(result.ok && result.groups[0]?.tls).toEqual(tls);
  });

  test.each([
    ["env:REDIS_PASSWORD"],
    ["ssm:/redis/orders"],
    ["secretsmanager:redis/orders"],
    ["secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:redis-AbCdEf#password"],
  ])("knows the password reference %s", (password) => {
    const result = loadConfig(group(nodes, `auth: { password: "${password}" }`), "g.yml");
    expect(result.ok && result.groups[0]?.auth).toEqual({ password });
  });

  test("may use anchors and aliases", () => {
    const text = `${group(nodes, "auth: &login { password: env:PW }")}  - { name: carts, nodes: ["c:1", "d:1"], auth: *login }\n`;
    const result = loadConfig(text, "g.yml");
    expect(result.ok && result.groups[1]?.auth).toEqual({ password: "env:PW" });
  });

  test("needs a majority where no quorum is given", () => {
    const text = example.replace("quorum: 2", "").replace("eu-west-1c]", "eu-west-1c, x, y]");
    const result = loadConfig(text, "g.yml");
    expect(result.ok && result.groups[0]?.settings.quorum).toBe(3);
  });
});

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
      "tls: on",
      '5:10: groups[0].tls: expected true, false, or a mapping with ca and servername, got "on"',
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
      'g.yml:4:19: groups[0].nodes[1]: expected "host:port" ("[address]:port" for IPv6), or a mapping with probe, replicate and publish where they differ from it, and zone, region and priority where they matter, got 6379',
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
      "5:18: groups[0].downAfterMs: expected downAfterMs ≥ 3 × probeIntervalMs, got downAfterMs 2999, probeIntervalMs 1000 (the default): fewer than three unanswered probes are no evidence",
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

describe("between groups", () => {
  test("names, nodes and records differ", () => {
    const first = group("nodes: [a:1, b:1]", "dns: { zoneId: Z1, name: x.example.com }");
    const text = `${first}  - name: orders\n    nodes: [c:1, A:1]\n    dns: { zoneId: Z2, name: X.example.com. }\n`;
    expect(problemsOf(text)).toEqual([
      'g.yml:6:11: groups[1].name: expected group names to differ, got "orders" again, first at groups[0].name',
      "g.yml:7:18: groups[1].nodes[1]: expected each node in one group only, got a:1 again, first at groups[0].nodes[0]",
      "g.yml:8:30: groups[1].dns.name: expected each record in one group only, got x.example.com again, first at groups[0].dns.name",
    ]);
  });
});

describe("the document", () => {
  const form =
    "a name of 1 to 63 lower-case letters, digits and hyphens that starts with a letter or digit";

  test.each([
    ["", "1:1: expected a mapping with observers and groups, got nothing"],
    ["- a", "1:1: expected a mapping with observers and groups, got a list of 1"],
    [
      `${example}---\na: 1\n`,
      '13:1: expected one YAML document, got another one after "---"; put all groups into one',
    ],
    [
      "groups: [",
      "1:10: groups: expected valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    [
      example.replace("quorum: 2", "name: other"),
      "5:5: groups[0].name: expected each key once in its mapping, got this one again; remove one of them",
    ],
    [
      example.replace("quorum: 2", "quorum: !Ref Quorum"),
      "5:13: groups[0].quorum: expected plain YAML, got a tag (!…); write the value itself",
    ],
    [
      example.replace('"env:NAME"', "*secret"),
      '11:42: groups[0].auth.password: expected an anchor for this alias, got none; put text that begins with "*" in quotes',
    ],
    [
      example.replace("observers", "observer"),
      '1:1: observer: expected a known key of the document, got "observer": did you mean "observers"?\ng.yml:1:1: observers: expected a list of 1 to 25 observer names, got nothing',
    ],
    [example.replace("eu-west-1c", "EU"), `1:37: observers[2]: expected ${form}, got "EU"`],
    [
      example.replace("name: orders", "name: or#ders"),
      `3:11: groups[0].name: expected ${form}, got "or#ders"`,
    ],
    [
      example.replace("eu-west-1c", "eu-west-1a, x"),
      '1:37: observers[2]: expected each observer once, got "eu-west-1a" again, first at observers[0]: every observer has one vote',
    ],
    [
      example.replace(/groups:[\s\S]*/, "groups: []\n"),
      "2:9: groups: expected a list of 1 to 500 groups, got a list of 0",
    ],
    [
      example.replace(/nodes: .*/, "nodes: []"),
      "4:12: groups[0].nodes: expected a list of 1 to 100 nodes, got a list of 0",
    ],
    [
      `#${"x".repeat(1_048_576)}`,
      "1:1: expected at most 1048576 bytes (1 MiB), got 1048577; split the groups over several tables",
    ],
  ])("is refused: %#", (text, problem) => {
    expect(problemsOf(text).join("\n")).toBe(`g.yml:${problem}`);
  });

  test("has at most 100 nodes in a group and 500 groups", () => {
    const many = Array.from({ length: 101 }, (_, n) => `n${n}:1`).join(", ");
    expect(problemsOf(group(`nodes: [${many}]`))).toEqual([
      "g.yml:4:12: groups[0].nodes: expected a list of 1 to 100 nodes, got a list of 101",
    ]);
    const groups = Array.from(
      { length: 501 },
      (_, n) => `  - { name: g${n}, nodes: [a${n}:1, b${n}:1] }`,
    );
    expect(problemsOf(["observers: [a, b, c]", "groups:", ...groups].join("\n"))).toEqual([
      "g.yml:3:3: groups: expected a list of 1 to 500 groups, got a list of 501",
    ]);
  });

  test("bounds what aliases multiply", () => {
    const lines = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [from, to] of ["ab", "bc", "cd", "de", "ef"]) {
      lines.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(", ")}]`);
    }
    expect(problemsOf(lines.join("\n"))).toEqual([
      "g.yml:1:1: expected a document without multiplying aliases, got: Excessive alias count indicates a resource exhaustion attack",
    ]);
  });

  test("shows all of its problems at once, in the order of the file", () => {
    const text = group(
      nodes,
      "downAfterMs: 1",
      "crashAfterMs: 9000",
      "colour: red",
      "probeTimeoutMs: 1000",
    );
    expect(problemsOf(text).map((line) => line.split(": ").slice(0, 2).join(" "))).toEqual([
      "g.yml:5:18 groups[0].downAfterMs",
      "g.yml:7:5 groups[0].colour",
      "g.yml:8:21 groups[0].probeTimeoutMs",
    ]);
  });

  test("never shows a password, wherever it was put", () => {
    const places = [
      "auth: hunter2",
      "auth: [hunter2]",
      "auth: { password: hunter2 }",
      "auth: { password: *hunter2 }",
      "auth: { password: { hunter2: 1 } }",
      "auth: { username: [hunter2], password: env:PW }",
      "tls: { ca: hunter2 }",
      'name: "x"\n    nodes: ["redis://:hunter2@10.0.0.1:6379"]',
      "auth: { password: 'hunter2 }",
    ];
    for (const line of places) {
      const problems = problemsOf(group(nodes, line));
      expect(problems).not.toEqual([]);
      expect(problems.join("\n")).not.toContain("hunter2");
    }
  });
});

describe("a warning", () => {
  test.each([
    [
      example.replace(", eu-west-1b, eu-west-1c", "").replace("quorum: 2", ""),
      [
        "g.yml:1:12: observers: expected three or more observers, got one: what it can't reach is down for everybody",
      ],
    ],
    [
      example.replace(", eu-west-1c", ""),
      [
        "g.yml:1:12: observers: expected an odd number of observers, got 2: they survive the loss of no more observers than 1 would",
      ],
    ],
    [
      example.replace("quorum: 2", "quorum: 1"),
      [
        "g.yml:5:13: groups[0].quorum: expected at least 2, a majority of the 3 observers, got 1: 2 is used, or two halves could both win",
      ],
    ],
    [
      example.replace(/nodes: .*/, 'nodes: ["10.0.1.10:6379"]'),
      [
        "g.yml:4:12: groups[0].nodes: expected a master and at least one replica, got one node: there is nothing to promote when it dies",
      ],
    ],
    [
      example.replace("ttl: 5", "ttl: 61"),
      [
        "g.yml:10:64: groups[0].dns.ttl: expected a TTL of 60 s or less, got 61: clients may look for the old master that long after a failover",
      ],
    ],
  ])("doesn't stop the file: %#", (text, warnings) => {
    const result = loadConfig(text, "g.yml");
    expect(warningsOf(result)).toEqual(warnings);
    expect(result.ok).toBe(true);
  });

  test("about a small quorum comes with the majority", () => {
    const result = loadConfig(example.replace("quorum: 2", "quorum: 1"), "g.yml");
    expect(result.ok && result.groups[0]?.settings.quorum).toBe(2);
  });
});

describe("a file", () => {
  test("that is not there is a problem like any other", async () => {
    const result = await loadConfigFile("/nowhere/groups.yml");
    expect(result.ok ? [] : result.problems.map(formatProblem)).toEqual([
      "/nowhere/groups.yml:1:1: expected a readable file, got no file of that name",
    ]);
  });
});
