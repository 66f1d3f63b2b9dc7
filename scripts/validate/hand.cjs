// A hand inside the scratch network: measures tables from there, and sends a server one command. It is put into the template as
// it stands, and runs on what Lambda's Node.js brings along.
const { randomUUID } = require("node:crypto");
const net = require("node:net");
const { performance } = require("node:perf_hooks");
const { DynamoDBClient, GetItemCommand, PutItemCommand } = require("@aws-sdk/client-dynamodb");

const answerMs = 5_000;

exports.handler = async (event) => {
  if (event.table !== undefined) return measure(event.table, event.times);
  return { answer: await send(event.host, event.port, event.command) };
};

/** Conditional writes of one item, and strong reads of it, one after the other; the first of each opens the connection. */
async function measure(table, times) {
  const client = new DynamoDBClient({ maxAttempts: 1, useDualstackEndpoint: false });
  const put = [];
  const get = [];
  const key = { pk: { S: "PROBE" }, sk: { S: randomUUID() } };
  for (let rev = 0; rev <= times; rev += 1) {
    const condition =
      rev === 0
        ? { ConditionExpression: "attribute_not_exists(pk)" }
        : {
            ConditionExpression: "rev = :was",
            ExpressionAttributeValues: { ":was": { N: String(rev - 1) } },
          };
    const Item = { ...key, rev: { N: String(rev) } };
    put.push(await clock(client, new PutItemCommand({ TableName: table, Item, ...condition })));
    const read = { TableName: table, Key: key, ConsistentRead: true };
    get.push(await clock(client, new GetItemCommand(read)));
  }
  client.destroy();
  return { putMs: put.slice(1), getMs: get.slice(1) };
}

async function clock(client, command) {
  const startedAtMs = performance.now();
  await client.send(command);
  return Math.round((performance.now() - startedAtMs) * 100) / 100;
}

/** The first line of the server's answer; "gone" where it ends the connection instead, "silent" where it does neither. */
function send(host, port, command) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    const password = process.env.REDIS_PASSWORD;
    const login = password ? encode(["AUTH", password]) : "";
    let text = "";
    socket.setTimeout(answerMs, () => end("silent"));
    socket.once("connect", () => socket.write(login + encode(command)));
    socket.on("data", (chunk) => {
      text += chunk;
      const lines = text.split("\r\n").slice(0, -1);
      const own = lines[login === "" ? 0 : 1];
      if (own !== undefined) end(own);
    });
    socket.once("end", () => end("gone"));
    socket.once("error", (error) => (error.code === "ECONNRESET" ? end("gone") : reject(error)));
    function end(answer) {
      socket.destroy();
      resolve(answer);
    }
  });
}

function encode(words) {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}
