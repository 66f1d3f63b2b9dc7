import { builtinModules, createRequire } from "node:module";

const require = createRequire(import.meta.url);
const known = new Set(builtinModules);

/**
 * Has a bundle take from Node's own modules what it uses and no more. An `import` of node:http reads all of its exports, and
 * with them the getter of WebSocket, which loads a whole second HTTP client; node:fs and node:crypto have such getters, too.
 * A property that nobody asks for costs nothing.
 */
export const takeBuiltIns = {
  name: "take-built-ins",
  /** @param {import("esbuild").PluginBuild} build */
  setup(build) {
    build.onResolve({ filter: /^(node:)?[a-z_0-9/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, "");
      if (!known.has(name)) return undefined;
      const namespace = kind === "require-call" ? "built-in-required" : "built-in-imported";
      return { path: `node:${name}`, namespace, sideEffects: false };
    });
    build.onLoad({ filter: /.*/, namespace: "built-in-required" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}");`,
    }));
    build.onLoad({ filter: /.*/, namespace: "built-in-imported" }, ({ path }) => ({
      contents: asModule(path),
    }));
  },
};

/** Each export alone, marked so that those that nobody imports are left out. */
function asModule(path) {
  const names = Object.keys(require(path)).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name));
  const taken = names
    .filter((name) => name !== "default")
    .map(
      (name, at) => `const _${at} = /* @__PURE__ */ take("${name}"); export { _${at} as ${name} };`,
    );
  return [
    `const all = process.getBuiltinModule("${path}");`,
    "const take = (name) => all[name];",
    "export default all;",
    ...taken,
  ].join("\n");
}
