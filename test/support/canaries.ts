import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { expect } from "@jest/globals";
import type { Address } from "../../lib/core/config.ts";

/**
 * Recognisable secrets, and servers that say them back: whatever a port fails with may end in a log line, an event, a
 * notification, a heartbeat, the table or on a screen.
 */

export const password = "canary-of-the-nodes";
export const awsSecret = "canary-of-the-account";
export const sessionToken = "canary/of+the-session==";
export const privateKey = "canary-of-the-key";

/** As they are, and as they stand in an address. */
const canaries = [password, awsSecret, sessionToken, encodeURIComponent(sessionToken), privateKey];

export function expectNoCanary(said: unknown): void {
  const text = JSON.stringify(said);
  for (const canary of canaries) expect(text).not.toContain(canary);
  expect(text).not.toContain("canary");
}

const ends: (() => Promise<unknown>)[] = [];
const environmentBefore = { ...process.env };

/** Ends a test's servers, and what of the environment was its own. */
export async function endCanaries(): Promise<void> {
  process.env = { ...environmentBefore };
  for (const end of ends.splice(0)) await end();
}

/** Ends before the servers do. */
export function endsWith(end: () => Promise<unknown>): void {
  ends.unshift(end);
}

/** Starts listening here, on a free port unless told, and says which. */
export async function listen(server: Server, host = "127.0.0.1", at = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(at, host, resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return address.port;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What stands between us and AWS, or AWS itself, with secrets in what it answers. */
export const badAnswers = {
  "a signature that does not fit, with the request as it was signed": (request, response) => {
    const message = `The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n${quoted(request, "\n")}'`;
    refuse(request, response, "SignatureDoesNotMatch", message);
  },
  "a refusal that quotes the headers in one line": (request, response) =>
    refuse(request, response, "AccessDenied", `not allowed with ${quoted(request, " ")}`),
  "an event that was not taken, with the request as it was signed": (request, response) => {
    const ErrorMessage = `not taken with ${quoted(request, " ")}\n${quoted(request, "\n")}`;
    response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
    const entry = { ErrorCode: "MalformedDetail", ErrorMessage };
    response.end(JSON.stringify({ FailedEntryCount: 1, Entries: [entry] }));
  },
  "a secret with something behind it that is no JSON": (_request, response) => {
    response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
    response.end(`{"Parameter":{"Value":"${password}" oops}}`);
  },
  "a secret in the first bytes of what is no answer": (_request, response) => {
    response.writeHead(502, { "content-type": "text/html" });
    response.end(`${password.slice(0, 6)} <b>${sessionToken}</b>`);
  },
} as const satisfies Readonly<Record<string, Answer>>;

export type BadAnswer = keyof typeof badAnswers;

/** Every service of AWS for this process: its clients are told of it by the environment. */
export async function serveBadAws(answer: BadAnswer): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => badAnswers[answer](request, response));
  });
  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "AKIATEST" },
    ...{ AWS_SECRET_ACCESS_KEY: awsSecret, AWS_SESSION_TOKEN: sessionToken },
  });
}

function quoted({ headers }: IncomingMessage, between: string): string {
  const token = String(headers["x-amz-security-token"]);
  return Object.entries({ "x-secret": awsSecret, "x-token": token, ...headers })
    .map(([name, value]) => `${name}:${value}`)
    .join(between);
}

/** In the words of the service that was asked: JSON, or XML where the service is an old one. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  code: string,
  message: string,
): void {
  const isOld = /x-www-form-urlencoded|xml/.test(request.headers["content-type"] ?? "");
  if (isOld || request.url?.startsWith("/2013-04-01/") === true) {
    response.writeHead(403, { "content-type": "text/xml" });
    response.end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
    );
    return;
  }
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": code };
  response.writeHead(403, headers);
  response.end(JSON.stringify({ __type: `com.amazon#${code}`, message }));
}

export type Quote = (words: readonly string[]) => string;

/** As Redis does with commands that were renamed. */
export const asRedis: Quote = (words) =>
  `-ERR unknown command 'AUTH', with args beginning with: ${words.map((word) => `'${word}'`).join(" ")}`;

/** A server that quotes what it is sent. */
export async function serveQuoting(quote: Quote, at?: Address): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const words = String(chunk)
        .split("\r\n")
        .filter((word) => word !== "" && !/^[*$]\d+$/.test(word));
      const line = `${quote(words)}\r\n`;
      const commands = String(chunk).match(/(^|\n)\*\d+\r/g)?.length ?? 1;
      socket.write(line.repeat(commands));
    });
    endsWith(async () => socket.destroy());
  });
  return listen(server, at?.host, at?.port);
}
