import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair } from "yaml";
import type { Finding, Path } from "./problems.ts";

/** The offset of the deepest part of the path that exists: what is missing is shown where it should stand. */
export function findOffset(document: Document, { path, at }: Pick<Finding, "path" | "at">): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, part] of path.entries()) {
    const resolved: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isSeq(resolved) && typeof part === "number") {
      node = resolved.items[part];
    } else {
      const pair = isMap(resolved) ? findPair(resolved.items, part) : undefined;
      if (pair === undefined) return offset;
      const isKeyMeant = at === "key" && index === path.length - 1;
      offset = startOf(pair.key) ?? offset;
      if (isKeyMeant) return offset;
      node = pair.value;
    }
    offset = startOf(node) ?? offset;
  }
  return offset;
}

function findPair(items: readonly Pair[], key: string | number): Pair | undefined {
  return items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
}

function startOf(node: unknown): number | undefined {
  return isRanged(node) ? node.range?.[0] : undefined;
}

function isRanged(node: unknown): node is Node {
  return typeof node === "object" && node !== null && "range" in node;
}

/** The path of what begins at an offset, or of what surrounds it. */
export function findPath(document: Document, offset: number): Path {
  const path: (string | number)[] = [];
  let node: unknown = document.contents;
  while (isMap(node) || isSeq(node)) {
    const items: readonly unknown[] = node.items;
    const index = items.findLastIndex(
      (item) => (startOf(isPair(item) ? item.key : item) ?? Number.POSITIVE_INFINITY) <= offset,
    );
    const item = items[index];
    if (item === undefined) break;
    if (isPair(item)) {
      path.push(isScalar(item.key) ? String(item.key.value) : "?");
      node = startOf(item.key) === offset ? null : item.value;
    } else {
      path.push(index);
      node = item;
    }
  }
  return path;
}
