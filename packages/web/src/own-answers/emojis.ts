/** What the kit's emoji picker searches: `search` holds `name:index` pairs divided by commas. */
export interface EmojiIndex {
  emojis: string[];
  search: string;
}

/** Loaded when the picker opens for the first time; the table is larger than the page's own code. */
export async function emojiIndex(): Promise<EmojiIndex> {
  const { default: table } = await import('unicode-emoji-json/data-by-emoji.json');
  return indexOf(Object.entries(table).map(([emoji, { name }]) => ({ emoji, name })));
}

/** Commas and colons in a name would end its entry early, so they become spaces. */
export function indexOf(table: { emoji: string; name: string }[]): EmojiIndex {
  return {
    emojis: table.map(({ emoji }) => emoji),
    search: table.map(({ name }, index) => `${name.replaceAll(/[,:]/g, ' ')}:${index}`).join(','),
  };
}
