import { createHash } from "node:crypto";
import { createZone, type Zone } from "./zone.ts";

/** A zone with the identity the API gives it. */
export interface HostedZone {
  readonly id: string;
  readonly callerReference: string;
  readonly zone: Zone;
  /** True while a change request is in work: a second one gets PriorRequestNotComplete. */
  isBusy: boolean;
}

/** A change that was accepted. It is PENDING until `insyncAtMs` and INSYNC from then on. */
export interface AcceptedChange {
  readonly id: string;
  readonly comment: string;
  readonly submittedAtMs: number;
  readonly insyncAtMs: number;
}

export interface NewZone {
  readonly name: string;
  readonly callerReference: string;
  /** A fixed id; without it one is made from the name, the same in every run. */
  readonly id?: string | undefined;
}

/** The hosted zones and accepted changes of the one account the stand-in plays. */
export interface Account {
  /** In the order of their creation. */
  hostedZones(): readonly HostedZone[];
  zoneById(id: string): HostedZone | undefined;
  /** @throws Error when the id is taken or ill-formed, or the name is no domain name. */
  addZone(zone: NewZone): HostedZone;
  removeZone(id: string): void;
  acceptChange(change: Omit<AcceptedChange, "id">): AcceptedChange;
  /** Undefined as well for a change so old that it was forgotten. */
  changeById(id: string): AcceptedChange | undefined;
}

const changesMax = 10_000;
const idAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const idTailLength = 20;

/** Creates an account without zones. */
export function createAccount(): Account {
  const hostedZones = new Map<string, HostedZone>();
  const changes = new Map<string, AcceptedChange>();
  let idsMade = 0;

  function makeId(prefix: string, seed: string): string {
    idsMade += 1;
    const digest = createHash("sha256").update(`${prefix}/${seed}/${idsMade}`).digest();
    const tail = [...digest.subarray(0, idTailLength)];
    return prefix + tail.map((byte) => idAlphabet.charAt(byte % idAlphabet.length)).join("");
  }

  return {
    hostedZones: () => [...hostedZones.values()],
    zoneById: (id) => hostedZones.get(id),
    addZone({ name, callerReference, id: fixedId }) {
      const zone = createZone(name);
      const id = fixedId ?? makeId("Z", zone.name);
      if (!/^Z[A-Z0-9]{1,31}$/.test(id) || hostedZones.has(id)) {
        throw new Error(`expected an unused zone id of Z and 1 to 31 of A-Z 0-9, got ${id}`);
      }
      const hosted: HostedZone = { id, callerReference, zone, isBusy: false };
      hostedZones.set(id, hosted);
      return hosted;
    },
    removeZone(id) {
      hostedZones.delete(id);
    },
    acceptChange(change) {
      const accepted: AcceptedChange = { id: makeId("C", "change"), ...change };
      changes.set(accepted.id, accepted);
      for (const oldestId of changes.keys()) {
        if (changes.size <= changesMax) break;
        changes.delete(oldestId);
      }
      return accepted;
    },
    changeById: (id) => changes.get(id),
  };
}
