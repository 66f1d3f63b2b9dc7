import { connect as connectPlain, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AbstractConnector, type RedisOptions } from "ioredis";
import type { Address } from "../core/config.ts";
import type { HostAddress } from "./node-lookup.ts";

/**
 * Opens a connection to a host whose addresses are known. ioredis would look the name up itself, and only over TLS lets it be
 * told where; the socket tries one address after another, as it does with those that it has looked up.
 */
export function connectorTo(
  to: Address,
  addresses: readonly HostAddress[],
  options: Pick<RedisOptions, "tls" | "disconnectTimeout">,
): NonNullable<RedisOptions["Connector"]> {
  const lookup = lookupIn(addresses);
  const { tls, disconnectTimeout = 0 } = options;
  return class extends AbstractConnector {
    constructor() {
      super(disconnectTimeout);
    }

    async connect(): Promise<Socket> {
      const place = { host: to.host, port: to.port, lookup };
      const socket = tls === undefined ? connectPlain(place) : connectTls({ ...place, ...tls });
      this.connecting = true;
      this.stream = socket;
      socket.once("error", (error: Error) => {
        this.firstError = error;
      });
      return socket;
    }
  };
}

function lookupIn(addresses: readonly HostAddress[]): LookupFunction {
  return (host, { all }, answer) => {
    const [first] = addresses;
    if (first === undefined) {
      answer(new Error(`expected an address of ${host}, got none`), "");
    } else if (all === true) {
      answer(null, [...addresses]);
    } else {
      answer(null, first.address, first.family);
    }
  };
}
