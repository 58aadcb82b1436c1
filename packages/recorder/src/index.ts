/** What the server needs to know of a recorder process; the process itself is `@parley/recorder/process`. */
export { capturedParts } from './capture/parts.js';
export type * from './contract.js';
export { type ChosenTools, findTools, missingTools, type Tools } from './tools.js';
