/** Ends a switch over a union: the compiler refuses a forgotten member, and so does the running program. */
export function assertNever(value: never): never {
  throw new Error(`expected every case to be handled, got ${JSON.stringify(value)}`);
}
