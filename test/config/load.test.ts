import { describe, expect, test } from "@jest/globals";
import { loadConfig, loadConfigFile } from "../../lib/config/load.ts";
import { formatProblem } from "../../lib/config/problems.ts";
import { example, group, nodes, problemsOf, warningsOf } from "./load-stage.ts";

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
          rebootDownAfterMs: 0,
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
          whenFlapping: "hold",
          whenReturned: "attach",
          whenUnwritable: "hold",
          killBusyScripts: false,
          writeProbeKey: "",
          discover: true,
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
    [
      "tls: { cert: ssm:/redis/cert, key: secretsmanager:redis#key }",
      { cert: "ssm:/redis/cert", key: "secretsmanager:redis#key" },
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

  test("is not quoted where it is no YAML: that may be a part of a password", () => {
    const problems = problemsOf("auth: {\n  password: hun }\n}ter2secret\n").join("\n");

    expect(problems).toContain("expected valid YAML: Unexpected");
    expect(problems).not.toMatch(/ter|secret/);
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
      "tls: { cert: hunter2, key: env:KEY }",
      "tls: { cert: env:CERT, key: hunter2 }",
      "tls: { key: [hunter2] }",
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
