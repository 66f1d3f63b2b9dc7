// One Lambda execution environment: loads a bundle once and runs its handler, one event at a time.
// Started by sandbox.ts with the path of the bundle as its argument. protocol.ts has what goes through the channel.
// No TypeScript: what Node.js strips types with stays loaded, 20 MB in each observer that Lambda's have not.
import { pathToFileURL } from "node:url";

// The channel closes when the lab is gone; nobody would ever invoke or stop this process again.
// SIGTERM has no handler here: its default ends the process before any JavaScript runs.
process.on("disconnect", () => process.exit(0));

const bundle = process.argv[2] ?? "";
const handler = await loadHandler(bundle);
process.on("message", (message) => {
  if (isInvoke(message)) void answer(handler, message);
});
await send({ kind: "ready" });

async function loadHandler(path) {
  try {
    const { handler: found } = await import(pathToFileURL(path).href);
    if (typeof found === "function") return found;
    const failure = new Error(
      `Expected ${path} to export a function "handler", got ${typeof found}: check the bundle.`,
    );
    failure.name = "Runtime.HandlerNotFound";
    throw failure;
  } catch (error) {
    await send({ kind: "init-failed", error: describe(error) });
    process.exit(1);
  }
}

async function answer(handle, message) {
  const reply = await run(handle, message);
  // What the handler printed has to be in the pipe before the lab freezes this process.
  await new Promise((resolve) => process.stdout.write("", () => resolve()));
  await send(reply);
}

async function run(handle, message) {
  try {
    const context = {
      ...message.context,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, message.deadlineAtMs - Date.now()),
    };
    const result = await handle(message.event, context);
    // A handler that returns nothing is answered with null, as Lambda does.
    return { kind: "returned", resultJson: JSON.stringify(result) ?? "null" };
  } catch (error) {
    return { kind: "threw", error: describe(error) };
  }
}

function send(message) {
  return new Promise((resolve) => {
    // An error means that the channel is closed, and then the disconnect ends this process.
    if (process.send === undefined) resolve();
    else process.send(message, () => resolve());
  });
}

function describe(thrown) {
  if (thrown instanceof Error) {
    return { name: thrown.name, message: thrown.message, stack: thrown.stack ?? "" };
  }
  return { name: typeof thrown, message: String(thrown), stack: "" };
}

function isInvoke(message) {
  return typeof message === "object" && message !== null && message.kind === "invoke";
}
