import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { startInvokeApi } from "../../lab/lambda/invoke-api.ts";
import {
  dir,
  echo,
  holding,
  invocation,
  lambda,
  letGo,
  lines,
  reports,
  start,
  until,
} from "./runner-stage.ts";

describe("the Invoke API", () => {
  test("accepts an Event with 202 and an empty body before it has run", async () => {
    const runner = await start(holding());

    const reply = await lambda(runner.endpoint).send(
      invocation("watch-a", "Event", { name: "woken" }),
    );

    expect(reply.StatusCode).toBe(202);
    expect(reply.Payload?.length ?? 0).toBe(0);
    expect(reports).toEqual([]);
    await letGo("woken");
    await until(() => reports.length === 1);
    expect(reports[0]).toMatchObject({
      kind: "succeeded",
      result: "woken",
      requestId: reply.$metadata.requestId,
    });
  });

  test("does not repeat an Event that failed", async () => {
    const counter = join(dir, "count");
    await writeFile(counter, "");
    const runner = await start(`
      import { appendFileSync } from "node:fs";
      export const handler = async () => {
        appendFileSync(${JSON.stringify(counter)}, "x");
        throw new Error("no");
      };
    `);

    await lambda(runner.endpoint).send(invocation("watch-a", "Event"));
    await until(() => reports.length === 1);
    await expect(runner.invoke({})).rejects.toMatchObject({ kind: "threw" });

    expect(await readFile(counter, "utf8")).toBe("xx");
    expect(reports[0]).toMatchObject({ kind: "failed", error: { message: "no" } });
  });

  test("answers a RequestResponse with the result, or with the error of the handler", async () => {
    const runner = await start(`export const handler = async (event) => {
      if (event.fail) throw new RangeError("too far");
      return { got: event };
    };`);
    const client = lambda(runner.endpoint);

    const good = await client.send(invocation("watch-a", "RequestResponse", { a: 1 }));
    const bad = await client.send(invocation("watch-a", "RequestResponse", { fail: true }));
    const dry = await client.send(invocation("watch-a", "DryRun"));

    expect(JSON.parse(good.Payload?.transformToString() ?? "")).toEqual({ got: { a: 1 } });
    expect(bad.FunctionError).toBe("Unhandled");
    expect(JSON.parse(bad.Payload?.transformToString() ?? "")).toMatchObject({
      errorType: "RangeError",
      errorMessage: "too far",
    });
    expect(dry.StatusCode).toBe(204);
  });

  test("refuses a RequestResponse when no sandbox is free", async () => {
    const runner = await start(holding(), { sandboxesMax: 1 });
    runner.invokeAsync({ name: "one" });
    await until(() => lines.length === 1);

    await expect(
      lambda(runner.endpoint).send(invocation("watch-a", "RequestResponse")),
    ).rejects.toMatchObject({ name: "TooManyRequestsException" });
  });

  test("knows the function by name and ARN, in its own region only", async () => {
    const runner = await start(echo);
    const client = lambda(runner.endpoint);
    const arn = "arn:aws:lambda:eu-west-1:000000000000:function:watch-a";

    for (const name of ["watch-a", arn, `${arn}:$LATEST`, "000000000000:function:watch-a"]) {
      expect((await client.send(invocation(name, "DryRun"))).StatusCode).toBe(204);
    }

    const unknown = { name: "ResourceNotFoundException" };
    await expect(client.send(invocation("watch-b", "DryRun"))).rejects.toMatchObject(unknown);
    const elsewhere = lambda(runner.endpoint, "us-east-1");
    await expect(elsewhere.send(invocation("watch-a", "DryRun"))).rejects.toMatchObject(unknown);
  });

  test("refuses a body that is no JSON", async () => {
    const runner = await start(echo);

    const reply = await fetch(`${runner.endpoint}/2015-03-31/functions/watch-a/invocations`, {
      method: "POST",
      body: "{",
      headers: { connection: "close" },
    });

    expect(reply.status).toBe(400);
    expect(reply.headers.get("x-amzn-errortype")).toBe("InvalidRequestContentException");
    expect(await reply.text()).toContain("Could not parse request body");
  });

  test("one API reaches the observers of all regions", async () => {
    const source = "export const handler = async () => process.env.AWS_REGION;";
    const shared = { functionName: "watch" };
    const here = await start(source, shared);
    const there = await start(source, { ...shared, observer: "b", region: "us-east-1" });
    const api = await startInvokeApi({ functions: () => [here, there] });

    try {
      for (const region of ["eu-west-1", "us-east-1"]) {
        const reply = await lambda(api.endpoint, region).send(
          invocation("watch", "RequestResponse"),
        );
        expect(reply.Payload?.transformToString()).toBe(JSON.stringify(region));
      }
    } finally {
      await api.close();
    }
  });
});
