/** Where an observer's watch function is: region and function name, as deployed. */
export interface Peer {
  readonly observer: string;
  readonly region: string;
  readonly functionName: string;
}

/** Reads `observer=region:function,…`, the form of LAMBDA_SENTINEL_PEERS. */
export function parsePeers(text: string): readonly Peer[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const match = /^([^=]+)=([^:]+):(.+)$/.exec(part);
      const [, observer, region, functionName] = match ?? [];
      if (observer === undefined || region === undefined || functionName === undefined) {
        throw new Error(
          `LAMBDA_SENTINEL_PEERS: expected observer=region:function, got ${JSON.stringify(part)}`,
        );
      }
      return { observer, region, functionName };
    });
}
