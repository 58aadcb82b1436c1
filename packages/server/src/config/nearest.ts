/** The candidate that is likest to `word`: fewest single-letter changes for its length. Case does not count. */
export function nearest(word: string, candidates: string[]): string {
  const unlikeness = candidates.map((candidate) => {
    const changes = distance(word.toLowerCase(), candidate.toLowerCase());
    return changes / Math.max(word.length, candidate.length);
  });
  return candidates[unlikeness.indexOf(Math.min(...unlikeness))] ?? '';
}

/** Levenshtein's distance, row by row. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
