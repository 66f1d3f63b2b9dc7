/**
 * Closes a switch over a union: the compiler refuses a call that can still be reached.
 *
 * @throws Error at run time when untyped input smuggled in a value outside the union.
 */
export function assertNever(value: never): never {
  throw new Error(`expected no further case, got ${JSON.stringify(value)}`);
}
