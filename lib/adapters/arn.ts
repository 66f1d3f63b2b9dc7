/** `arn:partition:service:region:account:resource`, taken apart; the environment has checked its form. */
export function regionOf(arn: string): string {
  const region = arn.split(":")[3] ?? "";
  if (region === "") throw new Error(`expected an ARN with a region, got ${JSON.stringify(arn)}`);
  return region;
}
