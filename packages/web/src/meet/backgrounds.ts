const drawings = import.meta.glob<string>('./backgrounds/*.svg', {
  query: '?url',
  import: 'default',
  eager: true,
});

/** Addresses of the drawings, made for this page, that people may put behind themselves. */
export const BACKGROUNDS = Object.values(drawings);
