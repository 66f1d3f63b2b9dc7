import { expect, jest, test } from "@jest/globals";
import { withDeadline } from "../../lib/adapters/deadline.ts";

test("an answer in time is the answer, and no timer stays behind", async () => {
  jest.useFakeTimers();
  expect(await withDeadline(Promise.resolve("pong"), 1_000)).toBe("pong");
  await expect(withDeadline(Promise.reject(new Error("gone")), 1_000)).rejects.toThrow("gone");
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

test("an answer that takes longer is late, whatever becomes of it", async () => {
  jest.useFakeTimers();
  let fail: (error: Error) => void = () => {};
  const got = withDeadline(
    new Promise((_, reject) => {
      fail = reject;
    }),
    1_000,
  );
  jest.advanceTimersByTime(1_000);
  expect(await got).toBe("late");
  fail(new Error("much later"));
  jest.useRealTimers();
});
