import { ApiError } from "./api-error.ts";

/** A request by the operation it asks for, with what its path and query say. */
export type Route =
  | { readonly action: "ChangeResourceRecordSets"; readonly zoneId: string }
  | { readonly action: "CreateHostedZone" }
  | { readonly action: "DeleteHostedZone"; readonly zoneId: string }
  | { readonly action: "GetChange"; readonly changeId: string }
  | { readonly action: "GetHostedZone"; readonly zoneId: string }
  | { readonly action: "ListHostedZones"; readonly query: URLSearchParams }
  | { readonly action: "ListHostedZonesByName"; readonly query: URLSearchParams }
  | {
      readonly action: "ListResourceRecordSets";
      readonly zoneId: string;
      readonly query: URLSearchParams;
    };

interface Resource {
  readonly pattern: RegExp;
  /** The operation for a method, from the id in the path (or "") and the query. */
  readonly methods: Readonly<Record<string, (id: string, query: URLSearchParams) => Route>>;
}

/** Paths and methods: Route 53 API reference, version 2013-04-01. */
const resources: readonly Resource[] = [
  {
    pattern: /^\/2013-04-01\/hostedzone$/,
    methods: {
      GET: (_id, query) => ({ action: "ListHostedZones", query }),
      POST: () => ({ action: "CreateHostedZone" }),
    },
  },
  {
    pattern: /^\/2013-04-01\/hostedzonesbyname$/,
    methods: { GET: (_id, query) => ({ action: "ListHostedZonesByName", query }) },
  },
  {
    pattern: /^\/2013-04-01\/hostedzone\/([A-Za-z0-9]{1,32})$/,
    methods: {
      GET: (zoneId) => ({ action: "GetHostedZone", zoneId }),
      DELETE: (zoneId) => ({ action: "DeleteHostedZone", zoneId }),
    },
  },
  {
    pattern: /^\/2013-04-01\/hostedzone\/([A-Za-z0-9]{1,32})\/rrset$/,
    methods: {
      GET: (zoneId, query) => ({ action: "ListResourceRecordSets", zoneId, query }),
      POST: (zoneId) => ({ action: "ChangeResourceRecordSets", zoneId }),
    },
  },
  {
    pattern: /^\/2013-04-01\/change\/([A-Za-z0-9]{1,32})$/,
    methods: { GET: (changeId) => ({ action: "GetChange", changeId }) },
  },
];

/**
 * Finds the operation behind a request line.
 *
 * @throws ApiError when the path (404) or the method on that path (405) is not served.
 */
export function matchRoute(method: string, target: string): Route {
  const [path = "", ...queryParts] = target.split("?");
  const trimmed = path.length > 1 ? path.replace(/\/$/, "") : path;
  for (const { pattern, methods } of resources) {
    const match = pattern.exec(trimmed);
    if (match === null) continue;
    const build = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (build === undefined) {
      const served = Object.keys(methods).join(" or ");
      throw new ApiError(
        405,
        "MethodNotAllowed",
        `Expected ${served} for ${trimmed}, got ${method}`,
      );
    }
    return build(match[1] ?? "", new URLSearchParams(queryParts.join("?")));
  }
  throw new ApiError(404, "UnknownOperationException", `Expected a known path, got ${trimmed}`);
}
