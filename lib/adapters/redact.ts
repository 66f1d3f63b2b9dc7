const notShown = "(not shown)";

/**
 * The text without these secrets, as they are and as JSON and addresses write them. What may end up in a log line, an event,
 * a notification, the table or on a screen goes through here where it becomes a text of ours.
 */
export function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  const forms = secrets
    .flatMap((secret) => (secret === undefined || secret === "" ? [] : formsOf(secret)))
    // A secret may be the beginning of another one, whose rest would be left.
    .sort((one, other) => other.length - one.length);
  return forms.reduce((left, form) => left.replaceAll(form, notShown), text);
}

function formsOf(secret: string): readonly string[] {
  const inAddress = new URLSearchParams({ secret }).toString().slice("secret=".length);
  return [secret, JSON.stringify(secret).slice(1, -1), inAddress];
}
