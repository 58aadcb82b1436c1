import { flagOf } from './load.js';
import { SETTINGS } from './table.js';

/** The text of `docs/configuration.md`. */
export function configurationPage(): string {
  const rows = Object.values(SETTINGS).map((row) => {
    const shown = row.shownDefault ?? String(row.default);
    return `| \`${row.env}\` | \`--${flagOf(row.env)}\` | ${shown} | ${row.reason} |`;
  });
  return `# Configuration

Made from \`packages/server/src/config/table/\` by \`npm run docs\`; a test holds the two against each other.

Every setting can be given in the environment or as a flag of \`parley start\`; the flag wins. An empty value
counts as not given. A wrong value, an unknown flag or an unknown name that begins with \`PARLEY_\` stops the start
with one line that says what is wrong.

| Environment | Flag | Default | What it does |
|---|---|---|---|
${rows.join('\n').replaceAll('<', '&lt;')}
`;
}
