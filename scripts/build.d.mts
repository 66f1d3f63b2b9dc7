/** Bundles every file of functions/ into dist/. */
export function buildFunctions(): Promise<void>;
