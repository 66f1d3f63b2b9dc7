/** The known word that was probably meant, or null when none is near. */
export function suggest(word: string, known: Iterable<string>): string | null {
  const limit = Math.min(4, Math.max(word.length > 3 ? 2 : 1, Math.floor(word.length / 3)));
  let best: string | null = null;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? findByPrefix(word, known);
}

/** `downAfter` for `downAfterMs`: a unit left out is further away than most typing errors. */
function findByPrefix(word: string, known: Iterable<string>): string | null {
  if (word.length < 3) return null;
  const lower = word.toLowerCase();
  for (const candidate of known) {
    if (candidate.toLowerCase().startsWith(lower)) return candidate;
  }
  return null;
}

/** `: did you mean "…"?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = suggest(word, known);
  return meant === null ? "" : `: did you mean "${meant}"?`;
}

const comparedLengthMax = 100;

/** Levenshtein's distance, one row at a time; longer words are cut, they are no typing errors. */
function editDistance(left: string, right: string): number {
  const a = left.slice(0, comparedLengthMax);
  const b = right.slice(0, comparedLengthMax);
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const insert = (next[j - 1] ?? 0) + 1;
      const remove = (row[j] ?? 0) + 1;
      next.push(Math.min(insert, remove, (row[j - 1] ?? 0) + change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
