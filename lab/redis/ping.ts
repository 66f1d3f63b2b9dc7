import { connect } from "node:net";

const pingTimeoutMs = 1_000;
const refusals = ["-NOAUTH", "-NOPERM", "-WRONGPASS"];

/**
 * One PING over a connection of its own; true when a server replied that is done loading. A refusal
 * for want of permission is a reply too: the server runs, and we are not told its users.
 */
export function answersPing(host: string, port: number, password?: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  let received = "";
  socket.setTimeout(pingTimeoutMs, () => socket.destroy());
  socket.on("connect", () => socket.write(encode(password)));
  socket.on("data", (chunk) => {
    received += chunk.toString("utf8");
    const isUp = received.includes("+PONG") || refusals.some((word) => received.includes(word));
    // An error other than these, such as -LOADING, is the reply of a server that is not there yet.
    if (isUp || received.includes("-LOADING")) {
      resolve(isUp);
      socket.destroy();
    }
  });
  // A refused connection ends here as well; `close` always follows.
  socket.on("error", () => {});
  socket.on("close", () => resolve(false));
  return promise;
}

function encode(password: string | undefined): string {
  const commands = [...(password === undefined ? [] : [["AUTH", password]]), ["PING"]];
  return commands
    .flatMap((words) => [
      `*${words.length}\r\n`,
      ...words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`),
    ])
    .join("");
}
