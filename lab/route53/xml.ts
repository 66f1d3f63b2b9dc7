import { XMLParser } from "fast-xml-parser";
import { invalidInput } from "./api-error.ts";

/** An element of a request, not yet checked further. */
export interface XmlElement {
  /** Where it stands, for error texts: `ChangeBatch/Changes/Change`. */
  readonly path: string;
  readonly content: unknown;
}

const namespace = "https://route53.amazonaws.com/doc/2013-04-01/";

const namedEntities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["apos", "'"],
  ["gt", ">"],
  ["lt", "<"],
  ["quot", '"'],
]);

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  // Decoded below: the parser's own bound on entities is hit by one batch full of quoted TXT.
  processEntities: false,
  removeNSPrefix: true,
});

/**
 * Parses a request document with this root element.
 *
 * @throws ApiError InvalidInput when it is not XML, has another root or declares a document type.
 */
export function parseDocument(text: string, rootName: string): XmlElement {
  if (text.includes("<!DOCTYPE")) throw invalidInput("Invalid XML ; DOCTYPE is not permitted");
  const parsed = parseText(text);
  const names = isRecord(parsed) ? Object.keys(parsed) : [];
  if (!isRecord(parsed) || names.length !== 1 || names[0] !== rootName) {
    throw invalidInput(`Invalid XML ; expected root ${rootName}, got ${names.join(", ")}`);
  }
  return { path: rootName, content: parsed[rootName] };
}

/** The names of the elements inside. */
export function childNames({ content }: XmlElement): readonly string[] {
  return isRecord(content) ? Object.keys(content).filter((name) => name !== "#text") : [];
}

/** All elements of this name inside, in document order. */
export function children({ path, content }: XmlElement, name: string): readonly XmlElement[] {
  const found = isRecord(content) && Object.hasOwn(content, name) ? content[name] : undefined;
  if (found === undefined) return [];
  const contents: readonly unknown[] = Array.isArray(found) ? found : [found];
  return contents.map((item) => ({ path: `${path}/${name}`, content: item }));
}

/**
 * The element of this name inside, if there is one.
 *
 * @throws ApiError InvalidInput when there are several.
 */
export function optionalChild(element: XmlElement, name: string): XmlElement | undefined {
  const found = children(element, name);
  if (found.length > 1) {
    throw invalidInput(`Invalid XML ; expected one ${element.path}/${name}, got ${found.length}`);
  }
  return found[0];
}

/**
 * The one element of this name inside.
 *
 * @throws ApiError InvalidInput when there is none or several.
 */
export function onlyChild(element: XmlElement, name: string): XmlElement {
  const found = optionalChild(element, name);
  if (found === undefined) {
    throw invalidInput(`Invalid XML ; expected one ${element.path}/${name}, got none`);
  }
  return found;
}

/**
 * The text of an element without child elements.
 *
 * @throws ApiError InvalidInput when there are child elements or an unknown entity.
 */
export function textOf({ path, content }: XmlElement): string {
  if (typeof content !== "string") {
    throw invalidInput(`Invalid XML ; expected text in ${path}, got elements`);
  }
  return content.replace(/&(?:([^;&]{1,10});)?/g, (reference, entity = "") => {
    const text = namedEntities.get(entity) ?? numericEntity(entity);
    if (text === undefined) {
      throw invalidInput(`Invalid XML ; unknown entity ${reference} in ${path}`);
    }
    return text;
  });
}

/** A response document with this root. */
export function document(rootName: string, parts: readonly string[]): string {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
  return `${declaration}\n<${rootName} xmlns="${namespace}">${parts.join("")}</${rootName}>`;
}

/** An element that holds other elements. */
export function group(name: string, parts: readonly string[]): string {
  return `<${name}>${parts.join("")}</${name}>`;
}

/** An element that holds text. */
export function leaf(name: string, value: string | number | boolean): string {
  return `<${name}>${escapeText(String(value))}</${name}>`;
}

function parseText(text: string): unknown {
  try {
    return parser.parse(text, true);
  } catch (error) {
    // Whatever the parser dislikes is the sender's affair and must not end the server.
    throw invalidInput(`Invalid XML ; ${String(error)}`);
  }
}

function numericEntity(entity: string): string | undefined {
  const digits = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(entity);
  if (digits === null) return undefined;
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : undefined;
}

function escapeText(text: string): string {
  return (
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("\r", "&#xD;")
      // Characters XML 1.0 cannot carry come in through error texts that repeat the input.
      .replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "?")
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
