/** What can be told of anything that was thrown. */
export interface Thrown {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** Errors are told by their fields, not by their class: another realm's errors are not instances of this one's. */
export function describeThrown(error: unknown): Thrown {
  if (typeof error !== "object" || error === null) {
    return { name: "", code: "", message: String(error) };
  }
  const field = (name: string): string => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === "string" ? value : "";
  };
  // Several addresses were tried (AggregateError): the first failure names the code.
  const inner: unknown = Reflect.get(error, "errors");
  const nested = Array.isArray(inner) && inner.length > 0 ? describeThrown(inner[0]) : null;
  return {
    name: field("name"),
    code: field("code") || (nested?.code ?? ""),
    message: field("message") || (nested?.message ?? ""),
  };
}

/** The `code` of a system error, "" when there is none. */
export function codeOf(error: unknown): string {
  return describeThrown(error).code;
}
