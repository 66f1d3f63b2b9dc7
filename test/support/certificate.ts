import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  readonly dnsName?: string;
  readonly issuer?: string;
  /** Whose key signs it; its own when absent. */
  readonly signedBy?: KeyObject;
  readonly untilYear?: number;
}

/** A certificate for a name, made in memory: Node signs, and the few bytes of X.509 around it are written here. */
export function makeCertificate(options: CertificateOptions = {}): Certificate {
  const { dnsName = "redis.test", issuer = dnsName, untilYear = 2049 } = options;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signed = sequence(
    tagged(0xa0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(time(2020), time(untilYear)),
    nameOf(dnsName),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(alternativeName(dnsName))),
  );
  const signature = sign("sha256", signed, options.signedBy ?? privateKey);
  const whole = sequence(signed, ecdsaWithSha256, tagged(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  const cert = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join(
    "\n",
  );
  return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** One element of DER: its tag, its length, what it holds. */
function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), body]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function integer(value: number): Buffer {
  return tagged(0x02, Buffer.from([value]));
}

const ecdsaWithSha256 = sequence(Buffer.from("06082a8648ce3d040302", "hex"));
const commonName = Buffer.from("0603550403", "hex");
const subjectAlternativeName = Buffer.from("0603551d11", "hex");

function nameOf(text: string): Buffer {
  return sequence(tagged(0x31, sequence(commonName, tagged(0x0c, Buffer.from(text)))));
}

function alternativeName(dnsName: string): Buffer {
  const names = sequence(tagged(0x82, Buffer.from(dnsName)));
  return sequence(subjectAlternativeName, tagged(0x04, names));
}

/** The first of January, as UTCTime: two digits, which mean 1950 to 2049. */
function time(year: number): Buffer {
  return tagged(0x17, Buffer.from(`${String(year % 100).padStart(2, "0")}0101000000Z`));
}
