import { createSocket } from "node:dgram";
import { connect } from "node:net";
import packet from "dns-packet";

/** Asks one DNS server one question over the transport named, as no resolver library lets us choose. */

const timeoutMs = 1_000;

/** The A records of a name. Rejects when no answer comes in a second. */
export async function queryA(
  name: string,
  server: { readonly host: string; readonly port: number },
  transport: "udp" | "tcp",
): Promise<readonly string[]> {
  const question: packet.Packet = {
    type: "query",
    id: Math.floor(Math.random() * 65_536),
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: "A", name }],
  };
  const answer =
    transport === "udp"
      ? packet.decode(await overUdp(packet.encode(question), server))
      : packet.streamDecode(await overTcp(packet.streamEncode(question), server));
  return (answer.answers ?? []).flatMap((one) => (one.type === "A" ? [one.data] : []));
}

function overUdp(query: Buffer, server: { host: string; port: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const timer = setTimeout(() => fail(new Error("no answer over UDP")), timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.close();
      reject(error);
    };
    socket.once("error", fail);
    socket.once("message", (message) => {
      clearTimeout(timer);
      socket.close();
      resolve(message);
    });
    socket.send(query, server.port, server.host);
  });
}

function overTcp(query: Buffer, server: { host: string; port: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, server.host);
    let received = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("no answer over TCP")));
    socket.once("error", reject);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      socket.destroy();
      resolve(received);
    });
    socket.write(query);
  });
}
