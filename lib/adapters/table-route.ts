type Variables = Readonly<Record<string, string | undefined>>;

/** Set where somebody sees to the way to the table in person, with an interface endpoint or a stand-in. */
const ownEndpoints = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"] as const;

/**
 * Why a function can't reach its table, as far as its environment tells; null: nothing speaks against it. A function that
 * leaves its VPC by IPv6 alone has the gateway endpoint for its table, and that leads to the table of its own region alone
 * (VPC guide, gateway endpoints): everything else would be a time-out without a reason.
 */
export function whyNoRoute(
  table: string,
  tableRegion: string | undefined,
  env: Variables,
): string | null {
  const { AWS_REGION: region, AWS_USE_DUALSTACK_ENDPOINT: dualStack } = env;
  if (dualStack !== "true" || ownEndpoints.some((name) => (env[name] ?? "") !== "")) return null;
  if (tableRegion === undefined || region === undefined || tableRegion === region) return null;
  return `expected table ${table} in ${region}, where this function is, got ${tableRegion}: in network dual-stack it is reached by a gateway endpoint, which does not lead to another region; use network nat or outside, or a strongly consistent table with a replica in ${region} (docs/deploying.md)`;
}
