/** Where a secret is kept, read from its reference in the configuration. */
export type ParsedSecretRef =
  | { readonly source: "env"; readonly name: string }
  | { readonly source: "ssm"; readonly name: string }
  | { readonly source: "secretsmanager"; readonly id: string; readonly jsonKey: string | null };

const envPattern = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;
const ssmPattern = /^ssm:([A-Za-z0-9_.\-/:]+)$/;
const secretsManagerPattern = /^secretsmanager:([A-Za-z0-9/_+=.@:-]+)(?:#(.+))?$/;

/** The forms that a reference may have, as the end of the sentence "expected …". */
export const secretRefForms = '"env:NAME", "ssm:/path" or "secretsmanager:name" (or "…name#key")';

/** null when the text is no reference; it may then be a secret, so callers never show it. */
export function parseSecretRef(text: string): ParsedSecretRef | null {
  const [, variable] = envPattern.exec(text) ?? [];
  if (variable !== undefined) return { source: "env", name: variable };
  const [, parameter] = ssmPattern.exec(text) ?? [];
  if (parameter !== undefined) return { source: "ssm", name: parameter };
  const [, id, jsonKey] = secretsManagerPattern.exec(text) ?? [];
  if (id !== undefined) return { source: "secretsmanager", id, jsonKey: jsonKey ?? null };
  return null;
}

/** Whether a text is certificates in PEM form, which are public and may stand in the file. */
export function isPem(text: string): boolean {
  return text.trimStart().startsWith("-----BEGIN CERTIFICATE-----");
}
