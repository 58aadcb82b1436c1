export function readProofs(): Map<string, Set<string>>;
export function readReasons(): Map<string, string>;
