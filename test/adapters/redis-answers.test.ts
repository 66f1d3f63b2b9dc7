import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Address } from "../../lib/core/config.ts";
import { deadlineMs, nodeAt, RedisLab, until, wants } from "../support/redis-lab.ts";
import { failureOf } from "../support/results.ts";

const lab = new RedisLab();
const servers: Server[] = [];

afterEach(async () => {
  await lab.close();
  await Promise.all(
    servers.splice(0).map(async (server) => {
      server.close();
      await once(server, "close");
    }),
  );
});

/** What a server says to a command, by its name; anything else is answered with OK. */
type Says = Readonly<Record<string, (socket: Socket) => void>>;

/** A server that answers each command of a batch in its turn. */
async function startServer(says: Says): Promise<Address> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.setEncoding("latin1");
    socket.on("data", (batch: string) => {
      for (const [, name = ""] of batch.matchAll(/\*\d+\r\n\$\d+\r\n(\S+)/g)) {
        const say = says[name.toUpperCase()] ?? ((to) => to.write("+OK\r\n"));
        say(socket);
      }
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return addressOf(server);
}

function addressOf(server: Server): Address {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return { host: "127.0.0.1", port: address.port };
}

const bulk = (text: string) => (to: Socket) => to.write(`$${text.length}\r\n${text}\r\n`);
const healthy: Says = {
  PING: (to) => to.write("+PONG\r\n"),
  ROLE: (to) => to.write("*3\r\n$6\r\nmaster\r\n:14\r\n*0\r\n"),
  CONFIG: (to) => to.write("*2\r\n$24\r\nrepl-ping-replica-period\r\n$2\r\n10\r\n"),
};
const info = ["role:master", "run_id:run-1", `master_replid:${"a".repeat(40)}`].join("\r\n");
const megabytes = (count: number, line: string) =>
  line.repeat(Math.ceil((count * 1024 * 1024) / line.length));

/** Says that very much comes, and goes on and on. */
function endless(to: Socket): void {
  to.write("$9999999999\r\n");
  const block = "x".repeat(64 * 1024);
  const more = (): void => {
    while (!to.destroyed && to.write(block)) {
      // As fast as it is taken.
    }
    to.once("drain", more);
  };
  more();
}

describe("protected mode", () => {
  test("is an answer, with the server's own words: it greets whoever is not on its machine so, and hangs up", async () => {
    const words = "DENIED Redis is running in protected mode because protected mode is enabled";
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
      socket.end(`-${words}\r\n`);
    });
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");

    const sample = await lab.nodes().probe(nodeAt(addressOf(server)), wants);

    expect(sample.reply).toEqual({ kind: "error", code: "NOAUTH", text: words });
  });
});

describe("the replicas that a master names", () => {
  const replicasOf = async (...lines: readonly string[]) => {
    const text = `${info}\r\n${lines.join("\r\n")}`;
    const address = await startServer({ ...healthy, INFO: bulk(text) });
    return (await lab.nodes({ markerKey: null }).probe(nodeAt(address), wants)).facts?.replicas;
  };

  test("are read where they announce themselves, whatever comes behind", async () => {
    const lines = [
      "connected_slaves:3",
      "slave0:ip=10.0.0.2,port=6379,state=online,offset=14,lag=0",
      "slave1:ip=Replica-2.Example.test,port=6380,state=online,offset=14,lag=1,type=replica",
      "slave2:ip=fd00::3,port=6379,state=online",
    ];

    expect(await replicasOf(...lines)).toEqual([
      { host: "10.0.0.2", port: 6379 },
      { host: "replica-2.example.test", port: 6380 },
      { host: "fd00::3", port: 6379 },
    ]);
  });

  test.each([
    ["are not yet up to date", "slave0:ip=10.0.0.2,port=6379,state=wait_bgsave,offset=0,lag=0"],
    ["are being sent the data", "slave0:ip=10.0.0.2,port=6379,state=send_bulk,offset=0,lag=0"],
    ["listen nowhere, as a tool does", "slave0:ip=10.0.0.2,port=0,state=online,offset=1,lag=0"],
    ["have a port that there is not", "slave0:ip=10.0.0.2,port=65536,state=online"],
    ["have no address", "slave0:ip=,port=6379,state=online"],
    ["have an address that is none", "slave0:ip=10.0.0.2 x,port=6379,state=online"],
    ["have a name that is too long", `slave0:ip=${"x".repeat(254)},port=6379,state=online`],
    ["are of the form of another field", "slave_expires:ip=10.0.0.2,port=6379,state=online"],
  ])("are none where they %s", async (_what, line) => {
    expect(await replicasOf(line)).toEqual([]);
  });

  test("are a hundred at the most", async () => {
    const lines = Array.from(
      { length: 150 },
      (_, index) => `slave${index}:ip=10.0.1.${index},port=6379,state=online`,
    );

    expect(await replicasOf(...lines)).toHaveLength(100);
  });
});

describe("C13 an answer of many megabytes", () => {
  test("is read: INFO", async () => {
    const text = `${info}\r\n${megabytes(8, "errorstat_ERR:count=1\r\n")}db0:keys=7,expires=0`;
    const address = await startServer({ ...healthy, INFO: bulk(text) });

    const sample = await lab.nodes({ markerKey: null }).probe(nodeAt(address), wants);

    expect(sample).toMatchObject({ reply: { kind: "pong" }, facts: { role: "master", keys: 7 } });
  });

  test("is read: CLIENT LIST, of which only a number is kept", async () => {
    const others = megabytes(4, `id=7 addr=10.0.0.9:41000 name=${"x".repeat(200)}\n`);
    const sentinel = "id=8 name=sentinel-0a1b2c3d-pubsub\n";
    const list = `${sentinel}${others}${sentinel}`;
    const address = await startServer({ ...healthy, INFO: bulk(info), CLIENT: bulk(list) });

    const sample = await lab.nodes({ markerKey: null }).probe(nodeAt(address), wants);

    expect(sample).toMatchObject({ reply: { kind: "pong" }, facts: { sentinels: 2 } });
  });

  test.each(["INFO", "CLIENT", "PING"])(
    "that never ends is given up, and is no death: %s",
    async (name) => {
      let ended = 0;
      const address = await startServer({
        ...healthy,
        INFO: bulk(info),
        [name]: (to) => {
          to.once("close", () => {
            ended += 1;
          });
          endless(to);
        },
      });

      const sample = await lab.nodes({ markerKey: null }).probe(nodeAt(address), wants);

      expect(sample.reply).toMatchObject({ kind: "error", code: "PROTOCOL" });
      await until(() => ended > 0);
    },
  );

  test("that never ends fails an effect session, and says what was too much", async () => {
    const address = await startServer({ ...healthy, INFO: endless });
    const session = await lab.session(address, { markerKey: null });

    const failed = failureOf(await session.observe(deadlineMs));

    expect(failed).toMatchObject({ kind: "malformed" });
    expect(failed.why).toMatch(/expected at most \d+ MB of answers/);
  });
});
